"""The shipped mappings of other entities than products: a file in, the bodies of the shop's calls out."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from importer.formats import frames, header
from importer.sources.mappings import MappingFolders
from importer.transform import Transform, Transformed
from importer.transform.binding import bind
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD

ROOT = Path(__file__).parents[3]
MAPPINGS = MappingFolders([ROOT / "mappings"])
TABLES: dict[str, dict[str, Any]] = {
    "website": {"base": 1},
    "store_view": {"default": 1},
    "customer_group": {"General": 1, "Wholesale": 2},
}


def run(name: str, path: Path) -> Transformed:
    mapping = MAPPINGS.parse(name, MAPPINGS.text(name))
    head = header(path, path.name)
    cells = pl.concat(frame.cells for frame in frames(path, path.name, head))
    return Transform(mapping, bind(mapping, head.own, head.literal), TABLES)(cells)


def payloads(done: Transformed) -> list[dict[str, Any]]:
    return [json.loads(text) for text in done.operations.get_column(PAYLOAD)]


def test_a_merchants_customers_become_bodies_of_the_customer_call() -> None:
    done = run("customers", ROOT / "samples/customers.csv")

    assert done.errors == []
    assert payloads(done) == [
        {
            "customer": {
                "email": "ada@example.com",
                "firstname": "Ada",
                "lastname": "Moor",
                "website_id": 1,
                "group_id": 2,
                "dob": "1980-03-31",
                "addresses": [
                    {
                        "street": ["Hill Road 4", "Back yard"],
                        "city": "Leeds",
                        "postcode": "LS1 4AP",
                        "country_id": "GB",
                        "telephone": "+44 113 4960000",
                        "firstname": "Ada",
                        "lastname": "Moor",
                    }
                ],
            }
        },
        {
            "customer": {
                "email": "ben@example.com",
                "firstname": "Ben",
                "lastname": "Okoro",
                "website_id": 1,
                "group_id": 1,
            }
        },
        {
            "customer": {
                "email": "cleo@example.com",
                "firstname": "Cleo",
                "lastname": "van Dijk",
                "website_id": 1,
                "dob": "1991-12-01",
                "addresses": [
                    {
                        "street": ["Kade 12"],
                        "city": "Utrecht",
                        "postcode": "3511 AB",
                        "country_id": "NL",
                        "telephone": "+31 30 1234567",
                        "firstname": "Cleo",
                        "lastname": "van Dijk",
                    }
                ],
            }
        },
    ]


def test_magentos_customers_come_with_their_first_address_and_the_rest_is_told() -> None:
    done = run("magento-customers", ROOT / "samples/magento-customers.csv")

    assert [(error.row, error.outcome, error.code) for error in done.errors] == [
        (2, "skipped", "address.unsupported"),
        (4, "skipped", "website.unsupported"),
    ]
    assert done.operations.get_column(KEY).to_list() == ["Dora@example.com / base", "emil@example.com / base"]
    assert payloads(done) == [
        {
            "customer": {
                "email": "dora@example.com",
                "website_id": 1,
                "store_id": 1,
                "firstname": "Dora",
                "lastname": "Lind",
                "middlename": "K.",
                "prefix": "Dr.",
                "dob": "1975-06-30",
                "gender": 2,
                "group_id": 1,
                "disable_auto_group_change": 0,
                "addresses": [
                    {
                        "firstname": "Dora",
                        "lastname": "Lind",
                        "street": ["Storgatan 3", "Floor 2"],
                        "city": "Malmö",
                        "postcode": "21119",
                        "country_id": "SE",
                        "telephone": "+46 40 123456",
                        "default_billing": True,
                        "default_shipping": True,
                    }
                ],
            }
        },
        {
            "customer": {
                "email": "emil@example.com",
                "website_id": 1,
                "firstname": "Emil",
                "lastname": "Berg",
                "gender": 3,
                "group_id": 1,
                "disable_auto_group_change": 0,
            }
        },
    ]


def test_stock_rows_are_calls_with_a_list_of_one() -> None:
    done = run("stock-sources", ROOT / "samples/stock-sources.csv")

    assert done.errors == []
    assert payloads(done) == [
        {"sourceItems": [{"source_code": "default", "sku": "CO-0101", "quantity": 19, "status": 1}]},
        {"sourceItems": [{"source_code": "default", "sku": "CO-0102", "quantity": 50.5, "status": 1}]},
        {"sourceItems": [{"source_code": "north", "sku": "CO-0101", "quantity": 0, "status": 0}]},
    ]


@pytest.mark.magento_data
def test_magentos_stock_sample_is_read_whole(data: Path) -> None:
    done = run("stock-sources", data / "sample_stock_sources.csv")

    assert done.errors == []
    assert [entry["sourceItems"][0] for entry in payloads(done)] == [
        {"source_code": "default", "sku": "sku1", "quantity": 10.1, "status": 1},
        {"source_code": "default", "sku": "sku2", "quantity": 10.55, "status": 1},
        {"source_code": "source-1", "sku": "sku3", "quantity": 10, "status": 1},
        {"source_code": "source-2", "sku": "sku4", "quantity": 15, "status": 1},
    ]


@pytest.mark.magento_data
def test_magentos_customer_sample_is_read_whole(data: Path) -> None:
    done = run("magento-customers", data / "sample_customer.csv")

    assert done.errors == []
    assert payloads(done) == [
        {
            "customer": {
                "email": "jondoe@example.com",
                "website_id": 1,
                "store_id": 1,
                "firstname": "Jon",
                "lastname": "Doe",
                "group_id": 1,
                "disable_auto_group_change": 0,
            }
        }
    ]


@pytest.mark.magento_data
def test_every_row_of_magentos_customer_files_is_a_call_or_says_why_not(data: Path) -> None:
    """Dates such as 5/6/2010 may be two different days: they are errors of their rows, never a guess."""
    for name, rows in (("customers_to_import.csv", 6), ("customer_composite_update.csv", 5)):
        done = run("magento-customers", data / name)
        told = {error.row: error.code for error in done.errors}

        assert done.operations.height + len(told) == rows
        assert set(told.values()) <= {"address.unsupported", "website.unsupported", "date", "look_up.unknown"}


def test_a_table_that_the_shop_does_not_tell_is_an_error_and_not_an_id() -> None:
    mapping = MAPPINGS.parse("customers", MAPPINGS.text("customers"))
    path = ROOT / "samples/customers.csv"
    head = header(path, path.name)
    cells = pl.concat(frame.cells for frame in frames(path, path.name, head))
    tables = {name: table for name, table in TABLES.items() if name != "customer_group"}
    done = Transform(mapping, bind(mapping, head.own), tables)(cells)

    assert [(error.row, error.code, error.text) for error in done.errors] == [
        (1, "look_up.unknown", "The shop does not tell its customer groups."),
        (2, "look_up.unknown", "The shop does not tell its customer groups."),
    ]
