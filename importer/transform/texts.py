"""Rules from text to text."""

from typing import Any

import polars as pl

from importer.ports import Tables
from importer.transform.sentences import quoted

LIGATURES = {
    "ß": "ss",
    "æ": "ae",
    "Æ": "ae",
    "ø": "o",
    "Ø": "o",
    "œ": "oe",
    "Œ": "oe",
    "ł": "l",
    "Ł": "l",
    "đ": "d",
    "Đ": "d",
}
"""Letters that Unicode does not take apart."""


def trim(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.strip_chars()


def squeeze(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.replace_all(r"\s+", " ").str.strip_chars()


def lower(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.to_lowercase()


def upper(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    return value.str.to_uppercase()


def slug(value: pl.Expr, _argument: Any, _tables: Tables) -> pl.Expr:
    plain = value.str.replace_many(list(LIGATURES), list(LIGATURES.values())).str.normalize("NFKD")
    words = plain.str.replace_all(r"\p{M}", "").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "-")
    return words.str.strip_chars("-")


def prefix(value: pl.Expr, argument: str, _tables: Tables) -> pl.Expr:
    return pl.concat_str([pl.lit(argument), value])


def suffix(value: pl.Expr, argument: str, _tables: Tables) -> pl.Expr:
    return pl.concat_str([value, pl.lit(argument)])


def replace(value: pl.Expr, argument: dict[str, str], _tables: Tables) -> pl.Expr:
    """All at once, so that one replacement never changes what another one wrote."""
    old = [str(text) for text in argument]
    return value.str.replace_many(old, list(argument.values()), leftmost=True)


def regex(value: pl.Expr, argument: dict[str, str], _tables: Tables) -> pl.Expr:
    return value.str.replace_all(argument["find"], argument["replace"])


def extract(value: pl.Expr, argument: str, _tables: Tables) -> pl.Expr:
    return value.str.extract(argument, 1)


def explain_extract(value: str, argument: str, _tables: Tables) -> tuple[str, str]:
    return f"{quoted(value)} does not hold what `{argument}` looks for.", "Correct the cell."
