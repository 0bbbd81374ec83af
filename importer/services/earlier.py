"""Imports that asked for the same before: these bytes, with this mapping as it is, into this shop, with these options."""

import asyncio
import hashlib
from pathlib import Path

from importer import formats
from importer.domain.errors import ImporterError, StateUnavailable
from importer.domain.imports import Import
from importer.formats.reading import in_words
from importer.ports import Ports
from importer.services.intake import Order
from importer.services.kept import mapping_file

LOOKED_AT = 200
"""Imports that are looked at, the newest; those that have not ended are looked at always."""


class Earlier:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def same(self, order: Order, path: Path) -> list[Import]:
        """Newest first; the file's name does not matter. Raises RequestError when the file or the mapping cannot be used.

        The file is read only when there is an import of a file of its size.
        """
        known = {state.id: state for state in await self._ports.imports.unfinished()}
        known |= {state.id: state for state in await self._ports.imports.latest(limit=LOOKED_AT)}
        size = (await asyncio.to_thread(path.stat)).st_size
        alike = [
            state for state in known.values() if state.kept.size == size and _asks_the_same(state, order)
        ]
        if not alike:
            return []
        sha256 = await asyncio.to_thread(_sha256, path)
        alike = [state for state in alike if state.kept.sha256 == sha256]
        found = [
            state
            for state in alike
            if await self._same_mapping(state) and await self._same_reading(state, order, path)
        ]
        return sorted(found, key=lambda state: state.id, reverse=True)

    async def _same_mapping(self, state: Import) -> bool:
        try:
            kept = await self._ports.files.read(mapping_file(state.id))
        except StateUnavailable:
            raise
        except ImporterError:
            return False  # its files are gone: nobody can tell
        return kept.decode() == self._ports.mappings.text(state.mapping)

    async def _same_reading(self, state: Import, order: Order, path: Path) -> bool:
        mapping = self._ports.mappings.parse(order.mapping, self._ports.mappings.text(order.mapping))
        reading = order.reading.over(in_words(mapping.reading))
        head = await asyncio.to_thread(formats.header, path, order.name, reading)
        return head.reading.kept() == state.kept.reading


def _asks_the_same(state: Import, order: Order) -> bool:
    check_first = order.check_first or order.max_errors is not None
    asked = (order.shop, order.mapping, order.dry_run, order.check_only, check_first, order.max_errors)
    made = (state.shop, state.mapping, state.dry_run, state.check_only, state.check_first, state.max_errors)
    return asked == made


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
