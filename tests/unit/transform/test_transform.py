"""Cells become operations and row errors; every row is in exactly one of the two."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from importer.domain.mapping import Mapping, RepeatedKeys
from importer.domain.rows import LINE, ROW, Outcome
from importer.sources.mappings import MappingFolders
from importer.transform import Transform, Transformed
from importer.transform.attributes import parse, parse_quoted
from importer.transform.binding import bind
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD
from importer.transform.repeats import Repeats
from importer.transform.selection import keys
from importer.transform.sentences import CREATE, nearest
from importer.transform.stages import MORE, PHASE, PREFACE, SCOPE

MAPPINGS = MappingFolders([Path(__file__).parents[3] / "mappings"])
TABLES: dict[str, dict[str, Any]] = {
    "attribute_set": {"default": 4, "bag": 15},
    "website": {"base": 1, "outlet": 2},
    "tax_class": {"none": "0", "taxable goods": "2"},
    "category": {"default category": "2", "default category/gear": "3", "default category/gear/bags": "4"},
    "attributes": {
        "color": "select",
        "climate": "multiselect",
        "sale": "boolean",
        "brand": "text",
        "cost": "price",
    },
    "option:color": {"red": "49", "blue": "50"},
    "option:climate": {"cool": "7", "hot": "8"},
    "option:sale": {"yes": "1", "no": "0"},
    "option:brand": {},
    "option:cost": {},
}


def native() -> Mapping:
    return MAPPINGS.parse("magento-products", MAPPINGS.text("magento-products"))


def run(rows: list[dict[str, str]], mapping: Mapping | None = None) -> Transformed:
    mapping = mapping or native()
    names = list(rows[0])
    cells = pl.DataFrame(
        [(n, n + 1, *row.values()) for n, row in enumerate(rows, 1)],
        schema={ROW: pl.Int64, LINE: pl.Int64, **dict.fromkeys(names, pl.String)},
        orient="row",
    )
    first = Transform(mapping, bind(mapping, names), TABLES)
    found = keys(first.named(cells), mapping)
    with Repeats() as repeats:
        repeats.add(found.get_column(ROW), found.get_column("key"))
        lost = repeats.losers(last_wins=mapping.repeated_keys is RepeatedKeys.LAST)
    return Transform(mapping, first.binding, TABLES, lost)(cells)


def product(done: Transformed, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.operations.item(place, PAYLOAD))["product"]
    return found


def attributes(done: Transformed) -> dict[str, Any]:
    return {entry["attribute_code"]: entry["value"] for entry in product(done)["custom_attributes"]}


def test_a_native_row_becomes_the_body_of_a_product_call() -> None:
    done = run([
        {
            "sku": " bag-1 ", "attribute_set_code": "Bag", "product_type": "simple", "name": "Bag", "price": "29.90",
            "product_online": "1", "visibility": "Catalog, Search", "weight": "1", "url_key": "bag",
            "tax_class_name": "Taxable Goods", "product_websites": "base,outlet",
            "categories": "Default Category/Gear,Default Category/Gear/Bags", "qty": "7", "is_in_stock": "1",
        }
    ])  # fmt: skip

    assert done.errors == []
    assert done.operations.item(0, KEY) == "bag-1"
    assert product(done) == {
        "sku": "bag-1",
        "attribute_set_id": 15,
        "type_id": "simple",
        "name": "Bag",
        "price": 29.9,
        "status": 1,
        "visibility": 4,
        "weight": 1,
        "custom_attributes": [
            {"attribute_code": "url_key", "value": "bag"},
            {"attribute_code": "tax_class_id", "value": "2"},
        ],
        "extension_attributes": {
            "website_ids": [1, 2],
            "category_links": [{"category_id": "3", "position": 0}, {"category_id": "4", "position": 0}],
            "stock_item": {"qty": 7, "is_in_stock": True},
        },
    }


def test_absent_columns_empty_cells_and_the_clear_marker_are_three_things() -> None:
    done = run([{"sku": "a", "meta_title": "", "meta_description": "__EMPTY__VALUE__", "price": "0"}])

    assert product(done) == {
        "sku": "a",
        "price": 0,
        "custom_attributes": [{"attribute_code": "meta_description", "value": ""}],
    }


def test_additional_attributes_follow_the_definitions_of_the_shop() -> None:
    done = run(
        [
            {
                "sku": "a",
                "additional_attributes": "color=Red,climate=Hot|Cool,sale=Yes,brand=A, B & C,cost=1.50",
            }
        ]
    )

    assert attributes(done) == {
        "color": "49",
        "climate": "8,7",
        "sale": "1",
        "brand": "A, B & C",
        "cost": 1.5,
    }


def test_quoted_attributes_may_hold_every_mark() -> None:
    """Magento's "Fields enclosure": commas, bars, signs and doubled quotes belong to the value."""
    done = run(
        [{"sku": "a", "additional_attributes": 'brand="A, ""B"" = |C",climate="Hot"|"cool",COLOR="Red"'}]
    )

    assert done.errors == []
    assert attributes(done) == {"brand": 'A, "B" = |C', "climate": "8,7", "color": "49"}


def test_an_unknown_option_among_quoted_ones_is_told_as_the_file_has_it() -> None:
    [error] = run([{"sku": "a", "additional_attributes": 'climate="Hot"|"So, so"'}]).errors

    assert (error.value, error.text) == ("Hot|So, so", "The shop has no option of climate named 'So, so'.")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('a="1",b="2"', {"a": ["1"], "b": ["2"]}),
        ('a=""', {"a": [""]}),
        ('a="x"|"y""z|"', {"a": ["x", 'y"z|']}),
        ('a="1",b=2', None),
        ('size=10"', None),
        ('a="1" b="2"', None),
    ],
)
def test_a_cell_is_quoted_only_when_all_of_it_is(cell: str, found: dict[str, list[str]] | None) -> None:
    assert parse_quoted(cell) == found


def test_a_row_is_for_its_store_view_however_the_column_is_written() -> None:
    done = run([{"sku": "a", "Store_View_Code": "german"}, {"sku": "a", "Store_View_Code": "all"}])

    assert done.operations.select(PHASE, SCOPE).rows() == [(2, "german"), (0, "")]


LINKED = {"sku": "a", "product_type": "simple", "name": "A"}


def stages(done: Transformed) -> list[tuple[int, int, bool, str]]:
    return done.operations.select(ROW, PHASE, MORE, PREFACE).rows()


def items(done: Transformed, place: int = -1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.operations.item(place, PAYLOAD))["items"]
    return found


def test_links_are_a_second_operation_of_their_row_in_the_last_phase() -> None:
    rows = [
        {
            **LINKED,
            "related_skus": "b,c",
            "related_position": "2,1",
            "upsell_skus": "d",
            "store_view_code": "",
        },
        {
            **LINKED,
            "sku": "b",
            "related_skus": "",
            "related_position": "",
            "upsell_skus": "",
            "store_view_code": "",
        },
        {
            **LINKED,
            "related_skus": "b",
            "related_position": "",
            "upsell_skus": "",
            "store_view_code": "german",
        },
    ]
    done = run(rows)
    about = "The product was written, its links"

    assert not done.errors
    assert stages(done) == [(1, 0, True, ""), (2, 0, False, ""), (3, 2, False, ""), (1, 3, False, about)]
    assert "items" not in json.loads(done.operations.item(0, PAYLOAD))
    assert json.loads(done.operations.item(3, PAYLOAD)).keys() == {"items"}
    assert [(one["link_type"], one["linked_product_sku"]["$key"], one["position"]) for one in items(done)] == [
        ("related", "b", 2), ("related", "c", 1), ("upsell", "d", 1),
    ]  # fmt: skip
    assert {one["sku"]["$key"] for one in items(done)} == {""}


def test_lists_of_several_columns_follow_each_other_whichever_of_them_have_a_value() -> None:
    rows = [
        {**LINKED, "sku": sku, "related_skus": related, "upsell_skus": upsell}
        for sku, related, upsell in [("a", "x", "y"), ("b", "x", ""), ("c", "", "y"), ("d", "", "")]
    ]
    done = run(rows)
    together = {
        row: text for row, text, phase in done.operations.select(ROW, PAYLOAD, PHASE).rows() if phase == 3
    }

    kinds = {row: [one["link_type"] for one in json.loads(text)["items"]] for row, text in together.items()}
    assert kinds == {1: ["related", "upsell"], 2: ["related"], 3: ["upsell"]}
    for number, row in enumerate(rows, 1):  # alone in its frame a row gives what it gives among others
        alone = run([row]).operations.filter(pl.col(PHASE) == 3).get_column(PAYLOAD).to_list()
        assert alone == ([together[number]] if number in together else [])


@pytest.mark.parametrize(
    ("cell", "positions", "text"),
    [
        ("b,c", "1", "there are 2 SKUs and 1 positions."),
        ("b", "first", "the position 'first' is no whole number."),
        ("__EMPTY__VALUE__", "", "__EMPTY__VALUE__ would remove links, and links are only added."),
    ],
)
def test_links_that_cannot_be_read_are_told(cell: str, positions: str, text: str) -> None:
    [error] = run([{**LINKED, "related_skus": cell, "related_position": positions}]).errors

    assert (error.column, error.code) == ("related_skus", "links")
    assert error.text == f"The links cannot be read: {text}"


def test_a_grouped_product_is_linked_with_quantities_and_a_target_counts_once() -> None:
    row = {
        **LINKED,
        "product_type": "grouped",
        "associated_skus": "b=2.0000, c|d , B=7",
        "related_skus": "c|1",
    }
    done = run([row])

    assert [(one["linked_product_sku"]["$key"], one.get("extension_attributes")) for one in items(done)] == [
        ("c|1", None), ("b", {"qty": 2}), ("c|d", None),
    ]  # fmt: skip
    [error] = run([{**row, "associated_skus": "b=many"}]).errors
    assert "the quantity in 'b=many' is no number." in error.text


def test_a_column_named_like_an_attribute_is_that_attribute() -> None:
    assert attributes(run([{"sku": "a", "color": "blue"}])) == {"color": "50"}


def test_an_unknown_option_names_column_value_and_the_nearest() -> None:
    [error] = run([{"sku": "a", "additional_attributes": "color=Rad"}]).errors

    assert (error.row, error.line, error.key) == (1, 2, "a")
    assert (error.column, error.value, error.code) == (
        "additional_attributes (color)",
        "Rad",
        "look_up.unknown",
    )
    assert error.text == "The shop has no option of color named 'Rad'."
    assert error.fix == "Nearest: red."


@pytest.mark.parametrize(
    ("known", "fix"),
    [
        (["Default", "Top", "Noppe"], "Nearest: Noppe."),
        (["Default", "Top"], f"None is near; the shop has Default, Top. {CREATE}"),
        ([f"Set {n}" for n in range(1234)], f"None is near; the shop has 1,234 others. {CREATE}"),
        ([], CREATE),
    ],
)
def test_only_a_name_that_is_near_is_called_so(known: list[str], fix: str) -> None:
    assert nearest("Nope", known) == fix


def test_only_the_unknown_part_of_a_list_is_named() -> None:
    [error] = run([{"sku": "a", "categories": "Default Category,Default Category/Shoes"}]).errors

    assert error.text == "The shop has no category named 'Default Category/Shoes'."


def test_an_unknown_attribute_is_an_error_and_not_silence() -> None:
    [error] = run([{"sku": "a", "additional_attributes": "colour=Red"}]).errors

    assert (error.code, error.text, error.fix) == (
        "attribute.unknown",
        "The shop has no attribute 'colour'.",
        "Nearest: color.",
    )


def test_all_faults_of_a_row_are_reported_at_once() -> None:
    done = run([{"sku": "a", "price": "ten", "weight": "-1", "visibility": "everywhere"}])

    assert done.operations.is_empty()
    assert {(error.column, error.code) for error in done.errors} == {
        ("price", "number"),
        ("weight", "number.minimum"),
        ("visibility", "values.unknown"),
    }


def test_bundles_and_downloads_are_skipped_with_a_sentence() -> None:
    done = run(
        [
            {"sku": "a", "product_type": "bundle"},
            {"sku": "a", "product_type": "downloadable"},
            {"sku": "a", "product_type": "simple"},
        ]
    )

    assert [(e.row, e.outcome, e.code) for e in done.errors] == [
        (1, Outcome.SKIPPED, "type.unsupported"),
        (2, Outcome.SKIPPED, "type.unsupported"),
    ]
    assert done.operations.get_column(ROW).to_list() == [3]  # the skipped rows do not count as repeated keys


def test_of_repeated_keys_the_last_one_wins_whatever_its_case() -> None:
    done = run([{"sku": "A", "name": "1"}, {"sku": "b", "name": "2"}, {"sku": "a", "name": "3"}])

    assert done.operations.get_column(ROW).to_list() == [2, 3]
    [error] = done.errors
    assert (error.row, error.outcome, error.code) == (1, Outcome.SKIPPED, "key.repeated")
    assert "record 3 replaces this one" in error.text


def test_a_row_without_its_key_is_invalid_once() -> None:
    [error] = run([{"sku": " ", "name": "x"}]).errors

    assert (error.code, error.column) == ("key.empty", "sku")


def test_use_config_sets_the_flag_and_any_other_value_unsets_it() -> None:
    rows = [
        {"sku": "a", "manage_stock": "Use Config", "use_config_manage_stock": ""},
        {"sku": "b", "manage_stock": "0", "use_config_manage_stock": ""},
        {"sku": "c", "manage_stock": "0", "use_config_manage_stock": "1"},
        {"sku": "d", "manage_stock": "", "use_config_manage_stock": ""},
    ]
    done = run(rows)
    stock = [product(done, n).get("extension_attributes", {}).get("stock_item") for n in range(4)]

    assert stock == [
        {"use_config_manage_stock": True},
        {"manage_stock": False, "use_config_manage_stock": False},
        {"manage_stock": False, "use_config_manage_stock": True},
        None,
    ]


def test_a_virtual_product_loses_its_weight() -> None:
    assert "weight" not in product(run([{"sku": "a", "product_type": "virtual", "weight": "3"}]))


def test_a_merchants_own_columns_are_found_by_synonym_and_named_in_errors() -> None:
    mapping = MAPPINGS.parse("products", MAPPINGS.text("products"))
    done = run([{"Artikelnummer": "a", "Bezeichnung": "A", "Preis": "9,99", "Farbe": "rot"}], mapping)

    [error] = done.errors
    assert (error.column, error.value) == ("Preis", "9,99")
    assert "`.` as the decimal mark" in error.fix


def test_a_missing_value_names_the_column_that_would_hold_it() -> None:
    mapping = MAPPINGS.parse("products", MAPPINGS.text("products"))
    [error] = run([{"sku": "a", "name": "A", "price": ""}], mapping).errors

    assert (error.code, error.column) == ("required", "price")


@pytest.mark.parametrize("price", ["19.99", "0.3", "1299.5", "12345678.9"])
def test_multiples_are_judged_exactly(price: str) -> None:
    mapping = MAPPINGS.parse("products", MAPPINGS.text("products"))

    assert run([{"sku": "a", "name": "A", "price": price}], mapping).errors == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("a=1,b=2", {"a": "1", "b": "2"}),
        ("A=x=y", {"a": "x=y"}),
        ("a=one, two,b=3", {"a": "one, two", "b": "3"}),
        ("a=", {"a": ""}),
        ("nothing", {}),
    ],
)
def test_additional_attributes_are_parsed_like_magento_does(cell: str, found: dict[str, str]) -> None:
    assert parse(cell) == found
