"""What is kept of an import beside its file: the mapping that it was accepted with, as it read then."""

from importer.domain.imports import Import
from importer.domain.mapping import Mapping
from importer.ports import Ports
from importer.services.payloads import folder


def mapping_file(import_id: str) -> str:
    """Its name in the file store; the document is UTF-8."""
    return f"{folder(import_id)}/mapping.yaml"


async def mapping_of(ports: Ports, state: Import) -> Mapping:
    """Raises ImporterError when the file is gone, MappingInvalid when this version no longer takes it."""
    text = (await ports.files.read(mapping_file(state.id))).decode()
    return ports.mappings.parse(state.mapping, text)
