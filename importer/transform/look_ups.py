"""Rules from a name to what the shop (or the mapping) means by it. Names are compared without upper and lower case."""

from collections.abc import Iterator, Mapping as Dict
from typing import Any

import orjson
import polars as pl

from importer.ports import Tables
from importer.transform.kinds import Kind
from importer.transform.sentences import nearest, quoted

TABLES = ("attribute_set", "website", "store_view", "category", "tax_class", "customer_group")
"""The tables of a shop, beside one of options for each attribute."""

UNCHECKED = "0"
"""Stands for the id of any name where there is no shop to ask (a check without a shop)."""


def values(value: pl.Expr, argument: dict[str, Any], _tables: Tables) -> pl.Expr:
    words = {word.strip().lower(): _text(target, argument) for word, target in argument["map"].items()}
    mapped = _replaced(value, words)
    if "otherwise" in argument:
        other = _text(argument["otherwise"], argument)
        mapped = pl.when(value.is_not_null()).then(mapped.fill_null(pl.lit(other)))
    return mapped


def values_kind(_kind: Kind, argument: dict[str, Any], _tables: Tables) -> Kind:
    targets = [*argument["map"].values(), *([argument["otherwise"]] if "otherwise" in argument else [])]
    return _common_kind(targets)


def _common_kind(targets: list[Any]) -> Kind:
    if all(isinstance(target, str) for target in targets):
        return Kind.TEXT
    if all(isinstance(target, bool) for target in targets):
        return Kind.BOOLEAN
    if all(isinstance(target, int) and not isinstance(target, bool) for target in targets):
        return Kind.NUMBER
    return Kind.JSON


def _text(target: Any, argument: dict[str, Any]) -> str:
    return str(target) if values_kind(Kind.TEXT, argument, {}) is Kind.TEXT else orjson.dumps(target).decode()


def explain_values(value: str, argument: dict[str, Any], _tables: Tables) -> tuple[str, str]:
    words = ", ".join(quoted(word) for word in argument["map"])
    return f"{quoted(value)} is not one of the known words.", f"Known words: {words}."


def values_faults(argument: dict[str, Any]) -> Iterator[str]:
    seen: dict[str, Any] = {}
    for word, target in argument["map"].items():
        if seen.setdefault(word.strip().lower(), target) != target:
            yield f"`{word}` stands twice with two meanings; words are compared without upper and lower case."


def look_up(value: pl.Expr, argument: str, tables: Tables) -> pl.Expr:
    if not _asked(tables):
        return pl.when(value.is_not_null()).then(pl.lit(UNCHECKED))
    return _replaced(value, _ids(tables.get(argument, {})))


def _asked(tables: Tables) -> bool:
    """Whether a shop was asked at all; then a table that is not there is not readable, and knows no name."""
    return any(name in tables for name in TABLES)


def look_up_each(value: pl.Expr, argument: str, tables: Tables) -> pl.Expr:
    if not _asked(tables):
        return value.list.eval(pl.lit(UNCHECKED))
    found = value.list.eval(_replaced(pl.element(), _ids(tables.get(argument, {}))))
    missing = found.list.eval(pl.element().is_null()).list.any()
    return pl.when(~missing).then(found.list.unique(maintain_order=True))


def kind(_kind: Kind, argument: str, tables: Tables) -> Kind:
    return _common_kind(list(tables.get(argument, {}).values()))


def explain(value: str, argument: str, tables: Tables) -> tuple[str, str]:
    return _unknown([value], argument, tables)


def explain_each(value: list[str], argument: str, tables: Tables) -> tuple[str, str]:
    known = lowered(tables.get(argument, {}))
    return _unknown([part for part in value if part.strip().lower() not in known], argument, tables)


def _unknown(names: list[str], table: str, tables: Tables) -> tuple[str, str]:
    option, code = table.startswith("option:"), table.removeprefix("option:")
    subject = f"option of {code}" if option else table.replace("_", " ")
    if table not in tables:
        if option:
            return f"The shop has no attribute '{code}'.", "Correct the mapping."
        return f"The shop does not tell its {subject}s.", "Give the shop's token the permission to read them."
    text = f"The shop has no {subject} named {', '.join(quoted(name) for name in names)}."
    return text, nearest(names[0], tables[table])


def lowered(table: Dict[str, Any]) -> dict[str, Any]:
    """Names in lower case; of names that differ only by case the first one counts."""
    return {name.lower(): value for name, value in reversed(list(table.items()))}


def _ids(table: Dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in lowered(table).items()}


def _replaced(value: pl.Expr, words: Dict[str, str]) -> pl.Expr:
    if not words:
        return pl.lit(None, dtype=pl.String)
    text = value.str.strip_chars().str.to_lowercase()
    old, new = pl.Series(list(words), dtype=pl.String), pl.Series(list(words.values()), dtype=pl.String)
    return text.replace_strict(old, new, default=None, return_dtype=pl.String)
