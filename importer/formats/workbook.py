"""The parts of an XLSX workbook that hold data, streamed. Macros, links and everything else are never looked at."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from importer.domain.errors import FileDamaged
from importer.formats.content import GIB, RATIO_FREE, RATIO_LIMIT
from importer.formats.shown import BUILT_IN, GENERAL

CHUNK = 256 << 10
PART_LIMIT = 4 * GIB
TEXT_LIMIT = 64 << 20
"""Characters of all shared texts: they are held in memory while the sheet is read."""
CELL_LIMIT = 1 << 20
"""Characters of one cell; spreadsheet programs stop at 32,767."""
COLUMNS_LIMIT = 16_384
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
OLD = b"\xd0\xcf\x11\xe0"

Attributes = dict[str, str]


@dataclass
class Value:
    """A cell: `kind` is the file's letter for its type (n: number), `text` what stands in it, `style` its number."""

    column: int
    kind: str
    style: int
    text: str


@dataclass
class Row:
    number: int
    hidden: bool
    values: list[Value] = field(default_factory=list)


@dataclass
class Sheet:
    name: str
    part: str
    hidden: bool


class Workbook:
    """Raises FileDamaged when the file is no workbook, or one that unpacks to far more than its size."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        if file.read(4) == OLD:
            raise self._damaged("is an old .xls file or locked by a password; save it as .xlsx without one")
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError):
            raise self._damaged(
                "is no workbook, or damaged; open it in a spreadsheet program and save it again"
            ) from None
        for entry in self._zip.infolist():
            if (
                entry.file_size > max(RATIO_FREE, entry.compress_size * RATIO_LIMIT)
                or entry.file_size > PART_LIMIT
            ):
                raise FileDamaged(
                    f"{name}: {entry.filename} in the workbook unpacks to {entry.file_size >> 20:,} MiB, far more than "
                    "its size; it is not read. Save the sheet as CSV.",
                    code="file.bomb",
                )
        self.sheets: list[Sheet] = []
        self.since_1904 = False
        self.formats: list[str] = []
        self.texts: list[str] = []
        self.merged: list[str] = []
        self._read_sheets()
        self._read_formats()
        self._read_texts()

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The rows that the sheet has, in order; empty ones may be left out by the program that wrote it."""
        self.merged = []
        reader = _Rows(self.merged)
        for _ in self._parse(sheet.part, reader.start, reader.end, reader.text):
            yield from reader.taken()
        yield from reader.taken()

    def _read_sheets(self) -> None:  # noqa: C901 - one function for each element
        targets: dict[str, str] = {}
        found: list[tuple[str, str, bool]] = []

        def relation(tag: str, given: Attributes) -> None:
            if tag == "Relationship":
                targets[given.get("Id", "")] = given.get("Target", "")

        def sheet(tag: str, given: Attributes) -> None:
            if tag == "sheet":
                link = next((v for k, v in given.items() if k.endswith(":id")), "")
                found.append((given.get("name", ""), link, given.get("state", "visible") != "visible"))
            elif tag == "workbookPr":
                self.since_1904 = given.get("date1904") in ("1", "true")

        self._all("xl/_rels/workbook.xml.rels", relation)
        self._all("xl/workbook.xml", sheet)
        for name, link, hidden in found:
            target = targets.get(link, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part in self._zip.NameToInfo and "chartsheet" not in part:
                self.sheets.append(Sheet(name, part, hidden))
        if not self.sheets:
            raise self._damaged("holds no sheet")

    def _read_formats(self) -> None:
        own: dict[int, str] = {}
        inside = [False]

        def start(tag: str, given: Attributes) -> None:
            if tag == "numFmt":
                own[int(given["numFmtId"])] = given.get("formatCode", GENERAL)
            elif tag in ("cellXfs", "cellStyleXfs"):
                inside[0] = tag == "cellXfs"
            elif tag == "xf" and inside[0]:
                number = int(given.get("numFmtId", "0"))
                self.formats.append(own.get(number) or BUILT_IN.get(number, GENERAL))
            elif tag in ("cellStyles", "dxfs"):
                inside[0] = False

        if "xl/styles.xml" in self._zip.NameToInfo:
            self._all("xl/styles.xml", start)

    def _read_texts(self) -> None:  # noqa: C901 - likewise
        if "xl/sharedStrings.xml" not in self._zip.NameToInfo:
            return
        parts: list[str] = []
        state = {"t": False, "phonetic": False}
        size = [0]

        def start(tag: str, _given: Attributes) -> None:
            state["phonetic"] |= tag == "rPh"
            state["t"] = tag == "t" and not state["phonetic"]

        def end(tag: str) -> None:
            state["t"] = False
            if tag == "rPh":
                state["phonetic"] = False
            elif tag == "si":
                self.texts.append(unescaped("".join(parts)))
                size[0] += len(self.texts[-1])
                parts.clear()
                if size[0] > TEXT_LIMIT:
                    raise self._damaged(
                        "holds more text than is read from a workbook (64 MiB); save the sheet as CSV"
                    )

        def text(data: str) -> None:
            if state["t"]:
                parts.append(data)

        self._all("xl/sharedStrings.xml", start, end, text)

    def _all(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] = lambda _tag: None,
        text: Callable[[str], None] = lambda _data: None,
    ) -> None:
        for _ in self._parse(part, start, end, text):
            pass

    def _parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> Iterator[None]:
        """Feed the part to the handlers, piece by piece. A document type could hold entities and is refused."""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def refuse(*_given: object) -> None:
            raise self._damaged("holds a document type declaration, which no spreadsheet program writes")

        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = lambda tag, given: start(tag.rpartition(":")[2], given)
        parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
        parser.CharacterDataHandler = text
        try:
            with self._zip.open(part) as stream:
                while chunk := stream.read(CHUNK):
                    parser.Parse(chunk)
                    yield
                parser.Parse(b"", True)  # noqa: FBT003 - a C function
        except (
            KeyError,
            ValueError,
            RuntimeError,
            OSError,
            EOFError,
            zipfile.BadZipFile,
            expat.ExpatError,
            NotImplementedError,
        ):
            raise self._damaged(
                f"is damaged in {part}; open it in a spreadsheet program and save it again"
            ) from None

    def _damaged(self, text: str) -> FileDamaged:
        return FileDamaged(f"{self._name} {text}.", code="file.workbook")


class _Rows:
    """Collects rows from the elements of a sheet."""

    def __init__(self, merged: list[str]) -> None:
        self._merged = merged
        self._done: list[Row] = []
        self._row = Row(0, hidden=False)
        self._value: Value | None = None
        self._inside = self._formula = False
        self._column = 0

    def taken(self) -> list[Row]:
        done, self._done = self._done, []
        return done

    def start(self, tag: str, given: Attributes) -> None:
        if tag == "c":
            place = given.get("r", "")
            self._column = column_number(place) if place else self._column + 1
            if self._column > COLUMNS_LIMIT:
                raise ValueError("more columns than a sheet can have")
            self._value = Value(self._column, given.get("t", "n"), int(given.get("s", "0")), "")
            self._formula = False
        elif tag == "f":
            self._formula = True
        elif tag in ("v", "t"):
            self._inside = self._value is not None
        elif tag == "row":
            self._row = Row(int(given.get("r", self._row.number + 1)), given.get("hidden") in ("1", "true"))
            self._column = 0
        elif tag == "mergeCell":
            self._merged.append(given.get("ref", ""))
        elif tag == "rPh":
            self._inside = False

    def end(self, tag: str) -> None:
        self._inside = False
        if tag == "c" and self._value is not None:
            if self._formula and not self._value.text and self._value.kind == "n":
                self._value.kind = "e"  # no program has worked it out yet
            if self._value.text or self._value.kind in ("s", "inlineStr", "str", "e"):
                self._row.values.append(self._value)
            self._value = None
        elif tag == "row":
            self._done.append(self._row)

    def text(self, data: str) -> None:
        if self._inside and self._value is not None:
            self._value.text += data
            if len(self._value.text) > CELL_LIMIT:
                raise ValueError("a cell without end")


def column_number(place: str) -> int:
    """1 for `A7`, 27 for `AA7`."""
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - 64
    return number


def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes a character that XML cannot hold."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
