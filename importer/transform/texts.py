"""Rules from text to text."""

import re
from collections.abc import Iterator
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


def regex_faults(argument: dict[str, str]) -> Iterator[str]:
    count = groups(argument["find"])
    if isinstance(count, str):
        yield f"the pattern `{argument['find']}` {count}"
        return
    for mark in re.findall(r"\$\{?(\d+)", argument["replace"].replace("$$", "")):
        if int(mark) > count:
            yield f"`${mark}` names a group that `{argument['find']}` does not have ({count} in all)."


def extract_faults(argument: str) -> Iterator[str]:
    count = groups(argument)
    if isinstance(count, str):
        yield f"the pattern `{argument}` {count}"
    elif not count:
        yield f"the pattern `{argument}` needs a group: put (...) around what is to be kept."


def groups(pattern: str) -> int | str:
    """How many groups the pattern has, tried in the engine that will run it; or why that engine refuses it."""
    try:
        found = pl.select(pl.lit("").str.extract_groups(pattern)).to_series()
        pl.select(pl.lit("").str.replace_all(pattern, ""))
    except pl.exceptions.PolarsError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith("error:")), "error: it is not understood")
        return f"is no regular expression (Rust's kind): {reason.removeprefix('error:').strip()}."
    return len(found.struct.fields)
