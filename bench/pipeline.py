"""From a CSV file to batches ready to send: importer's way beside the obvious one, row by row.

The peer reads with csv.DictReader, builds the same payloads by hand and judges each with the same JSON Schema. Both
run in this process, in turns; the medians are compared. `make bench` takes about half a minute.
"""

import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from importer import formats
from importer.domain.batches import body, cut
from importer.sources.mappings import MappingFolders
from importer.transform import Transform, schema
from importer.transform.binding import bind

ROWS, ROUNDS, BATCH, BYTES = 20_000, 5, 100, 4 << 20
MAPPINGS = MappingFolders([Path(__file__).parents[1] / "mappings"])
TABLES: dict[str, dict[str, Any]] = {
    "attribute_set": {"Default": 4},
    "tax_class": {"Taxable Goods": "2"},
    "category": {"Default Category": "2", "Default Category/Gear": "3"},
    "website": {"base": 1},
    "attributes": {},
}


def write(path: Path) -> None:
    """One row in a hundred is wrong."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(
            ["article", "name", "price", "kind", "weight", "web address", "tax", "categories", "stock"]
        )
        for n in range(ROWS):
            price = "free" if n % 100 == 0 else f"{n % 500}.90"
            path_ = "Default Category;Default Category/Gear"
            out.writerow(
                [f"A-{n}", f"Thing {n}", price, "Default", "1.5", f"thing-{n}", "Taxable Goods", path_, "7"]
            )


def importers_way(path: Path) -> int:
    mapping = MAPPINGS.parse("products", MAPPINGS.text("products"))
    header = formats.header(path, path.name)
    transform = Transform(mapping, bind(mapping, header.own), TABLES, {})
    sent = 0
    for frame in formats.frames(path, path.name, header):
        for batch in cut(transform(frame.cells).operations, size=BATCH, max_bytes=BYTES):
            sent += bool(body(batch)) * len(batch)
    return sent


def row_by_row(path: Path) -> int:
    mapping = MAPPINGS.parse("products", MAPPINGS.text("products"))
    checker = schema.validator(mapping)
    good = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                payload = by_hand(row)
            except ValueError:
                continue
            if not list(checker.iter_errors(payload)):
                good.append(json.dumps(payload).encode())
    for start in range(0, len(good), BATCH):
        b"[" + b",".join(good[start : start + BATCH]) + b"]"
    return len(good)


def by_hand(row: dict[str, str]) -> dict[str, Any]:
    categories = [TABLES["category"][path] for path in row["categories"].split(";")]
    return {
        "product": {
            "type_id": "simple",
            "sku": row["article"].strip(),
            "name": row["name"].strip(),
            "price": float(row["price"]),
            "attribute_set_id": TABLES["attribute_set"][row["kind"]],
            "weight": float(row["weight"]),
            "status": 1,
            "visibility": 4,
            "custom_attributes": [
                {"attribute_code": "url_key", "value": row["web address"].strip().lower()},
                {"attribute_code": "tax_class_id", "value": TABLES["tax_class"][row["tax"]]},
            ],
            "extension_attributes": {
                "category_links": [{"category_id": number, "position": 0} for number in categories],
                "stock_item": {"qty": float(row["stock"])},
            },
        },
    }


def seconds(work: Callable[[Path], int], path: Path) -> tuple[float, int]:
    began = time.perf_counter()
    rows = work(path)
    return time.perf_counter() - began, rows


def main() -> None:
    times: dict[str, list[float]] = {"importer": [], "row by row": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write(path)
        for _ in range(ROUNDS):
            ours, rows = seconds(importers_way, path)
            theirs, same = seconds(row_by_row, path)
            if rows != same:
                sys.exit(f"The two ways disagree: {rows} rows against {same}.")
            times["importer"].append(ours)
            times["row by row"].append(theirs)
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, median in medians.items():
        sys.stdout.write(f"{name:12} {ROWS / median:10,.0f} rows/s (median of {ROUNDS}, {ROWS:,} rows)\n")
    sys.stdout.write(
        f"importer is {medians['row by row'] / medians['importer']:.2f} times as fast as row by row\n"
    )


if __name__ == "__main__":
    main()
