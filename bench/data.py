"""The files that the benchmarks read: 25 columns as a merchant writes them, some rows wrong in known ways.

The same seed gives the same file. One cell in nine has a line break, names carry letters beyond ASCII, texts doubled
quotes; `bad` is the share of rows that a check must refuse.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import orjson
import xlsxwriter

COLUMNS = (
    "sku", "name", "price", "set", "type", "weight", "status", "visibility", "description", "short", "url_key",
    "meta_title", "meta_keywords", "meta_description", "tax", "websites", "categories", "brand", "color", "size", "stock",
    "in_stock", "min_qty", "available_from", "manufacturer_code",
)  # fmt: skip
COLORS = ("Red", "Blue", "Green", "Black", "White", "Grün")
SIZES = ("XS", "S", "M", "L", "XL")
BRANDS = ("Müller & Söhne", "Acme", "Łódź Works", "東京", "Nordic")
CATEGORIES = (
    "Default Category",
    "Default Category/Gear",
    "Default Category/Gear/Bags",
    "Default Category/Men",
)
DAMAGE = (
    ("price", "free"), ("price", "-3"), ("price", "1.23456"), ("name", ""), ("weight", "heavy"), ("status", "maybe"),
    ("visibility", "nobody"), ("set", "Cofee"), ("tax", "None such"), ("websites", "base,moon"),
    ("categories", "Default Category/Moon"), ("color", "Octarine"), ("in_stock", "perhaps"), ("url_key", "no spaces!"),
)  # fmt: skip
"""A column and what stands in it instead of a good value."""


def rows(count: int, *, bad: float = 0.01, seed: int = 42) -> Iterator[dict[str, str]]:
    dice = random.Random(seed)  # noqa: S311 - a repeatable file
    for n in range(count):
        row = _good(n, dice)
        if dice.random() < bad:
            column, value = DAMAGE[dice.randrange(len(DAMAGE))]
            row[column] = value
        yield row


def _good(n: int, dice: random.Random) -> dict[str, str]:
    color, size, brand = dice.choice(COLORS), dice.choice(SIZES), dice.choice(BRANDS)
    text = f'The "{color}" one, size {size}, by {brand}. ' + "Sturdy, light and made to last. " * 3
    if n % 9 == 0:
        text = text.replace(". ", ".\n", 1)
    deep = CATEGORIES[1 : 2 + n % 3]
    return {
        "sku": f"B-{n:08d}",
        "name": f"{brand} bag {n} {color}",
        "price": f"{dice.randrange(1, 99_999) / 100:.2f}",
        "set": "Bag",
        "type": "simple",
        "weight": f"{dice.randrange(1, 400) / 10}",
        "status": "1" if n % 10 else "0",
        "visibility": "Catalog, Search" if n % 4 else "Search",
        "description": text,
        "short": f"{color} bag, {size}",
        "url_key": f"bag-{n}",
        "meta_title": f"Bag {n}",
        "meta_keywords": f"bag,{size},{n % 100}",
        "meta_description": "" if n % 5 == 0 else f"A bag of {brand}",
        "tax": "Taxable Goods",
        "websites": "base" if n % 3 else "base,outlet",
        "categories": ";".join(deep),
        "brand": brand,
        "color": color,
        "size": size,
        "stock": str(dice.randrange(0, 500)),
        "in_stock": "yes" if n % 7 else "no",
        "min_qty": "" if n % 2 else "1.0",
        "available_from": f"{1 + n % 28:02d}.{1 + n % 12:02d}.2026",
        "manufacturer_code": f"{n % 100_000:05d}",
    }


def write_csv(path: Path, count: int, *, bad: float = 0.01) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(row.values() for row in rows(count, bad=bad))


def write_jsonl(path: Path, count: int, *, bad: float = 0.01) -> None:
    with path.open("wb") as file:
        for row in rows(count, bad=bad):
            file.write(orjson.dumps(row) + b"\n")


def write_xlsx(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows(count), 1):
            sheet.write_row(number, 0, [*row.values()])


def write_people(path: Path, count: int, *, bad: float = 0.01, seed: int = 7) -> None:
    """Customers with an address, for a mapping that nobody tuned."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable file
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            [
                "email", "first name", "last name", "website", "group", "birthday", "vat number", "street", "street 2",
                "city", "postcode", "country", "phone",
            ]
        )  # fmt: skip
        for n in range(count):
            born = f"{1940 + n % 60}-{1 + n % 12:02d}-{1 + n % 28:02d}"
            out.writerow(
                [
                    f"person{n}@example.com", dice.choice(("Anna", "Jürgen", "Zoë", "Łukasz")), f"Müller {n % 5000}",
                    "base" if dice.random() >= bad else "moon", dice.choice(("General", "Wholesale", "Retailer")), born,
                    f"DE{n:09d}", f"Hauptstraße {n % 200}", "" if n % 3 else "Hinterhaus", "Köln", f"{n % 99999:05d}",
                    "DE", f"+49 221 {n:07d}",
                ]
            )  # fmt: skip
