"""The rule for dates: one format for a column, and nothing that is only nearly it."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from importer.ports import Tables
from importer.transform.sentences import quoted

DATE, TIME = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
HOURS = ("%H", "%I", "%T", "%R")


def date(value: pl.Expr, argument: dict[str, str], _tables: Tables) -> pl.Expr:
    """Written again in its format the date must be the same text: Polars alone would also take `2024-1-1`."""
    format_ = argument["format"]
    text = value.str.strip_chars()
    with_time = any(mark in format_ for mark in HOURS)
    moment = (
        text.str.to_datetime(format_, strict=False) if with_time else text.str.to_date(format_, strict=False)
    )
    again = moment.dt.to_string(format_)
    return pl.when(again == text).then(moment.dt.to_string(argument.get("to", TIME if with_time else DATE)))


def explain_date(value: str, argument: dict[str, str], _tables: Tables) -> tuple[str, str]:
    example = argument["format"]
    for mark, shown in EXAMPLES.items():
        example = example.replace(mark, shown)
    return f"{quoted(value)} is not a date of the form `{argument['format']}`.", f"Write it as {example}."


EXAMPLES = {"%Y": "2024", "%y": "24", "%m": "03", "%d": "31", "%H": "13", "%M": "45", "%S": "00"}

SAMPLE = datetime(2024, 3, 31, 13, 45, 59)  # noqa: DTZ001 - a shop's dates have no zone


def date_faults(argument: dict[str, str]) -> Iterator[str]:
    """Each form is tried: a date written in it must be read again."""
    try:
        text = pl.select(pl.lit(SAMPLE).dt.to_string(argument["format"]).alias("text"))
        again = text.select(date(pl.col("text"), {"format": argument["format"]}, {})).item()
    except pl.exceptions.PolarsError:
        again = None
    if again is None or not again.startswith(f"{SAMPLE:{DATE}}"):
        yield f"`{argument['format']}` does not give a whole date; write for example '%d.%m.%Y' or '%Y-%m-%d %H:%M'."
    try:
        pl.select(pl.lit(SAMPLE).dt.to_string(argument.get("to", DATE)))
    except pl.exceptions.PolarsError:
        yield f"`{argument['to']}` is no form of a date; write for example '%Y-%m-%d'."
