"""Columns whose cells repeat are worked out once for each different cell, and nothing else changes."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from importer.domain.mapping import Mapping
from importer.domain.rows import LINE, LIST_MARK, ROW
from importer.sources.mappings import MappingFolders
from importer.transform import Transform
from importer.transform.binding import bind
from importer.transform.distinct import MOST_TEXTS, SAMPLE, Vocabularies
from importer.transform.plan import PAYLOAD
from importer.transform.stages import PHASE

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
  more: {to: thing.words, rules: [{split: ";"}]}
  after: {to: later.after, empty: clear}
  beside: {to: later.beside, rules: [number]}
phases: [{name: later, request: {method: POST, path: /V1/later}, payload: [later]}]
schema: {properties: {thing: {properties: {price: {minimum: 0}}}}}
"""
LATER = 2
"""The phase of the second operations: rows first, then those of scopes, then these."""
CELLS: dict[str, list[str | None]] = {
    "price": ["1", "2.50", "-3", "free", "", None, "__EMPTY__VALUE__"],
    "words": ["x;y", "x", "", None, ";", 'ü;"q"'],
    "more": ["z", "x", "", None],
    "after": ["a", "b", '"'] + [None] * 9,
    "beside": ["1"] + [None] * 9,
    "state": ["a", "b", "c", "", None, " A "],
    "note": ["n", f"n{LIST_MARK}m{LIST_MARK}", "", None, "line\nbreak"],
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
    alone = [Transform(mapping(), transform.binding, {}) for _ in range(0, cells.height, 500)]

    whole = transform(cells)
    pieces = [one(cells[place * 500 : place * 500 + 500]) for place, one in enumerate(alone)]

    told = pl.concat(piece.operations for piece in pieces)
    assert whole.operations.sort(PHASE, ROW).equals(told.sort(PHASE, ROW))
    assert set(whole.operations.get_column(PHASE)) == {0, LATER}
    assert '{"thing":' not in "".join(whole.operations.filter(pl.col(PHASE) == LATER).get_column(PAYLOAD))
    assert sorted(map(repr, whole.errors)) == sorted(
        repr(error) for piece in pieces for error in piece.errors
    )
    assert {error.code for error in whole.errors} == {
        "number",
        "empty",
        "number.minimum",
        "values.unknown",
        "list.unexpected",
    }
    assert (
        whole.operations.get_column(ROW).n_unique() + len({error.row for error in whole.errors})
        == cells.height
    )


def upper(texts: pl.DataFrame) -> pl.DataFrame:
    return texts.select(
        part
        for name in texts.columns
        for part in (
            pl.col(name).str.to_uppercase().alias(f"{name}#value"),
            pl.col(name).fill_null("none").alias(f"{name}#json"),
        )
    )


def test_a_column_whose_cells_differ_is_left_alone() -> None:
    assert not Vocabularies()(pl.DataFrame({"a": [str(n) for n in range(SAMPLE)]}), ["a"], upper)
    assert not Vocabularies()(pl.DataFrame({"a": ["same"] * (SAMPLE - 1)}), ["a"], upper)


def test_a_column_that_ceases_to_repeat_is_left_alone_from_then_on() -> None:
    known = Vocabularies()
    same = pl.DataFrame({"a": ["same"] * SAMPLE})

    assert known(same, ["a"], upper)
    assert not known(pl.DataFrame({"a": [str(n) for n in range(SAMPLE)]}), ["a"], upper)
    assert not known(same, ["a"], upper)


def test_a_column_of_ever_new_texts_does_not_fill_the_memory() -> None:
    known, frames = Vocabularies(), 0
    while frames * SAMPLE // 4 <= MOST_TEXTS + SAMPLE:
        texts = [str(n) for n in range(frames * SAMPLE // 4, (frames + 1) * SAMPLE // 4)]
        found = known(pl.DataFrame({"a": texts * 4}), ["a"], upper)
        frames += 1

    assert not found


@pytest.mark.parametrize("texts", [["a", None, "b", "", "a"], ["a", "b"], [None], [None, "z"], ["only"]])
def test_every_row_finds_what_was_made_of_its_text(texts: list[str | None]) -> None:
    known = Vocabularies()
    for fresh in (["a"], texts, ["z", None], texts):  # frames that bring new texts and frames that bring none
        cells = pl.Series("a", fresh * SAMPLE, dtype=pl.String)
        found = known(cells.to_frame(), ["a"], upper)["a"]

        assert found.made["a#value"].gather(found.places).to_list() == cells.str.to_uppercase().to_list()
        assert found.made["a#json"].gather(found.places).to_list() == cells.fill_null("none").to_list()


def test_frames_of_several_threads_share_what_was_made() -> None:
    known = Vocabularies()
    dice = random.Random(11)
    frames = [pl.DataFrame({"a": [str(dice.randrange(n + 1) * 7) for _ in range(SAMPLE)]}) for n in range(40)]

    def made(cells: pl.DataFrame) -> list[str]:
        found = known(cells, ["a"], upper)["a"]
        values: list[str] = found.made["a#json"].gather(found.places).to_list()
        return values

    with ThreadPoolExecutor(4) as threads:
        for cells, values in zip(frames, threads.map(made, frames), strict=True):
            assert values == cells["a"].to_list()
