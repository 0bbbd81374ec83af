"""What wrong rows cost: the same file with 1 % and with 10 % of its rows wrong, mapped and checked.

The faults are of a dozen kinds, most of them with a value of their own in every row. `python -m bench.checking` takes
about a minute.
"""

import csv
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from importer.formats.reading import Reading
from importer.services.examination import examine
from importer.sources.mappings import MappingFolders
from importer.transform.cutting import cut

ROWS, ROUNDS = 100_000, 5
SHARES = (0.01, 0.1)
TABLES = {
    "attribute_set": {"Default": 4, "Bag": 15},
    "tax_class": {"Taxable Goods": "2", "None": "0"},
    "category": {f"Default Category/Branch {n}": str(n) for n in range(2, 400)},
    "website": {"base": 1, "outlet": 2},
    "option:color": {name: str(n) for n, name in enumerate(["red", "green", "blue", "black"], 40)},
    "attributes": {},
}
DOCUMENT = """
importer: 1
entity: product
request: {method: POST, path: /V1/products, idempotent: true}
key: sku
lists: {product.custom_attributes: {key: attribute_code, value: value}}
constants: {product.type_id: simple}
columns:
  sku: {to: product.sku, rules: [trim]}
  name: {to: product.name, rules: [trim]}
  price: {to: product.price, rules: [number]}
  set: {to: product.attribute_set_id, rules: [{look_up: attribute_set}]}
  weight: {to: product.weight, rules: [number]}
  status: {to: product.status, rules: [{values: {map: {"yes": 1, "no": 2}}}]}
  visibility: {to: product.visibility, rules: [integer]}
  description: {to: 'product.custom_attributes[description]'}
  short: {to: 'product.custom_attributes[short_description]'}
  url: {to: 'product.custom_attributes[url_key]', rules: [lower]}
  tax: {to: 'product.custom_attributes[tax_class_id]', rules: [{look_up: tax_class}]}
  color: {to: 'product.custom_attributes[color]', rules: [{look_up: 'option:color'}]}
  material: {to: 'product.custom_attributes[material]'}
  ean: {to: 'product.custom_attributes[ean]'}
  cost: {to: 'product.custom_attributes[cost]', rules: [number]}
  special: {to: 'product.custom_attributes[special_price]', rules: [number]}
  from: {to: 'product.custom_attributes[special_from_date]', rules: [{date: {format: '%Y-%m-%d'}}]}
  title: {to: 'product.custom_attributes[meta_title]'}
  keywords: {to: 'product.custom_attributes[meta_keyword]'}
  brand: {to: 'product.custom_attributes[brand]'}
  categories:
    to: product.extension_attributes.category_links
    rules: [{split: ;}, {look_up_each: category}, {entries: {field: category_id, with: {position: 0}}}]
  websites: {to: product.extension_attributes.website_ids, rules: [{split: ;}, {look_up_each: website}]}
  qty: {to: product.extension_attributes.stock_item.qty, rules: [number]}
  in_stock: {to: product.extension_attributes.stock_item.is_in_stock, rules: [boolean]}
  backorders: {to: product.extension_attributes.stock_item.backorders, rules: [integer]}
schema:
  type: object
  required: [product]
  properties:
    product:
      type: object
      required: [sku, name, price, attribute_set_id]
      properties:
        sku: {type: string, minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$'}
        name: {type: string, minLength: 1, maxLength: 255}
        price: {type: number, minimum: 0, multipleOf: 0.01}
        weight: {type: number, minimum: 0, maximum: 1000}
        visibility: {enum: [1, 2, 3, 4]}
        extension_attributes:
          properties:
            category_links: {maxItems: 10}
            stock_item: {properties: {qty: {minimum: 0}, backorders: {maximum: 2}}}
        custom_attributes:
          items:
            allOf:
              - if: {properties: {attribute_code: {const: url_key}}}
                then: {properties: {value: {type: string, pattern: '^[a-z0-9-]+$', maxLength: 80}}}
              - if: {properties: {attribute_code: {const: ean}}}
                then: {properties: {value: {pattern: '^[0-9]{13}$'}}}
              - if: {properties: {attribute_code: {const: meta_title}}}
                then: {properties: {value: {maxLength: 60}}}
              - if: {properties: {attribute_code: {const: cost}}}
                then: {properties: {value: {minimum: 0}}}
      if: {properties: {status: {const: 1}}}
      then: {required: [weight], properties: {price: {exclusiveMinimum: 0}}}
"""
FAULTS = {
    "sku": "bad sku {n}",
    "name": "{n}" + "x" * 255,
    "price": "-{n}.50",
    "weight": "{n} kg",
    "visibility": "{n}",
    "url": "Web Page {n}",
    "tax": "Taxable {n}",
    "color": "red {n}",
    "ean": "40{n}",
    "cost": "-{n}",
    "from": "{n}.1.2024",
    "title": "{n}" + "y" * 60,
    "categories": "Default Category/Branch 7;Default Category/Brunch {n}",
    "qty": "-{n}",
    "set": "Bags",
}


def good(n: int) -> dict[str, str]:
    return {
        "sku": f"A-{n}", "name": f"Thing number {n}", "price": f"{n % 900 + 1}.90", "set": "Default",
        "weight": f"{n % 90}.5", "status": "yes" if n % 3 else "no", "visibility": "4",
        "description": f'A "long" text about thing {n},\nwith two lines', "short": f"Text about {n}",
        "url": f"thing-{n}", "tax": "Taxable Goods", "color": "red" if n % 2 else "blue", "material": "Wool",
        "ean": f"{4_000_000_000_000 + n}", "cost": f"{n % 400}.25", "special": "", "from": "2024-03-01",
        "title": f"Thing {n}", "keywords": f"thing,{n}", "brand": "Own", "qty": str(n % 50), "in_stock": "1",
        "categories": f"Default Category/Branch {n % 300 + 2};Default Category/Branch 7", "websites": "base",
        "backorders": "0",
    }  # fmt: skip


def write(path: Path, share: float, rows: int = ROWS) -> None:
    """`share` of the rows hold one fault, every fifth of these two."""
    dice = random.Random(7)  # noqa: S311 - a file that is the same every time
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(good(0)))
        out.writeheader()
        for n in range(1, rows + 1):
            row = good(n)
            if dice.random() < share:
                for column in dice.sample(sorted(FAULTS), 2 if dice.random() < 0.2 else 1):
                    row[column] = FAULTS[column].format(n=n)
            out.writerow(row)


def checked(path: Path) -> tuple[int, int]:
    """(rows without fault, rows with one)."""
    mapping = MappingFolders([]).parse("bench", DOCUMENT)
    document = examine(path, path.name, mapping, TABLES, Reading(delimiter=",", quote='"'))
    good_rows, bad = 0, 0
    for frame in document.frames():
        done = document.transform(frame.cells)
        good_rows += sum(len(one.rows) for one in cut(done.operations, size=1000, max_bytes=4 << 20))
        bad += len({error.row for error in done.errors})
    return good_rows, bad


def main() -> None:
    times: dict[float, list[float]] = {share: [] for share in SHARES}
    with tempfile.TemporaryDirectory() as folder:
        for share in SHARES:
            write(Path(folder) / f"{share}.csv", share)
        for _ in range(ROUNDS):
            for share in SHARES:
                began = time.perf_counter()
                rows = checked(Path(folder) / f"{share}.csv")
                times[share].append(time.perf_counter() - began)
                if sum(rows) != ROWS or not 0.8 < rows[1] / (ROWS * share) < 1.2:
                    sys.exit(f"Of {ROWS:,} rows {share:.0%} are wrong; found were {rows}.")
    medians = {share: statistics.median(found) for share, found in times.items()}
    for share, median in medians.items():
        sys.stdout.write(f"{share:4.0%} wrong {ROWS / median:10,.0f} rows/s (median of {ROUNDS})\n")
    sys.stdout.write(
        f"10 % wrong runs at {medians[SHARES[0]] / medians[SHARES[1]]:.0%} of the speed at 1 %\n"
    )


if __name__ == "__main__":
    main()
