"""Cells that hold a small table become lists of objects; and a key may have several columns."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from importer.domain.rows import LINE, ROW
from importer.formats import frames, header
from importer.sources.mappings import MappingFolders
from importer.transform import Transform, Transformed
from importer.transform.binding import bind
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD
from importer.transform.records import faults
from importer.transform.repeats import Repeats
from importer.transform.selection import keys

HEAD = "importer: 1\nentity: x\nrequest: {path: /V1/x}\n"
VARIATIONS = """\
columns:
  sku: {to: sku}
  variations:
    to: children
    rules: [{records: {fields: {sku: sku, color: colour, qty: {to: qty, type: number}, shown: {to: shown, type: boolean, default: true}}}}]
"""
OPTIONS = """\
columns:
  sku: {to: sku}
  custom_options:
    to: options
    rules:
      - records:
          fields: {name: title, type: type, required: {to: is_require, type: boolean, default: false}}
          position: sort_order
          group:
            by: name
            into: values
            fields: {option_title: title, price: {to: price, type: number}, price_type: price_type, sku: sku}
            position: sort_order
"""


def run(text: str, cells: dict[str, list[Any]]) -> Transformed:
    mapping = MappingFolders([]).parse("mine", text)
    height = len(next(iter(cells.values())))
    frame = pl.DataFrame({ROW: range(1, height + 1), LINE: range(2, height + 2), **cells})
    return Transform(mapping, bind(mapping, list(cells)), {})(frame)


def payloads(done: Transformed) -> list[dict[str, Any]]:
    return [json.loads(text) for text in done.operations.get_column(PAYLOAD)]


def test_variations_become_a_list_of_objects_with_typed_values() -> None:
    cell = "sku=A-1,color=Red,qty=2.50|SKU=A-2, color = Blue ,shown=0|"
    done = run(f"{HEAD}key: sku\n{VARIATIONS}", {"sku": ["A", "B"], "variations": [cell, ""]})

    assert payloads(done) == [
        {
            "sku": "A",
            "children": [
                {"sku": "A-1", "colour": "Red", "qty": 2.5, "shown": True},
                {"sku": "A-2", "colour": "Blue", "shown": False},
            ],
        },
        {"sku": "B"},
    ]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("sku=A,Red", "'Red' is no `name=value`."),
        ("sku=A,colour=Red", "'colour' is no name that belongs here, did you mean `color`?"),
        ("sku=A,qty=two", "'two' is not a number."),
        ("sku=A|sku=B,shown=maybe", "'maybe' is neither yes nor no."),
    ],
)
def test_a_cell_that_is_no_such_table_says_which_part_of_it(cell: str, told: str) -> None:
    [error] = run(f"{HEAD}key: sku\n{VARIATIONS}", {"sku": ["A"], "variations": [cell]}).errors

    assert (error.code, error.column, error.text) == ("records", "variations", told)
    assert error.fix == "Write it like sku=...,color=...,qty=...|sku=...,color=...,qty=...."


def test_records_of_one_name_that_follow_each_other_become_one_object() -> None:
    cell = (
        "name=Size,type=radio,required=1,option_title=S,price=1.10,price_type=fixed|"
        "name=Size,option_title=M,price=0|name=Note,type=field"
    )
    done = run(f"{HEAD}key: sku\n{OPTIONS}", {"sku": ["A"], "custom_options": [cell]})

    assert payloads(done)[0]["options"] == [
        {
            "title": "Size",
            "type": "radio",
            "is_require": True,
            "sort_order": 1,
            "values": [
                {"title": "S", "price": 1.1, "price_type": "fixed", "sort_order": 1},
                {"title": "M", "price": 0, "sort_order": 2},
            ],
        },
        {"title": "Note", "type": "field", "is_require": False, "sort_order": 2},
    ]


@pytest.mark.magento_data
def test_the_custom_options_of_magentos_sample_are_read_whole(data: Path) -> None:
    path = data / "sample_catalog_product.csv"
    found = pl.concat(frame.cells for frame in frames(path, path.name, header(path, path.name, None)))
    cells = found.select("sku", "custom_options").to_dict(as_series=False)
    done = run(f"{HEAD}key: sku\n{OPTIONS}", cells)
    made = {entry["sku"]: entry["options"] for entry in payloads(done) if "options" in entry}

    assert done.errors == []
    assert [option["title"] for option in made["24-WG085"]] == ["Custom Yoga Option"]
    assert [value["title"] for value in made["24-WG085"][0]["values"]] == ["Gold", "Silver", "Platinum"]


STOCK = f"""\
{HEAD}key: [source, sku]
columns:
  source: {{to: "sourceItems[0].source_code", synonyms: [lager]}}
  sku: {{to: "sourceItems[0].sku"}}
  qty: {{to: "sourceItems[0].quantity", rules: [number]}}
"""


def test_a_key_of_several_columns_is_one_key() -> None:
    done = run(STOCK, {"Lager": [" a", "b"], "sku": ["1", "1"], "qty": ["5", "6"]})

    assert done.operations.get_column(KEY).to_list() == ["a / 1", "b / 1"]
    assert payloads(done)[1] == {"sourceItems": [{"source_code": "b", "sku": "1", "quantity": 6}]}


def test_a_row_that_lacks_a_part_of_its_key_is_invalid_and_names_the_files_columns() -> None:
    [error] = run(STOCK, {"Lager": ["a"], "sku": [" "], "qty": ["5"]}).errors

    assert (error.code, error.column) == ("key.empty", "Lager / sku")


def test_only_rows_that_agree_in_all_parts_of_the_key_repeat_it() -> None:
    mapping = MappingFolders([]).parse("mine", STOCK)
    cells = pl.DataFrame(
        {ROW: [1, 2, 3], LINE: [2, 3, 4], "source": ["a", "b", "A"], "sku": ["1", "1", "1"], "qty": ["5", "6", "7"]}
    )  # fmt: skip
    first = Transform(mapping, bind(mapping, ["source", "sku", "qty"]), {})
    found = keys(first.named(cells), mapping)
    with Repeats() as repeats:
        repeats.add(found.get_column(ROW), found.get_column("key"))
        lost = repeats.losers(last_wins=True)
    done = Transform(mapping, first.binding, {}, lost)(cells)

    assert done.operations.get_column(ROW).to_list() == [2, 3]
    assert [(error.row, error.code, error.key) for error in done.errors] == [(1, "key.repeated", "a / 1")]


def test_an_argument_that_sends_two_values_to_one_field_is_a_fault() -> None:
    told = list(
        faults({"fields": {"a": "x", "b": "x"}, "pairs": "|", "group": {"by": "a", "into": "x", "fields": {"c": "d"}}})
    )  # fmt: skip

    assert told == [
        "`separator`, `pairs` and `equals` must be three different marks.",
        "two values go to the field `x`.",
        "`x` is a field of the object and the list in it at the same time.",
    ]
