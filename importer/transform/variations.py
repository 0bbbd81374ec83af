"""Rules for the variations of a configurable product: `sku=A,color=Red,size=M|sku=B,color=Red,size=L` (native CSV, 4).

One rule gives the options (which attributes, which of their values), the other the children. Each distinct cell is read
once.
"""

from collections.abc import Callable, Mapping as Dict
from typing import Any

import orjson
import polars as pl

from importer.ports import Tables
from importer.transform.look_ups import lowered
from importer.transform.references import to_id
from importer.transform.sentences import quoted

IDS, LABELS = "attribute_ids", "attribute_labels"
"""The look-up tables: attribute code -> its id, and its label."""

EXAMPLE = "Write sku=A,color=Red|sku=B,color=Blue: every variation with its sku and the same attributes."


class Unreadable(Exception):
    """Why a cell is no list of variations."""


def parse(cell: str) -> list[dict[str, str]]:
    """The variations, names in lower case, without those that Magento would unlink (`display=0`). Raises Unreadable."""
    found = []
    for part in cell.split("|"):
        pairs = (piece.partition("=") for piece in part.split(","))
        variation = {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}
        if not variation.get("sku"):
            raise Unreadable(f"{quoted(part)} names no sku.")
        if variation.pop("display", "1") != "0":
            found.append(variation)
    names = [sorted(variation) for variation in found]
    if not found or any(other != names[0] for other in names) or len(names[0]) == 1:
        raise Unreadable("Its variations do not all name the same attributes.")
    skus = [variation["sku"].lower() for variation in found]
    if len(set(skus)) < len(skus):
        raise Unreadable("A sku stands in it more than once.")
    return found


def options(value: pl.Expr, _argument: Any, tables: Tables) -> pl.Expr:
    return once(value, lambda cell: _tried(cell, lambda text: _options(text, tables)))


def _options(cell: str, tables: Tables) -> list[str]:
    """Raises Unreadable."""
    variations = parse(cell)
    return [
        _option(code, place, variations, tables)
        for place, code in enumerate(name for name in variations[0] if name != "sku")
    ]


def _option(code: str, place: int, variations: list[dict[str, str]], tables: Tables) -> str:
    if IDS in tables and code not in tables[IDS]:
        raise Unreadable(f"The shop has no attribute {quoted(code)}.")
    names = list(dict.fromkeys(variation[code] for variation in variations))
    known = lowered(tables[f"option:{code}"]) if IDS in tables else {}
    unknown = [name for name in names if IDS in tables and name.lower() not in known]
    if unknown:
        raise Unreadable(f"The shop has no option of {code} named {', '.join(map(quoted, unknown))}.")
    document = {
        "attribute_id": tables.get(IDS, {}).get(code, "0"),
        "label": tables.get(LABELS, {}).get(code, code),
        "position": place,
        "values": [{"value_index": int(known.get(name.lower(), 0))} for name in names],
    }
    return orjson.dumps(document).decode()


def children(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    """References to the children: `{"$id": sku}`, in whose place their ids are sent."""
    return once(
        value,
        lambda cell: _tried(cell, lambda text: [_reference(variation["sku"]) for variation in parse(text)]),
    )


def _reference(key: str) -> str:
    return orjson.dumps(to_id(key)).decode()


def explain(value: str, _argument: Any, tables: Tables) -> tuple[str, str]:
    try:
        _options(value, tables)
    except Unreadable as error:
        return f"The variations cannot be read: {error}", EXAMPLE
    return "The variations cannot be read.", EXAMPLE


def once(value: pl.Expr, read: Callable[[str], list[str] | None]) -> pl.Expr:
    """Each distinct cell is read once; `read` gives None where it cannot be read."""

    def of_all(cells: pl.Series) -> pl.Series:
        known: Dict[str, list[str] | None] = {text: read(text) for text in cells.unique().drop_nulls()}
        return pl.Series([known.get(text) for text in cells], dtype=pl.List(pl.String))

    return value.map_batches(of_all, return_dtype=pl.List(pl.String()), is_elementwise=True)


def _tried(text: str, read: Callable[[str], list[str]]) -> list[str] | None:
    try:
        return read(text)
    except Unreadable:
        return None
