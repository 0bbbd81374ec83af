"""Files that are not what their name says: known by their first bytes, with what to do about each."""

from importer.domain.errors import FileDamaged
from importer.formats.content import Content

SIGNATURES: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("a workbook or a zip archive", "rename it to .xlsx or .zip"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as .xlsx"),
    b"\x1f\x8b": ("packed with gzip", "give its name the ending .gz, so that it is unpacked"),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", "give its name the ending .zst, so that it is unpacked"),
    b"%PDF": ("a PDF", "export the table itself"),
    b"\x89PNG": ("a picture", "choose the file with the table"),
    b"\xff\xd8\xff": ("a picture", "choose the file with the table"),
}
"""First bytes -> what the file is, and what to do."""


def require_text(content: Content) -> None:
    """Raises FileDamaged when the content is of a kind that is no text."""
    with content.open() as stream:
        first = stream.read(max(map(len, SIGNATURES)))
    for begin, (what, fix) in SIGNATURES.items():
        if first.startswith(begin):
            raise FileDamaged(f"The file is {what}, not a text: {fix}.", code="file.binary")
