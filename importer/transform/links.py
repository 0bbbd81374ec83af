"""The rule for links of a product: `A,B|2,1`, SKUs and behind a bar their positions (native CSV, sections 2 and 4).

Cells of grouped products say how many of each belong to it: `A=2,B=1|`.
"""

import re
from typing import Any

import orjson
import polars as pl

from importer.domain.mapping import CLEAR_MARKER
from importer.domain.rows import LIST_MARK
from importer.ports import Tables
from importer.transform.kinds import numeral
from importer.transform.references import OWN_KEY, to_key
from importer.transform.sentences import quoted
from importer.transform.variations import once

KINDS = ("related", "crosssell", "upsell", "associated")
ASSOCIATED = "associated"
QUANTITY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?")
POSITION = re.compile(r"[0-9]{1,9}")
EXAMPLE = "Write A,B: SKUs between commas; in the column of positions as many whole numbers, or nothing."


class Unreadable(Exception):
    """Why a cell is no list of links."""


def links(value: pl.Expr, argument: str, _tables: Tables) -> pl.Expr:
    """A target that stands twice counts once, where it stands first."""

    def read(cell: str) -> list[str] | None:
        try:
            return [orjson.dumps(link).decode() for link in _links(cell, argument)]
        except Unreadable:
            return None

    return once(value, read)


def explain(value: str, argument: str, _tables: Tables) -> tuple[str, str]:
    try:
        _links(value, argument)
    except Unreadable as error:
        return f"The links cannot be read: {error}", EXAMPLE
    return "The links cannot be read.", EXAMPLE


def _links(cell: str, kind: str) -> list[dict[str, Any]]:
    """Raises Unreadable."""
    targets, _, places = cell.rpartition("|")
    names, positions = _parts(targets), _parts(places)
    if CLEAR_MARKER in names:
        raise Unreadable(f"{CLEAR_MARKER} would remove links, and links are only added.")
    if positions and len(positions) != len(names):
        raise Unreadable(f"there are {len(names)} SKUs and {len(positions)} positions.")
    wrong = next((place for place in positions if not POSITION.fullmatch(place)), None)
    if wrong is not None:
        raise Unreadable(f"the position {quoted(wrong)} is no whole number.")
    found: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(names):
        sku, more = _quantity(name) if kind == ASSOCIATED else (name, {})
        position = int(positions[number]) if positions else number + 1
        link = {"sku": OWN_KEY, "link_type": kind, "linked_product_sku": to_key(sku), "position": position}
        found.setdefault(sku.lower(), link | more)
    return list(found.values())


def _quantity(text: str) -> tuple[str, dict[str, Any]]:
    """`A=2` -> the SKU and how many of it; a SKU alone has no quantity. Raises Unreadable."""
    sku, equals, quantity = (part.strip() for part in text.rpartition("="))
    if not equals:
        return quantity, {}
    if not sku or not QUANTITY.fullmatch(quantity):
        raise Unreadable(f"the quantity in {quoted(text)} is no number.")
    return sku, {"extension_attributes": {"qty": orjson.Fragment(numeral(quantity))}}


def _parts(text: str) -> list[str]:
    """Between commas, or the texts of a JSON document's list."""
    return list(filter(None, (part.strip() for part in re.split(f"[,{LIST_MARK}]", text))))
