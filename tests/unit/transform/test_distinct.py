"""Columns whose cells repeat are worked out once for each different cell, and nothing else changes."""

import random
from typing import Any

import polars as pl
import pytest

from importer.domain.mapping import Mapping
from importer.domain.rows import LINE, ROW
from importer.sources.mappings import MappingFolders
from importer.transform import Transform
from importer.transform.binding import bind
from importer.transform.distinct import SAMPLE, repeating
from importer.transform.plan import PAYLOAD

DOCUMENT = """
importer: 1
entity: thing
request: {method: POST, path: /V1/things, idempotent: true}
key: id
columns:
  id: {to: thing.id}
  price: {to: thing.price, rules: [number], empty: error}
  words: {to: thing.words, rules: [{split: ";"}]}
  state: {to: thing.state, default: fine, rules: [{values: {map: {a: fine, b: bad}}}]}
  note: {to: thing.note, empty: clear}
  blank: {to: thing.blank}
schema: {properties: {thing: {properties: {price: {minimum: 0}}}}}
"""
CELLS: dict[str, list[str | None]] = {
    "price": ["1", "2.50", "-3", "free", "", None, "__EMPTY__VALUE__"],
    "words": ["x;y", "x", "", None, ";", 'ü;"q"'],
    "state": ["a", "b", "c", "", None, " A "],
    "note": ["n", "", None, "line\nbreak"],
    "blank": ["", None, "  "],
}


def mapping() -> Mapping:
    return MappingFolders([]).parse("things", DOCUMENT)


def table(rows: int) -> pl.DataFrame:
    dice = random.Random(7)
    columns: dict[str, list[Any]] = {name: dice.choices(cells, k=rows) for name, cells in CELLS.items()}
    numbers = range(1, rows + 1)
    places = {ROW: numbers, LINE: [n + 1 for n in numbers], "id": [f"k{n}" for n in numbers]}
    types = {ROW: pl.Int64, LINE: pl.Int64, **dict.fromkeys(["id", *CELLS], pl.String)}
    return pl.DataFrame({**places, **columns}, schema=types)


def test_a_frame_of_repeating_cells_gives_what_its_small_pieces_give() -> None:
    cells = table(SAMPLE * 2)
    transform = Transform(mapping(), bind(mapping(), ["id", *CELLS]), {})
    assert set(repeating(cells, ["id", *CELLS])) == set(CELLS)

    whole = transform(cells)
    pieces = [transform(cells[start : start + 500]) for start in range(0, cells.height, 500)]

    assert whole.operations.get_column(PAYLOAD).to_list() == [
        payload for piece in pieces for payload in piece.operations.get_column(PAYLOAD).to_list()
    ]
    assert sorted(map(repr, whole.errors)) == sorted(
        repr(error) for piece in pieces for error in piece.errors
    )
    assert {error.code for error in whole.errors} == {"number", "empty", "number.minimum", "values.unknown"}
    assert whole.operations.height + len({error.row for error in whole.errors}) == cells.height


def test_a_column_whose_cells_differ_is_left_alone() -> None:
    assert not repeating(pl.DataFrame({"a": [str(n) for n in range(SAMPLE)]}), ["a"])
    assert not repeating(pl.DataFrame({"a": ["same"] * (SAMPLE - 1)}), ["a"])


@pytest.mark.parametrize("texts", [["a", None, "b", "", "a"], ["a", "b"], [None], [None, "z"], ["only"]])
def test_every_row_finds_its_text_again(texts: list[str | None]) -> None:
    cells = pl.Series("a", texts * SAMPLE, dtype=pl.String)
    found = repeating(cells.to_frame(), ["a"])["a"]

    assert found.texts.gather(found.places).to_list() == cells.to_list()
    assert found.texts.to_list()[-1] is None
