"""Words of JSON Schema about one text, number or truth value, as expressions over the texts that hold these."""

import math
from collections.abc import Callable, Mapping as Dict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from importer.transform import patterns
from importer.transform.kinds import EXACT_DIGITS, Kind
from importer.transform.logic import Verdict, both

LARGEST_EXACT = 2**50
"""Whole numbers below it survive arithmetic with floats."""
NUMERAL = r"^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$"
"""A number as JSON writes it without needless digits; two equal numbers are equal texts. `-0` is none."""


@dataclass(frozen=True)
class Scalar:
    """Texts of one kind: TEXT, NUMBER or BOOLEAN."""

    kind: Kind
    value: pl.Expr


def known(scalar: Scalar) -> pl.Expr:
    """Where the words below speak the truth: there is a value, and a number is one that a float keeps."""
    there = scalar.value.is_not_null()
    if scalar.kind is not Kind.NUMBER:
        return there
    value = scalar.value
    return there & (value.str.len_bytes() <= EXACT_DIGITS) & value.str.contains(NUMERAL) & (value != "-0")


def word(name: str, argument: Any, scalar: Scalar) -> Verdict:
    if name in ANY:
        return ANY[name](argument, scalar)
    if name in OF_KIND:
        kind, judge = OF_KIND[name]
        return judge(argument, scalar.value) if scalar.kind is kind else True
    return True if name in OF_CONTAINERS else None


def _type(argument: Any, scalar: Scalar) -> Verdict:
    types = argument if isinstance(argument, list) else [argument]
    if scalar.kind is Kind.NUMBER and "number" not in types and "integer" in types:
        return ~scalar.value.str.contains(".", literal=True)
    return {Kind.TEXT: "string", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}[scalar.kind] in types


def _enum(argument: list[Any], scalar: Scalar) -> Verdict:
    texts = [text for one in argument if (text := _text(one, scalar.kind)) is not None]
    return scalar.value.is_in(texts) if texts else False


def _const(argument: Any, scalar: Scalar) -> Verdict:
    return _enum([argument], scalar)


def _text(value: Any, kind: Kind) -> str | None:
    """The value as a text of that kind; None when none can be equal to it."""
    if isinstance(value, bool):
        return orjson.dumps(value).decode() if kind is Kind.BOOLEAN else None
    if isinstance(value, str):
        return value if kind is Kind.TEXT else None
    if kind is Kind.NUMBER and isinstance(value, int | float):
        return numeral(value)
    return None


def numeral(value: float) -> str:
    number = format(Decimal(repr(value)), "f")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if number == "-0" else number


def _number(compare: Callable[[pl.Expr, float], pl.Expr]) -> Callable[[Any, pl.Expr], Verdict]:
    def judge(limit: Any, value: pl.Expr) -> Verdict:
        if isinstance(limit, int) and abs(limit) > LARGEST_EXACT:
            return None
        return compare(value.cast(pl.Float64, strict=False), float(limit))

    return judge


def _multiple(step: Any, value: pl.Expr) -> Verdict:
    """By the digits behind the point, and as a whole number of the step's last digit."""
    _, digits, exponent = Decimal(repr(step)).normalize().as_tuple()
    places, units = max(0, -int(exponent)), int("".join(map(str, digits))) * 10 ** max(0, int(exponent))
    if places > EXACT_DIGITS or units > LARGEST_EXACT:
        return None
    fits = rf"^-?\d+(\.\d{{1,{places}}})?$" if places else r"^-?\d+$"
    written = value.str.contains(fits)
    if units == 1:
        return written
    scaled = value.cast(pl.Float64, strict=False) * math.pow(10, places)
    whole = pl.when(scaled.abs() < LARGEST_EXACT).then(scaled.round().cast(pl.Int64) % units == 0)
    return both(written, whole)


def at_least(count: pl.Expr | int, limit: float) -> Verdict:
    """No count comes near a limit that Polars could not hold."""
    return count >= min(limit, LARGEST_EXACT)


def at_most(count: pl.Expr | int, limit: float) -> Verdict:
    return count <= min(limit, LARGEST_EXACT)


def _pattern(pattern: Any, value: pl.Expr) -> Verdict:
    return patterns.found(value, pattern) if patterns.same_in_rust(pattern) else None


ANY: Dict[str, Callable[[Any, Scalar], Verdict]] = {"type": _type, "enum": _enum, "const": _const}
OF_KIND: Dict[str, tuple[Kind, Callable[[Any, pl.Expr], Verdict]]] = {
    "minimum": (Kind.NUMBER, _number(lambda number, limit: number >= limit)),
    "maximum": (Kind.NUMBER, _number(lambda number, limit: number <= limit)),
    "exclusiveMinimum": (Kind.NUMBER, _number(lambda number, limit: number > limit)),
    "exclusiveMaximum": (Kind.NUMBER, _number(lambda number, limit: number < limit)),
    "multipleOf": (Kind.NUMBER, _multiple),
    "minLength": (Kind.TEXT, lambda limit, value: at_least(value.str.len_chars(), limit)),
    "maxLength": (Kind.TEXT, lambda limit, value: at_most(value.str.len_chars(), limit)),
    "pattern": (Kind.TEXT, _pattern),
}
OF_OBJECTS = frozenset(
    {
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
    }
)  # fmt: skip
OF_LISTS = frozenset(
    {
        "items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems",
        "unevaluatedItems",
    }
)  # fmt: skip
OF_CONTAINERS = OF_OBJECTS | OF_LISTS
"""Words that say nothing about a text, a number or a truth value."""
