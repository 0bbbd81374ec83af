"""A practice shop in a process of its own, and its log, for the benchmarks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

TOKEN = "bench"  # noqa: S105 - opens nothing but this shop
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
BULK = "/rest/all/async/bulk/V1/products"


@contextmanager
def practice_shop(*words: str) -> Iterator[str]:
    """Its address while it runs; `words` are options of `importer sandbox`."""
    command = [sys.executable, "-m", "importer", "sandbox", "--port", "0", "--token", TOKEN, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None  # noqa: S101 - it was asked for
        said = process.stdout.readline()
        found = re.search(r"http://[\d.:]+", said)
        if found is None:
            raise SystemExit(f"The practice shop did not start: {said}")
        try:
            yield found[0].rstrip(".")
        finally:
            process.terminate()
            process.communicate()


def requests_seen(url: str) -> list[dict[str, Any]]:
    """Every request that the shop was asked, those of this module left out."""
    found: list[dict[str, Any]] = httpx.get(f"{url}/practice/requests", headers=HEADERS, timeout=60).json()
    return found


def product(sku: str) -> dict[str, Any]:
    """A product with what a new one needs, and its stock: as in the recorded bulk of 150."""
    return {
        "product": {
            "sku": sku, "name": f"Product {sku}", "attribute_set_id": 4, "price": 9.99, "status": 1, "visibility": 4,
            "type_id": "simple", "weight": 1, "extension_attributes": {"stock_item": {"qty": 10, "is_in_stock": True}},
        }
    }  # fmt: skip
