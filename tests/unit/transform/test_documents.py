"""A nested document and a flat file of the same things give the same operations."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from importer.domain.rows import ROW
from importer.services.examination import examine
from importer.sources.mappings import MappingFolders
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD

ROOT = Path(__file__).parents[3]
MAPPINGS = MappingFolders([ROOT / "mappings"])
CATEGORIES = {
    "default category/coffee": "3", "default category/coffee/beans": "4", "default category/coffee/capsules": "5",
    "default category/coffee/equipment": "6", "default category/tea": "7", "default category": "2",
}  # fmt: skip


TABLES: dict[str, Any] = {
    "attribute_set": {"coffee": 4, "default": 4, "tea": 5, "equipment": 6},
    "tax_class": {"taxable goods": "2", "none": "0"},
    "website": {"base": 1},
    "category": CATEGORIES,
    "attributes": {"roast": "text"},
}


def operations(path: Path, name: str) -> list[tuple[int, str, Any]]:
    document = examine(path, path.name, MAPPINGS.parse(name, MAPPINGS.text(name)), TABLES)
    found = []
    for frame in document.frames():
        done = document.transform(frame.cells)
        found += done.operations.select(ROW, KEY, PAYLOAD).rows()
    return [(row, key, json.loads(payload)) for row, key, payload in found]


def flat(path: Path, rows: list[dict[str, str]]) -> Path:
    pl.DataFrame(rows).write_csv(path)
    return path


PRODUCTS = [
    {"article": f"A-{n}", "name": f'Thing "{n}"', "price": f"{n}.90", "kind": "Tea", "weight": "0.50", "active": "yes",
     "shown in": "search", "description": "a, b", "web address": f"thing-{n}", "tax": "None", "stock": str(n),
     "categories": "Default Category/Tea;Default Category", "in stock": "1"}
    for n in range(1, 80)
]  # fmt: skip
NATIVE = [
    {"sku": f"A-{n}", "attribute_set_code": "Default", "product_type": "simple", "name": f"Größe {n}",
     "price": "9.10", "product_online": "1", "visibility": "Catalog, Search", "weight": "1", "url_key": f"a-{n}",
     "tax_class_name": "Taxable Goods", "product_websites": "base", "categories": "Default Category/Coffee,Default Category",
     "additional_attributes": "roast=dark", "qty": "3", "is_in_stock": "1", "out_of_stock_qty": "Use Config"}
    for n in range(1, 80)
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "rows"), [("products", PRODUCTS), ("magento-products", NATIVE)])
@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_payloads_written_as_documents_are_the_same_operations_again(
    tmp_path: Path, mapping: str, rows: list[dict[str, str]], ending: str
) -> None:
    first = operations(flat(tmp_path / "a.csv", rows), mapping)
    documents = [payload for _, _, payload in first]
    path = tmp_path / f"a.{ending}"
    lines = "\n".join(map(json.dumps, documents))
    path.write_text(lines if ending == "jsonl" else json.dumps({"data": {"items": documents}}, indent=1))

    assert len(first) == 79
    assert operations(path, mapping) == first


def test_a_flat_document_gives_the_operations_of_the_flat_file(tmp_path: Path) -> None:
    first = operations(flat(tmp_path / "a.csv", PRODUCTS), "products")
    documents = [
        {
            **row,
            "price": int(row["stock"]) + 0.9,
            "categories": row["categories"].split(";"),
            "in stock": True,
        }
        for row in PRODUCTS
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, documents)))

    assert operations(path, "products") == first


def test_a_column_named_by_its_path_follows_the_rules_of_the_mapping(tmp_path: Path) -> None:
    text = MAPPINGS.text("products").replace("synonyms: [category]", "synonyms: [category, tree.paths]")
    text = text.replace("synonyms: [title,", "synonyms: [tree.title,")
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"article":"a","price":1.50,"tree":{"title":" Tea ","paths":["Default Category/Tea","Default Category"]}}'
    )
    document = examine(path, path.name, MAPPINGS.parse("products", text), TABLES)
    [frame] = document.frames()
    done = document.transform(frame.cells)

    product = json.loads(done.operations.item(0, PAYLOAD))["product"]
    assert product["name"] == "Tea"
    assert [link["category_id"] for link in product["extension_attributes"]["category_links"]] == ["7", "2"]


def test_the_sample_of_json_lines_is_the_beginning_of_the_sample_of_csv(tmp_path: Path) -> None:
    beginning = tmp_path / "coffee.csv"
    lines = (ROOT / "samples/coffee.csv").read_text().splitlines(keepends=True)[:21]
    beginning.write_text("".join(lines))

    found = operations(ROOT / "samples/coffee.jsonl", "products")
    assert len(found) > 5
    assert found == operations(beginning, "products")


def test_flat_rows_and_finished_payloads_in_one_file_give_what_each_gives_alone(tmp_path: Path) -> None:
    """Each second row is the finished payload of itself; no value and no constant of the others is lost beside it."""
    words = ("article", "name", "price", "kind", "weight", "active", "shown in")
    rows = [{word: row[word] for word in words} for row in PRODUCTS]
    first = operations(flat(tmp_path / "a.csv", rows), "products")
    documents = [
        payload if number % 2 else row
        for number, (row, (_, _, payload)) in enumerate(zip(rows, first, strict=True))
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, documents)))

    assert operations(path, "products") == first


def test_a_wrong_cell_beside_a_finished_payload_is_refused(tmp_path: Path) -> None:
    rows = [{"article": "A", "name": "n", "price": "abc"}, {"product": {"sku": "B", "name": "n", "price": 5}}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    document = examine(path, path.name, MAPPINGS.parse("products", MAPPINGS.text("products")), TABLES)
    errors = [error for frame in document.frames() for error in document.transform(frame.cells).errors]

    assert [(one.row, one.column, one.value) for one in errors if one.row == 1] == [(1, "price", "abc")]
