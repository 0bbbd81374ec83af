"""What somebody would write instead of importer, row by row, and the limit that no program passes.

All make the same payloads from the file of `bench.data`, judge them with the schema of `bench/products.yaml`, and POST
them in batches. `naive` is the obvious program; `good` is what an experienced Python developer writes.
"""

import asyncio
import csv
import time
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import orjson
import yaml

from bench.tables import TABLES
from importer.transform import schema

BATCH = 1_000
HERE = Path(__file__).parent
STATUS = {"1": 1, "0": 2}
VISIBILITY = {"Not Visible Individually": 1, "Catalog": 2, "Search": 3, "Catalog, Search": 4}
TRUTH = {"yes": True, "no": False}

Payload = dict[str, Any]


class Bad(Exception):
    """A cell that cannot be converted."""


def payload(row: dict[str, str]) -> Payload:
    """By hand, what the mapping says. Raises Bad."""
    try:
        return _payload(row)
    except (KeyError, InvalidOperation, ValueError) as error:
        raise Bad(str(error)) from error


def _payload(row: dict[str, str]) -> Payload:
    attributes = {
        "description": row["description"],
        "short_description": row["short"],
        "url_key": row["url_key"].strip().lower(),
        "meta_title": row["meta_title"],
        "meta_keyword": row["meta_keywords"],
        "meta_description": row["meta_description"],
        "tax_class_id": TABLES["tax_class"][row["tax"]] if row["tax"] else "",
        "brand": row["brand"],
        "color": TABLES["option:color"][row["color"]],
        "size": TABLES["option:size"][row["size"]],
        "news_from_date": "-".join(reversed(row["available_from"].split("."))),
        "manufacturer_code": row["manufacturer_code"],
    }
    categories = [TABLES["category"][path] for path in row["categories"].split(";")]
    stock: Payload = {"qty": _number(row["stock"]), "is_in_stock": TRUTH[row["in_stock"]]}
    if row["min_qty"]:
        stock["min_qty"] = _number(row["min_qty"])
    product = {
        "sku": row["sku"].strip(),
        "name": row["name"].strip(),
        "price": _number(row["price"]),
        "attribute_set_id": TABLES["attribute_set"][row["set"]],
        "type_id": row["type"].lower(),
        "weight": _number(row["weight"]),
        "status": STATUS[row["status"]],
        "visibility": VISIBILITY[row["visibility"]],
        "custom_attributes": [
            {"attribute_code": code, "value": value} for code, value in attributes.items() if value
        ],
        "extension_attributes": {
            "website_ids": [TABLES["website"][code] for code in row["websites"].split(",")],
            "category_links": [{"category_id": number, "position": 0} for number in categories],
            "stock_item": stock,
        },
    }
    if not product["name"]:
        del product["name"]
    return {"product": product}


def _number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def _schema() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "products.yaml").read_text())["schema"]
    return found


def _payloads(path: Path, rows: int | None, good: Callable[[Payload], bool]) -> Iterator[Payload]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in islice(csv.DictReader(file), rows):
            try:
                made = payload(row)
            except Bad:
                continue
            if good(made):
                yield made


def _batches(payloads: Iterator[Payload]) -> Iterator[list[Payload]]:
    while batch := list(islice(payloads, BATCH)):
        yield batch


def naive(path: Path, url: str, rows: int = 10_000) -> tuple[int, int]:
    """csv, jsonschema with the library's exact rules, one POST after the other: (rows read, rows sent)."""
    checker = schema.Validator(_schema())
    sent = 0
    with httpx.Client() as client:
        for batch in _batches(_payloads(path, rows, lambda made: not list(checker.iter_errors(made)))):
            client.post(url, json=batch).raise_for_status()
            sent += len(batch)
    return rows, sent


async def good(path: Path, url: str, rows: int) -> tuple[int, int]:
    """csv, jsonschema-rs, orjson, four POSTs at once."""
    checker = jsonschema_rs.Draft202012Validator(_schema())
    sent, posts = 0, asyncio.Semaphore(4)

    async def post(client: httpx.AsyncClient, body: bytes) -> None:
        try:
            (await client.post(url, content=body)).raise_for_status()
        finally:
            posts.release()

    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        for batch in _batches(_payloads(path, rows, checker.is_valid)):
            await posts.acquire()
            group.create_task(post(client, orjson.dumps(batch)))
            sent += len(batch)
    return rows, sent


async def limit(path: Path, url: str, rows: int) -> tuple[int, int, float]:
    """Read the file, encode ready payloads, POST them, one after the other; seconds of these three alone."""
    began = time.perf_counter()
    with path.open("rb") as file:
        while file.read(8 << 20):
            pass
    seconds, sent = time.perf_counter() - began, 0
    async with httpx.AsyncClient() as client:
        for batch in _batches(_payloads(path, rows, lambda _made: True)):
            began = time.perf_counter()
            (await client.post(url, content=orjson.dumps(batch))).raise_for_status()
            seconds += time.perf_counter() - began
            sent += len(batch)
    return rows, sent, seconds
