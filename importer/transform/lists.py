"""Rules that make lists and rules that take them."""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from importer.domain.rows import LIST_MARK
from importer.ports import Tables
from importer.transform.kinds import Kind, element
from importer.transform.sentences import quoted


def split(value: pl.Expr, argument: str | None, _tables: Tables) -> pl.Expr:
    """At a separator (default a comma), parts trimmed, empty parts left out. A list of a JSON document is one already."""
    marked = value.str.contains(LIST_MARK, literal=True)
    text = (
        pl.when(marked).then(value).otherwise(value.str.replace_all(argument or ",", LIST_MARK, literal=True))
    )
    parts = text.str.split(LIST_MARK).list.eval(pl.element().str.strip_chars())
    return parts.list.eval(pl.element().filter(pl.element() != ""))


def join(value: pl.Expr, argument: str | None, _tables: Tables) -> pl.Expr:
    return value.list.join("," if argument is None else argument)


def entries(value: pl.Expr, argument: dict[str, Any], _tables: Tables) -> pl.Expr:
    """`value` holds JSON texts: each becomes the field of an object, beside the same constants in all."""
    constants = orjson.dumps(argument.get("with") or {}).decode()[1:-1]
    behind = f",{constants}}}" if constants else "}"
    name = orjson.dumps(argument["field"]).decode()
    return value.list.eval(pl.concat_str([pl.lit(f"{{{name}:"), pl.element(), pl.lit(behind)]))


def pairs(value: pl.Expr, argument: dict[str, str], _tables: Tables) -> pl.Expr:
    """A part without its `equals` sign makes the whole cell wrong."""
    equals = argument.get("equals", "=")
    parts = value.str.split(argument.get("separator", ","))
    names = (orjson.dumps(argument[word]).decode() for word in ("key", "value"))
    return parts.list.eval(_pair(pl.element(), equals, *names)).pipe(_whole)


def _pair(part: pl.Expr, equals: str, key: str, value: str) -> pl.Expr:
    halves = part.str.splitn(equals, 2)
    left, right = (
        element(Kind.TEXT, halves.struct.field(f"field_{place}").str.strip_chars()) for place in (0, 1)
    )
    return pl.concat_str([pl.lit(f"{{{key}:"), left, pl.lit(f",{value}:"), right, pl.lit("}")])


def _whole(parts: pl.Expr) -> pl.Expr:
    """Null when a part is null."""
    return pl.when(~parts.list.eval(pl.element().is_null()).list.any()).then(parts)


def explain_pairs(value: str, argument: dict[str, str], _tables: Tables) -> tuple[str, str]:
    equals, separator = argument.get("equals", "="), argument.get("separator", ",")
    text = f"{quoted(value)} is not a list of `name{equals}value`."
    return text, f"Write it like size{equals}M{separator}colour{equals}red."


def entries_faults(argument: dict[str, Any]) -> Iterator[str]:
    if argument["field"] in argument.get("with", {}):
        yield f"`{argument['field']}` is the field of the value and stands under `with:` too."


def pairs_faults(argument: dict[str, str]) -> Iterator[str]:
    if argument["key"] == argument["value"]:
        yield "`key` and `value` must be two different fields."
    if argument.get("equals", "=") == argument.get("separator", ","):
        yield "`equals` and `separator` must be two different marks."
