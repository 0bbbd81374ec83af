"""A slow reader of delimited text, byte by byte, written from the grammar alone: what the fast one is held against."""

from dataclasses import dataclass, field

LF, CR = b"\n", b"\r"


@dataclass
class Verdicts:
    """`good`: number, line, cells (None: empty without quotes). `bad`: number, line, kind, first bytes."""

    good: list[tuple[int, int, list[str | None]]] = field(default_factory=list)
    bad: list[tuple[int, int, str, bytes]] = field(default_factory=list)


class Broken(Exception):
    def __init__(self, kind: str, culprit: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.culprit = culprit


def read(data: bytes, delimiter: bytes, quote: bytes, end: bytes, width: int) -> Verdicts:
    if data and not data.endswith(end):
        data += end
    found = Verdicts()
    place, row, line = 0, 1, 1
    while place < len(data):
        try:
            cells, stop = record(data, place, delimiter, quote, end)
            judge(found, row, line, cells, data[place:stop], width, end)
        except Broken as broken:
            after = data.find(end, broken.culprit)
            stop = after + 1 if after >= 0 else len(data)
            found.bad.append((row, line, broken.kind, data[place:stop]))
        row, line, place = row + 1, line + data.count(end, place, stop), stop
    return found


def judge(
    found: Verdicts, row: int, line: int, cells: list[bytes | None], raw: bytes, width: int, end: bytes
) -> None:
    if raw == end or (end == LF and raw == CR + LF):
        found.bad.append((row, line, "blank", raw))
        return
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        found.bad.append((row, line, "encoding", raw))
        return
    if b"\0" in raw:
        found.bad.append((row, line, "nul", raw))
        return
    if len(cells) != width:
        found.bad.append((row, line, "too_short" if len(cells) < width else "too_long", raw))
        return
    found.good.append((row, line, [None if cell is None else cell.decode() for cell in cells]))


def record(
    data: bytes, place: int, delimiter: bytes, quote: bytes, end: bytes
) -> tuple[list[bytes | None], int]:
    """The cells and the offset behind the record. Raises Broken."""
    cells: list[bytes | None] = []
    while True:
        opening = place
        enclosed = bool(quote) and data[place : place + 1] == quote
        cell, place = quoted(data, place, quote) if enclosed else plain(data, place, delimiter, quote, end)
        cells.append(cell if enclosed else cell or None)
        if data[place : place + 1] == end:
            return cells, place + 1
        if end == LF and data[place : place + 2] == CR + LF:
            return cells, place + 2
        if data[place : place + 1] != delimiter:
            raise Broken("quoting", opening)
        place += 1


def plain(data: bytes, place: int, delimiter: bytes, quote: bytes, end: bytes) -> tuple[bytes, int]:
    start = place
    while True:
        mark = data[place : place + 1]
        if mark in (delimiter, end):
            return data[start:place], place
        if quote and mark == quote:
            raise Broken("quoting", place)
        if end == LF and mark == CR:
            if data[place + 1 : place + 2] == LF:
                return data[start:place], place
            raise Broken("line_break", place)
        if end == CR and mark == LF:
            raise Broken("line_break", place)
        place += 1


def quoted(data: bytes, opening: int, quote: bytes) -> tuple[bytes, int]:
    cell, place = b"", opening + 1
    while place < len(data):
        mark = data[place : place + 1]
        if mark != quote:
            cell, place = cell + mark, place + 1
        elif data[place + 1 : place + 2] == quote:
            cell, place = cell + quote, place + 2
        else:
            return cell, place + 1
    raise Broken("quoting", opening)
