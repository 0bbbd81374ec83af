"""Whether the rules of a column make sense one after the other, and whether its default is what they would give."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from importer.domain.mapping import TOGETHER, Column, Mapping, RuleCall, suggestion
from importer.transform.kinds import Kind
from importer.transform.rules import MANY, RULES
from importer.transform.shapes import Path, misfits, shown

Found = tuple[Path, str]
NUMERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
MOST_RULES = 32


def faults(mapping: Mapping, parts: Collection[Path]) -> Iterator[Found]:
    for name, column in mapping.columns.items():
        if ("columns", name, "rules") not in parts:
            yield from _of_column(column, parts)


def makes_list(column: Column) -> bool:
    """Whether its rules give a list; no when one of them has a fault."""
    kind = Kind.TEXT
    for call in column.rules:
        if any(_of_call(call, ())):
            return False
        kind = RULES[call.name].kind(kind, call.argument, {})
    return kind.many


def _of_column(column: Column, parts: Collection[Path]) -> Iterator[Found]:
    place: Path = ("columns", column.name)
    if len(column.rules) > MOST_RULES:
        yield (*place, "rules"), f"a column has at most {MOST_RULES} rules."
        return
    kind: Kind | None = Kind.TEXT
    for number, call in enumerate(column.rules):
        here = (*place, "rules", number)
        if here in parts:
            kind = None
            continue
        told = [*_of_call(call, here)]
        yield from told
        known = call.name in RULES and not told
        if known and kind is not None:
            yield from _of_order(call, kind, column.rules[:number], here)
        kind = RULES[call.name].kind(kind or Kind.TEXT, call.argument, {}) if known else None
    if kind is not None and column.default is not None:
        unsure = any(call.name.startswith("look_up") for call in column.rules)
        yield from _of_default(column.default, kind, (*place, "default"), unsure=unsure)


def _of_call(call: RuleCall, place: Path) -> Iterator[Found]:
    """The rule's name, then its argument's shape, then what only the rule itself can judge."""
    rule = RULES.get(call.name)
    if rule is None and TOGETHER in call.name:
        names = " and ".join(f"`{name}`" for name in call.name.split(TOGETHER))
        yield place, f"one entry of a list holds one rule; write {names} as entries of their own."
        return
    if rule is None:
        yield place, f"unknown rule `{call.name}`{suggestion(call.name, RULES)}"
        return
    if call.argument is None and rule.needs_argument:
        yield place, f"`{call.name}` needs an argument: {rule.says}."
        return
    bent = list(misfits(rule.argument, call.argument))
    for inner, text in bent:
        yield (*place, call.name, *inner), text
    if not bent:
        yield from (((*place, call.name), text) for text in rule.faults(call.argument))


def _of_order(call: RuleCall, kind: Kind, before: tuple[RuleCall, ...], place: Path) -> Iterator[Found]:
    takes = RULES[call.name].takes
    if kind in takes:
        return
    gets = f"`{call.name}` gets a {kind.value}" + (f" from `{before[-1].name}`" if before else "")
    if takes & MANY:
        yield place, f"{gets}, and it takes a list: put `split` before it."
    elif kind.many:
        yield place, f"{gets}, and it takes a text: put it before the list is made, or `join` before it."
    else:
        yield place, f"{gets}, and it takes a text: put it before `{before[-1].name}`."


def _of_default(value: Any, kind: Kind, place: Path, *, unsure: bool) -> Iterator[Found]:
    """A default stands in the payload as it is, so it has the kind that the rules give."""
    wanted = {
        Kind.NUMBER: lambda one: (
            (isinstance(one, int | float) and not isinstance(one, bool))
            or (isinstance(one, str) and NUMERAL.fullmatch(one) is not None)
        ),
        Kind.BOOLEAN: lambda one: isinstance(one, bool),
        Kind.TEXT: lambda one: isinstance(one, str | int | float) and (unsure or not isinstance(one, bool)),
    }.get(kind.one)
    values = value if kind.many and isinstance(value, list) else [value]
    if wanted is not None and not unsure and not all(map(wanted, values)):
        yield (
            place,
            f"the default {shown(value)} is no {kind.one.value}, which the rules of this column give.",
        )
