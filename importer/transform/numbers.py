"""Rules from text to numbers and truth."""

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from importer.ports import Tables
from importer.transform.kinds import numerals
from importer.transform.sentences import quoted

MOST_DIGITS = 30
TRUE = ("1", "yes", "true", "y")
FALSE = ("0", "no", "false", "n")


def number(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    return _numeral(_plain(value, argument or {}))


def integer(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    """`12.0` is a whole number, `12.5` is none."""
    written = _numeral(_plain(value, argument or {}))
    return pl.when(~written.str.contains(".", literal=True)).then(written)


def _numeral(text: pl.Expr) -> pl.Expr:
    return text.map_batches(numerals, return_dtype=pl.String, is_elementwise=True)


def _plain(value: pl.Expr, options: dict[str, Any]) -> pl.Expr:
    """The text with `.` as its decimal mark and no thousands mark, or null when it is not of this one format."""
    text = _without_units(value.str.strip_chars(), options.get("units") or [])
    decimal, thousands = options.get("decimal", "."), options.get("thousands")
    plain: pl.Expr = pl.when(text.str.contains(_pattern(decimal, thousands))).then(text)
    if thousands:
        plain = plain.str.replace_all(thousands, "", literal=True)
    return plain.str.replace(decimal, ".", literal=True) if decimal != "." else plain


def _pattern(decimal: str, thousands: str | None) -> str:
    """Thousands marks only where they belong: `1.299,50` is a number, `1.29,50` is none."""
    mark, digits = re.escape(decimal), rf"\d{{1,{MOST_DIGITS}}}"
    whole = rf"(?:{digits}|\d{{1,3}}(?:{re.escape(thousands)}\d{{3}}){{1,9}})" if thousands else digits
    return rf"^[+-]?(?:{whole}(?:{mark}\d{{0,{MOST_DIGITS}}})?|{mark}{digits})$"


def _without_units(text: pl.Expr, units: list[str]) -> pl.Expr:
    if not units:
        return text
    words = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    return text.str.replace(rf"(?i)^(?:{words})\s*|\s*(?:{words})$", "")


def explain_number(value: str, argument: Any, _tables: Tables) -> tuple[str, str]:
    options = argument or {}
    mark, thousands = options.get("decimal", "."), options.get("thousands", "")
    return (
        f"{quoted(value)} is not a number.",
        f"Write it with digits and `{mark}` as the decimal mark, such as 1{thousands}299{mark}50.",
    )


def explain_integer(value: str, _argument: Any, _tables: Tables) -> tuple[str, str]:
    return f"{quoted(value)} is not a whole number.", "Write it with digits only, such as 12."


def boolean(value: pl.Expr, argument: Any, _tables: Tables) -> pl.Expr:
    yes, no = _words(argument)
    word = value.str.strip_chars().str.to_lowercase()
    return pl.when(word.is_in(yes)).then(pl.lit("true")).when(word.is_in(no)).then(pl.lit("false"))


def _words(argument: Any) -> tuple[list[str], list[str]]:
    options = {str(key).lower(): value for key, value in (argument or {}).items()}
    return tuple(  # type: ignore[return-value]
        [str(word).lower() for word in options.get(name, default)]
        for name, default in (("true", TRUE), ("false", FALSE))
    )


def explain_boolean(value: str, argument: Any, _tables: Tables) -> tuple[str, str]:
    yes, no = _words(argument)
    if argument is None:
        return f"{quoted(value)} is neither yes nor no.", "Write 1 or 0, yes or no."
    return f"{quoted(value)} is neither yes nor no.", f"Write {' or '.join(yes)}, {' or '.join(no)}."


def number_faults(argument: Any) -> Iterator[str]:
    options = argument or {}
    if options.get("decimal", ".") == options.get("thousands"):
        yield f"`{options['thousands']}` cannot be the decimal mark and the thousands mark at once."


def boolean_faults(argument: Any) -> Iterator[str]:
    yes, no = _words(argument)
    for word in sorted(set(yes) & set(no)):
        yield f"`{word}` cannot mean yes and no at once."
