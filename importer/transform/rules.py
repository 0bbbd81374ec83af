"""Named conversions of one column. Each is a Polars expression; null in, null out.

A value that goes in and does not come out is a fault of the row: then `code` names it and `explain` tells what is
wrong and what to do. Adding a rule is one function and one line in `RULES`.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping as Dict
from dataclasses import dataclass
from typing import Any

import polars as pl

from importer.ports import Tables

LONGEST_QUOTE = 80

Apply = Callable[[pl.Expr, Any, Tables], pl.Expr]
Explain = Callable[[Any, Any, Tables], tuple[str, str]]

CREATE = "Create it in the shop or correct the name."
PLAIN_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)$"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`explain` gets the value that went in (a text, or a list after `split`): (what is wrong, what to do)."""

    apply: Apply
    code: str = ""
    explain: Explain = lambda value, _argument, _tables: (f"{quoted(value)} cannot be converted.", "")


def quoted(value: object) -> str:
    """A value as a sentence shows it: as written, cut when it is long."""
    text = str(value)
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[: LONGEST_QUOTE - 1]}…'"


def _trim(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.strip_chars()


def _lower(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.to_lowercase()


def _plain(value: pl.Expr, argument: Any) -> pl.Expr:
    """The text with `.` as its decimal mark and no thousands mark, or null when it is no number."""
    options = argument or {}
    text = value.str.strip_chars()
    if mark := options.get("thousands"):
        text = text.str.replace_all(mark, "", literal=True)
    if (mark := options.get("decimal", ".")) != ".":
        text = pl.when(text.str.contains(".", literal=True)).then(None).otherwise(text)
        text = text.str.replace(mark, ".", literal=True)
    return pl.when(text.str.contains(PLAIN_NUMBER)).then(text)


def _number(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    number = _plain(value, argument).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _integer(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    whole = _plain(value, argument).str.replace(r"\.0*$", "")
    return whole.cast(pl.Int64, strict=False)


def _explain_number(value: str, argument: Any, _tables: Tables) -> tuple[str, str]:
    mark = (argument or {}).get("decimal", ".")
    return (
        f"{quoted(value)} is not a number.",
        f"Write it with digits and `{mark}` as the decimal mark, such as 1299{mark}50.",
    )


def _explain_integer(value: str, _argument: Any, _tables: Tables) -> tuple[str, str]:
    return f"{quoted(value)} is not a whole number.", "Write it with digits only, such as 12."


TRUE = ("1", "yes", "true", "y")
FALSE = ("0", "no", "false", "n")


def _boolean(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    words = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
    return _replaced(value, words, pl.Boolean)


def _explain_boolean(value: str, _argument: Any, _tables: Tables) -> tuple[str, str]:
    return f"{quoted(value)} is neither yes nor no.", "Write 1 or 0, yes or no."


def _values(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    """`{map: {word: value}, otherwise: value}`; words are compared in lower case."""
    words = {str(word).lower(): target for word, target in argument["map"].items()}
    kind = pl.String if any(isinstance(target, str) for target in words.values()) else pl.Int64
    mapped = _replaced(value, words, kind)
    if "otherwise" in argument:
        mapped = pl.when(value.is_not_null()).then(mapped.fill_null(argument["otherwise"]))
    return mapped


def _explain_values(value: str, argument: Any, _tables: Tables) -> tuple[str, str]:
    words = ", ".join(quoted(word) for word in argument["map"])
    return f"{quoted(value)} is not one of the known words.", f"Known words: {words}."


def _split(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    """At a separator (default a comma), parts trimmed, empty parts left out."""
    parts = value.str.split(argument or ",").list.eval(pl.element().str.strip_chars())
    return parts.list.eval(pl.element().filter(pl.element() != ""))


def _join(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    return value.list.eval(pl.element().cast(pl.String)).list.join(argument or ",")


def _entries(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    """A list of values as a list of objects: `{field: name of the value's field, with: {other: constant}}`."""
    constants = [pl.lit(constant).alias(name) for name, constant in argument.get("with", {}).items()]
    return value.list.eval(pl.struct(pl.element().alias(argument["field"]), *constants))


def _look_up(value: pl.Expr, argument: Any, tables: Tables) -> pl.Expr:
    return _replaced(value, lowered(tables[argument]), _kind(tables[argument]))


def _look_up_each(value: pl.Expr, argument: Any, tables: Tables) -> pl.Expr:
    found = value.list.eval(_replaced(pl.element(), lowered(tables[argument]), _kind(tables[argument])))
    missing = found.list.eval(pl.element().is_null()).list.any()
    return pl.when(~missing).then(found.list.unique(maintain_order=True))


def _explain_look_up(value: str, argument: Any, tables: Tables) -> tuple[str, str]:
    return _unknown([value], argument, tables)


def _explain_look_up_each(value: list[str], argument: Any, tables: Tables) -> tuple[str, str]:
    known = lowered(tables[argument])
    return _unknown([part for part in value if part.strip().lower() not in known], argument, tables)


def _unknown(names: list[str], table: str, tables: Tables) -> tuple[str, str]:
    subject = (
        f"option of {table.removeprefix('option:')}"
        if table.startswith("option:")
        else table.replace("_", " ")
    )
    text = f"The shop has no {subject} named {', '.join(quoted(name) for name in names)}."
    return text, nearest(names[0], tables[table])


def lowered(table: Dict[str, Any]) -> dict[str, Any]:
    """Names in lower case; of names that differ only by case the first one counts."""
    return {name.lower(): value for name, value in reversed(list(table.items()))}


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known ones, or the way to make it known."""
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.5)
    return f"Nearest: {', '.join(by_lower[other] for other in close)}." if close else CREATE


def _replaced(value: pl.Expr, words: dict[str, Any], kind: Any) -> pl.Expr:
    text = value.str.strip_chars().str.to_lowercase()
    if not words:
        return pl.lit(None, dtype=kind)
    return text.replace_strict(list(words), list(words.values()), default=None, return_dtype=kind)


def _kind(table: Any) -> Any:
    return pl.String if any(isinstance(value, str) for value in table.values()) else pl.Int64


RULES: dict[str, Rule] = {
    "trim": Rule(apply=_trim),
    "lower": Rule(apply=_lower),
    "number": Rule(apply=_number, code="number", explain=_explain_number),
    "integer": Rule(apply=_integer, code="integer", explain=_explain_integer),
    "boolean": Rule(apply=_boolean, code="boolean", explain=_explain_boolean),
    "values": Rule(apply=_values, code="values.unknown", explain=_explain_values),
    "split": Rule(apply=_split),
    "join": Rule(apply=_join),
    "entries": Rule(apply=_entries),
    "look_up": Rule(apply=_look_up, code="look_up.unknown", explain=_explain_look_up),
    "look_up_each": Rule(apply=_look_up_each, code="look_up.unknown", explain=_explain_look_up_each),
}

NUMERIC = frozenset({"number", "integer", "boolean", "look_up", "values"})
"""Rules whose result is emptied with null; everything else is emptied with an empty text."""
