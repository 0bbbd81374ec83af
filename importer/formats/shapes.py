"""Many documents of one shape are read at once, by expressions instead of one by one.

A shape is everything of a document but its values: `{"sku":`, `,"price":` ... `}`. A text that consists of exactly
these parts with one JSON value between each two is that document: nothing else has to be parsed to be sure. What does
not fit a shape to the last byte is left to `documents.row`.
"""

from collections.abc import Mapping as Dict, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import polars as pl

from importer.formats.documents import DECODER, Cell, Unreadable, followed, json_of, parse, text_of

CUT = "\x1e"
"""Stands where a part of the shape stood; JSON text has it nowhere."""
FIRST_MARK = 0x100
"""Every part has a character of its own behind the cut, so that a value is known by the part before it."""
NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
"""A number whose cell is what is written; one with an exponent is looked at closer."""
BLANKS = " \t\n\r"
ESCAPES = {
    r"\"": '"', r"\\": "\\", r"\/": "/", r"\b": "\b", r"\f": "\f", r"\n": "\n", r"\r": "\r", r"\t": "\t",
}  # fmt: skip
ESCAPED = r'^"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*"$'
"""A string with no other escapes than these."""


@dataclass(frozen=True)
class Shape:
    """`parts` stand before the values of `paths`, `end` behind the last one."""

    paths: tuple[str, ...]
    parts: tuple[str, ...]
    end: str


def shape(text: str) -> Shape | None:
    """The shape of a document that can be read; None when it has no values."""
    places: list[tuple[str, int, int]] = []
    _walk(text, len(text) - len(text.lstrip(BLANKS)), "", places)
    if not places:
        return None
    starts = [0, *(stop for _, _, stop in places)]
    parts = tuple(text[begin:start] for begin, (_, start, _) in zip(starts, places, strict=False))
    return Shape(tuple(path for path, _, _ in places), parts, text[starts[-1] :])


def _walk(text: str, place: int, before: str, places: list[tuple[str, int, int]]) -> int:
    """Note where the values of the object at `place` stand; the offset behind the object."""
    place = _next(text, place + 1)
    while text[place] != "}":
        name, place = scanstring(text, place + 1)
        place = _next(text, _next(text, place) + 1)
        value, stop = DECODER.raw_decode(text, place)
        if isinstance(value, dict) and followed(name, value):
            _walk(text, place, f"{before}{name}.", places)
        else:
            places.append((before + name, place, stop))
        place = _next(text, stop)
        if text[place] == ",":
            place = _next(text, place + 1)
    return place + 1


def _next(text: str, place: int) -> int:
    while text[place] in BLANKS:
        place += 1
    return place


@dataclass(frozen=True)
class Raw:
    """Values of many texts as JSON writes them, one column (`0`, `1` ...) for each path; those of `bare` columns are all
    strings, and come without their quotes. `plain`: those of them that are known to have nothing to be unescaped."""

    values: pl.DataFrame
    bare: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()

    def filter(self, rows: pl.Series) -> "Raw":
        return self if rows.all() else Raw(self.values.filter(rows), self.bare, self.plain)


def split(texts: pl.Series, one: Shape) -> tuple[Raw, pl.Series]:
    """The values of the texts, and whether a text has the shape's parts.

    Texts must not hold control characters other than blanks between values.
    """
    distinct = list(dict.fromkeys(one.parts))
    marks = {part: chr(FIRST_MARK + number) for number, part in enumerate(distinct)}
    cut = texts.str.replace_many(distinct, [CUT + marks[part] for part in distinct], leftmost=True)
    fields = cut.str.splitn(CUT, len(one.paths) + 1).struct.unnest()
    fields.columns = [CUT, *map(str, range(len(one.paths)))]
    fits = [pl.col(CUT) == ""]
    fits += [pl.col(str(n)).str.starts_with(marks[part]) for n, part in enumerate(one.parts)]
    fits += [pl.col(str(len(one.paths) - 1)).str.ends_with(one.end)]
    values = [pl.col(str(n)).str.strip_prefix(marks[part]) for n, part in enumerate(one.parts)]
    values[-1] = values[-1].str.strip_suffix(one.end)
    table = fields.lazy().select(pl.all_horizontal(fits).fill_null(value=False).alias(CUT), *values).collect()
    return Raw(table.drop(CUT)), table.get_column(CUT)


def decoded(raw: Raw, literal: Sequence[bool]) -> tuple[pl.DataFrame, pl.Series]:
    """Raw values as cells (JSON text where `literal`), and which rows hold nothing but JSON values."""
    mixed = [name for name in raw.values.columns if name not in raw.bare]
    quoted = _quoted(raw.values.select(mixed))
    flags = dict(zip(raw.values.columns, literal, strict=True))
    found = raw.values.select(
        *(_bare(name, literal=flags[name]) for name in raw.bare),
        *(_cell(name, quoted[name], literal=flags[name]).alias(name) for name in mixed),
    )
    odd = _odd_ones(raw, quoted)
    good = pl.repeat(value=True, n=found.height, dtype=pl.Boolean, eager=True)
    columns = []
    for name, flag in flags.items():
        column = found.get_column(name)
        if name in odd:
            places = odd[name].arg_true()
            texts, fine = _looked_closer(_whole(raw, name, places), literal=flag)
            column = column.scatter(places, texts)
            good = good.scatter(places.filter(~fine), values=False)
        columns.append(column.alias(name))
    return pl.DataFrame(columns), good


def _whole(raw: Raw, name: str, places: pl.Series) -> pl.Series:
    """Some values of a column with the quotes that they have in the text."""
    values = raw.values.get_column(name).gather(places)
    return values.to_frame().select(_bare(name, literal=True)).to_series() if name in raw.bare else values


def _odd_ones(raw: Raw, quoted: Dict[str, pl.Series]) -> dict[str, pl.Series]:
    """By column: which values have to be looked at more closely; most columns have none."""
    odd = raw.values.select(
        (pl.col(name).str.contains_any(['"', "\\"]) if name in raw.bare else _odd(name, quoted[name])).alias(
            name
        )
        for name in raw.values.columns
        if name not in raw.plain
    )
    some = odd.select(pl.all().any()).row(0) if odd.width else ()
    return {name: odd.get_column(name) for name, any_ in zip(odd.columns, some, strict=True) if any_}


def _bare(name: str, *, literal: bool) -> pl.Expr:
    return pl.concat_str([pl.lit('"'), pl.col(name), pl.lit('"')]).alias(name) if literal else pl.col(name)


@dataclass
class Kinds:
    """What the header wants to know of raw values: which rows are all JSON, and for each column whether a value is an
    object or a list of more than scalars, and whether there is a value at all. `plain`: see `Raw`."""

    good: pl.Series
    wide: list[bool]
    filled: list[bool]
    plain: frozenset[str]


def kinds(raw: Raw) -> Kinds:
    values = raw.values
    mixed = values.select(name for name in values.columns if name not in raw.bare)
    odd = _odd_ones(raw, _quoted(mixed))
    null = {name: bool((column == "null").all()) for name, column in mixed.to_dict().items()}
    good = pl.repeat(value=True, n=values.height, dtype=pl.Boolean, eager=True)
    wide: set[str] = set()
    for name, those in odd.items():
        places = those.arg_true()
        texts = _whole(raw, name, places)
        others = ~texts.str.contains(ESCAPED)
        read = [_value(text) for text in texts.filter(others)]
        bad = pl.Series([one is BAD for one in read], dtype=pl.Boolean)
        good = good.scatter(places.filter(others).filter(bad), values=False)
        if any(one is not BAD and Cell("", one).literal for one in read):
            wide.add(name)
    names = values.columns
    return Kinds(
        good,
        [name in wide for name in names],
        [not null.get(name, False) for name in names],
        raw.bare.difference(odd),
    )


def _quoted(values: pl.DataFrame) -> dict[str, pl.Series]:
    return values.select(pl.all().str.starts_with('"')).to_dict()


def _cell(name: str, quoted: pl.Series, *, literal: bool) -> pl.Expr:
    raw = pl.col(name)
    text, number = (raw if literal else _inner(raw)), pl.when(raw != "null").then(raw)
    if quoted.all():
        return text
    return pl.when(pl.lit(quoted)).then(text).otherwise(number).alias(name) if quoted.any() else number


def _odd(name: str, quoted: pl.Series) -> pl.Expr:
    """Whether the value has to be looked at more closely; most have not."""
    raw = pl.col(name)
    whole = raw.str.ends_with('"') & (raw.str.len_bytes() > 1)
    text = ~whole | _inner(raw).str.contains_any(['"', "\\"])
    number = ~(raw.str.contains(NUMBER) | raw.is_in(["true", "false", "null"]))
    if quoted.all():
        return text
    return pl.when(pl.lit(quoted)).then(text).otherwise(number) if quoted.any() else number


def _inner(raw: pl.Expr) -> pl.Expr:
    return raw.str.strip_prefix('"').str.strip_suffix('"')


def _looked_closer(raw: pl.Series, *, literal: bool) -> tuple[pl.Series, pl.Series]:
    """The cells, and which of them are JSON at all."""
    if literal:
        return _one_by_one(raw, literal=True)
    escaped = raw.str.contains(ESCAPED)
    texts = raw.to_frame("x").select(_inner(pl.col("x")).str.replace_many(ESCAPES, leftmost=True)).to_series()
    if escaped.all():
        return texts, escaped
    others = (~escaped).arg_true()
    read, fine = _one_by_one(raw.gather(others), literal=False)
    return texts.scatter(others, read), escaped.scatter(others, fine)


def _one_by_one(raw: pl.Series, *, literal: bool) -> tuple[pl.Series, pl.Series]:
    """The cells, and which of them are JSON at all."""
    texts: list[str | None] = []
    fine: list[bool] = []
    for one in raw:
        value = _value(one)
        fine.append(value is not BAD)
        there = value is not BAD and value is not None
        texts.append((json_of(value) if literal else text_of(value)) if there else None)
    return pl.Series(texts, dtype=pl.String), pl.Series(fine, dtype=pl.Boolean)


BAD: Any = object()


def _value(raw: str) -> Any:
    try:
        found = parse(f'{{"":{raw}}}')
    except Unreadable:
        return BAD
    return found[""] if len(found) == 1 else BAD
