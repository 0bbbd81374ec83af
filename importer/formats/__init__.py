"""Bytes become rows: one module for each format, one line for each in `FORMATS`."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from importer.domain.errors import FileDamaged, RequestError
from importer.domain.sentences import sentences
from importer.formats import delimited, encodings, json_array, jsonl, xlsx
from importer.formats.content import OPENERS, Content, unpacked
from importer.formats.frames import Frame, Header
from importer.formats.index import Index
from importer.formats.reading import Evidence, Reading
from importer.formats.signatures import require_text


@dataclass(frozen=True)
class Format:
    """`header` recognises what a reading leaves open; `frames` gives all records, with at least the columns asked for
    (None: all), and fills or uses the index of a format that has one. Both raise FileDamaged."""

    header: Callable[[Content, Reading, Index | None], Header]
    frames: Callable[[Content, Header, Collection[str] | None, Index | None], Iterator[Frame]]


FORMATS: dict[str, Format] = {
    "csv": Format(delimited.header, delimited.frames),
    "jsonl": Format(jsonl.header, jsonl.frames),
    "xlsx": Format(xlsx.header, xlsx.frames),
    "json": Format(json_array.header, json_array.frames),
}

WORDS = {
    "csv": ("encoding", "delimiter", "quote", "header"),
    "jsonl": ("encoding",),
    "json": ("encoding", "path"),
    "xlsx": ("sheet", "header"),
}
"""Format -> the words of a reading that mean something for it."""
PURPOSES = {
    "encoding": "texts",
    "delimiter": "delimited text (csv)",
    "quote": "delimited text (csv)",
    "header": "delimited text and workbooks (csv, xlsx)",
    "sheet": "workbooks (xlsx)",
    "path": "JSON documents (json)",
    "member": "zip archives",
}
"""Word of a reading -> what it is for."""

EXTENSIONS = {
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "txt": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
}
"""File name extension -> format."""


def header(path: Path, name: str, reading: Reading | None = None, index: Index | None = None) -> Header:
    """What the file at `path`, which its owner calls `name`, is; what `reading` says is believed.

    A format that has to read the whole file for it fills the `index`. Raises FileDamaged.
    """
    before = _state(path) if index is not None else None
    reading = reading or Reading()
    content = unpacked(path, name, reading)
    format_ = reading.format or _format(content.name)
    if format_ not in FORMATS:
        raise FileDamaged(f"The format {format_} is not one of {', '.join(FORMATS)}.", code="file.format")
    reading = _fitting(reading, format_, content)
    said = None
    try:
        if format_ != "xlsx" and reading.encoding is None:
            require_text(content)
        said = encodings.named(reading).filled(format=format_, member=content.member)
        found = FORMATS[format_].header(content, said, index)
    except FileDamaged as error:
        doubt = encodings.doubt_of(content, said.encoding) if said and said.encoding else ""
        text = error.text.removeprefix(f"{content.name}: ")
        text = text if text.startswith(name) else f"{name}: {text}"
        raise FileDamaged(sentences(text, doubt), code=error.code) from error
    if index is not None:
        index.of = before
    return replace(found, evidence=(_evidence(content, reading, format_), *found.evidence))


def frames(
    path: Path,
    name: str,
    head: Header,
    columns: Collection[str] | None = None,
    index: Index | None = None,
) -> Iterator[Frame]:
    """All records of the file, frame by frame; a reader may leave out columns that are not asked for.

    An `index` that one reading has filled saves the next one work. Raises FileDamaged when the file cannot be read any
    further.
    """
    before = _state(path)
    if index is not None and index.complete and index.of != before:
        raise _changed(name)
    content = unpacked(path, name, head.reading)
    for frame in FORMATS[str(head.reading.format)].frames(content, head, columns, index):
        yield _doubted(frame, head.doubts) if head.doubts and frame.malformed else frame
    if _state(path) != before:
        raise _changed(name)
    if index is not None:
        index.of = before


def _fitting(reading: Reading, format_: str, content: Content) -> Reading:
    """Without what a mapping says of other files. Raises RequestError when a person said what means nothing here."""
    fitting = (*WORDS[format_], *(["member"] if content.packing == "zip" else []))
    strange = [word for word in PURPOSES if reading.said(word) and word not in fitting]
    for word in strange:
        if word not in reading.usual:
            raise RequestError(
                f"`{word}` is for {PURPOSES[word]}, and {content.name} is read as {format_}. Leave it out, or say "
                "which `format` the file has.",
                code="reading.unused",
            )
    return replace(reading, **dict.fromkeys(strange)) if strange else reading  # type: ignore[arg-type]


def _changed(name: str) -> FileDamaged:
    return FileDamaged(
        f"{name}: the file was changed while it was read; nothing more of it is imported. Upload it again.",
        code="file.changed",
    )


def _doubted(frame: Frame, doubts: list[str]) -> Frame:
    """Bytes that are no text are the fault of the encoding, when the file looks like another one."""
    fix = sentences(*doubts)
    malformed = [replace(e, fix=fix) if e.code == "record.encoding" else e for e in frame.malformed]
    return replace(frame, malformed=malformed)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _format(name: str) -> str:
    extension = PurePath(name).suffix.lower().lstrip(".")
    if extension not in EXTENSIONS:
        known = ", ".join(f".{known}" for known in EXTENSIONS)
        packed = ", ".join(f".{known}" for known in OPENERS)
        raise FileDamaged(
            f"{name}: files of the type `.{extension}` are not read; save it as one of {known} "
            f"(packed or not: {packed}).",
            code="file.format",
        )
    return EXTENSIONS[extension]


def _evidence(content: Content, reading: Reading, format_: str) -> Evidence:
    if reading.said("format"):
        return Evidence("format", format_, reading.why("format"))
    packed = f", unpacked from {content.packing}" if content.packing else ""
    return Evidence("format", format_, f"by the file's name {content.name}{packed}")
