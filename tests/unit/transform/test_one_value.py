"""The mark between the parts of a list is ours: whatever a cell holds and whatever rules it goes through, it is not sent."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from importer.domain.documents import build
from importer.domain.mapping import Mapping
from importer.domain.rows import LINE, LIST_MARK, ROW
from importer.formats.documents import text_of
from importer.transform import Transform, Transformed
from importer.transform.binding import bind
from importer.transform.plan import PAYLOAD

CHAINS: list[list[Any]] = [
    [],
    ["trim"],
    ["squeeze", "upper"],
    ["slug"],
    [{"prefix": "<"}, {"suffix": ">"}],
    [{"replace": {"a": "b"}}],
    [{"regex": {"find": "b", "replace": "c"}}],
    [{"extract": "(.*)"}],
    ["number"],
    [{"values": {"map": {"a": "b"}, "otherwise": "c"}}],
    [{"pairs": {"key": "name", "value": "label"}}],
    [{"records": {"fields": {"a": "a"}}}],
    ["split"],
    ["trim", {"split": "|"}, {"join": "; "}],
    ["split", {"entries": {"field": "id"}}],
]
NAMES = [f"c{place}" for place in range(len(CHAINS))]


def mapping(**words: Any) -> Mapping:
    columns: dict[str, Any] = {
        name: {"to": f"x.{name}", "rules": chain, **words} for name, chain in zip(NAMES, CHAINS, strict=True)
    }
    document = {
        "entity": "x",
        "request": {"path": "/V1/x"},
        "key": "id",
        "columns": {"id": {"to": "id"}, **columns},
    }
    return build("mine", document)


def run(cells: dict[str, list[str | None]], mapping: Mapping) -> Transformed:
    height = len(next(iter(cells.values())))
    keys = {ROW: range(1, height + 1), LINE: range(2, height + 2), "id": [str(n) for n in range(height)]}
    frame = pl.DataFrame(
        {**keys, **cells}, schema_overrides={ROW: pl.Int64, LINE: pl.Int64, **dict.fromkeys(cells, pl.String)}
    )
    return Transform(mapping, bind(mapping, ["id", *cells]), {})(frame)


TEXT = st.text(st.sampled_from(["a", "b", "=", ",", "|", " ", LIST_MARK, "1"]), max_size=6)
LISTS = st.lists(st.sampled_from(["a", "b", "1", ""]), max_size=3).map(text_of)
CELLS = st.one_of(st.none(), TEXT, LISTS)


@given(
    st.lists(st.lists(CELLS, min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=4), st.booleans()
)
@settings(max_examples=150)
def test_the_mark_of_a_list_is_never_sent(rows: list[list[str | None]], default: bool) -> None:
    whole = mapping(default=1) if default else mapping()
    done = run({name: [row[place] for row in rows] for place, name in enumerate(NAMES)}, whole)

    sent = done.operations.get_column(PAYLOAD).to_list()
    assert not any(LIST_MARK in text or "\\u001f" in text.lower() for text in sent)
    wrong = {(error.row, error.column) for error in done.errors}
    for number, row in enumerate(rows, 1):
        for name, chain, cell in zip(NAMES, CHAINS, row, strict=True):
            lists = any("split" in (call if isinstance(call, str) else str(list(call))) for call in chain)
            if cell and LIST_MARK in cell and not lists:
                assert (number, name) in wrong
    assert len(sent) + len({error.row for error in done.errors}) == len(rows)


@pytest.mark.parametrize(("values", "count"), [(["a", "b"], 2), (["a"], 1)])
def test_a_list_in_a_column_of_one_value_is_told_as_what_it_is(values: list[str], count: int) -> None:
    done = run({"c1": [text_of(values), "fine"]}, mapping())

    [error] = done.errors
    assert (error.row, error.column, error.code) == (1, "c1", "list.unexpected")
    assert error.text == f"The cell holds a list (of {count}), and the column takes one value."
    assert error.value == "|".join(values)
    assert [json.loads(text)["x"] for text in done.operations.get_column(PAYLOAD)] == [{"c1": "fine"}]


def test_a_list_is_found_among_many_cells_that_repeat() -> None:
    cells = [f"w{n % 3}" for n in range(5000)]
    cells[4321] = text_of(["w1", "w2"])
    done = run({"c1": list(cells), "c0": list(reversed(cells))}, mapping())

    assert [(error.row, error.column) for error in done.errors] == [(679, "c0"), (4322, "c1")]
