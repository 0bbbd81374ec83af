"""A mapping in words, for the person who asks what it does: column by column, from the file to the payload."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from importer.domain.mapping import Column, Condition, EmptyCell, Mapping, RuleCall
from importer.transform.shapes import shown


@dataclass(frozen=True)
class Told:
    """One column: how a file may call it, where it goes (None: it is only read), its rules, and what else counts."""

    column: str
    synonyms: tuple[str, ...]
    to: str | None
    rules: tuple[str, ...]
    notes: tuple[str, ...]


def told(mapping: Mapping) -> list[Told]:
    return [
        Told(
            column=column.name,
            synonyms=column.synonyms,
            to=_place(column, mapping),
            rules=tuple(in_words(call) for call in column.rules),
            notes=tuple(_notes(column, mapping)),
        )
        for column in mapping.columns.values()
    ]


def _place(column: Column, mapping: Mapping) -> str | None:
    return f"{mapping.attribute_path}[...]" if column.expand else column.to


def _notes(column: Column, mapping: Mapping) -> Iterator[str]:
    given = column.expand.argument if column.expand else None
    notes = {
        "key" if len(mapping.keys) == 1 else "part of the key": column.name in mapping.keys,
        "must be in the file": column.required,
        f"computed: {column.expr}": column.expr is not None,
        f"holds attributes, code=value, divided at {shown(given)}": column.expand,
        f"only where {condition(column.when) if column.when else ''}": column.when,
        f"{shown(column.default)} when empty or absent": column.default is not None,
        EMPTY[column.empty or mapping.empty]: column.empty,
        f"{column.inherit and shown(column.inherit.word)} sets {column.inherit and column.inherit.flag} instead": (
            column.inherit
        ),
        "every value once": column.unique,
    }
    return (note for note, holds in notes.items() if holds)


EMPTY = {
    EmptyCell.KEEP: "empty: the shop's value stays",
    EmptyCell.CLEAR: "empty: the shop's value is cleared",
    EmptyCell.ERROR: "empty: the row is refused",
}


def phases(mapping: Mapping) -> Iterator[str]:
    """What goes in each phase, in order."""
    for phase in mapping.selections:
        which = f"rows where {condition(phase.when)}" if phase.when else "all rows that are left"
        yield f"{phase.name}: {which}"
    if mapping.scope:
        yield f"{mapping.scope.column}: rows where it is neither empty nor {shown(mapping.scope.default)}"
    for phase in mapping.follow_ups.values():
        request, parts = phase.request, ", ".join(phase.payload)
        route = f"{request.method} {request.path}" if request else ""
        yield f"{phase.name}: {parts} of the rows that have any, as a second request, {route}"


def condition(when: Condition) -> str:
    words = " or ".join(f"`{word}`" if word else "empty" for word in sorted(when.values))
    return f"{when.column} is {'not ' if when.negated else ''}{words}"


def in_words(call: RuleCall) -> str:
    return WORDS[call.name](call.argument)


def _number(kind: str) -> Callable[[Any], str]:
    def words(argument: Any) -> str:
        options = argument or {}
        text = f"a {kind} with {shown(options.get('decimal', '.'))} as decimal mark"
        if options.get("thousands"):
            text += f", {shown(options['thousands'])} between thousands"
        return text + (f", without {', '.join(options['units'])}" if options.get("units") else "")

    return words


def _boolean(argument: Any) -> str:
    options = argument or {}
    yes, no = options.get("true", ["1", "yes", "true", "y"]), options.get("false", ["0", "no", "false", "n"])
    return f"yes for {'/'.join(map(str, yes))}, no for {'/'.join(map(str, no))}"


def _date(argument: dict[str, str]) -> str:
    return f"a date written as {argument['format']}" + (
        f", sent as {argument['to']}" if "to" in argument else ""
    )


def _values(argument: dict[str, Any]) -> str:
    words: dict[str, list[str]] = {}
    for word, target in argument["map"].items():
        words.setdefault(str(target), []).append(word)
    pairs = [f"{'/'.join(found)} → {target}" for target, found in words.items()]
    shortened = pairs if len(pairs) <= 6 else [*pairs[:5], f"{len(pairs) - 5} more"]
    return ", ".join(shortened) + (f", else {argument['otherwise']}" if "otherwise" in argument else "")


def _entries(argument: dict[str, Any]) -> str:
    beside = "".join(f", {name}: {value}" for name, value in argument.get("with", {}).items())
    return f"each becomes {{{argument['field']}: ...{beside}}}"


def _records(argument: dict[str, Any]) -> str:
    mark = argument.get("separator", "|")
    return f"records between {shown(mark)} become objects with {', '.join(argument['fields'])}"


def _table(argument: str) -> str:
    name = argument.removeprefix("option:")
    return f"option of {name}" if name != argument else argument.replace("_", " ")


WORDS: dict[str, Callable[[Any], str]] = {
    "trim": lambda _: "no outer blanks",
    "squeeze": lambda _: "single blanks only",
    "lower": lambda _: "lower case",
    "upper": lambda _: "upper case",
    "slug": lambda _: "as part of a web address",
    "prefix": lambda argument: f"{shown(argument)} before it",
    "suffix": lambda argument: f"{shown(argument)} behind it",
    "replace": lambda argument: ", ".join(f"{shown(old)} becomes {shown(new)}" for old, new in argument.items()),
    "regex": lambda argument: f"what matches {shown(argument['find'])} becomes {shown(argument['replace'])}",
    "extract": lambda argument: f"the part that {shown(argument)} finds",
    "number": _number("number"),
    "integer": _number("whole number"),
    "boolean": _boolean,
    "date": _date,
    "values": _values,
    "split": lambda argument: f"a list, divided at {shown(argument or ',')}",
    "join": lambda argument: f"joined with {shown(',' if argument is None else argument)}",
    "entries": _entries,
    "pairs": lambda argument: f"name{argument.get('equals', '=')}value pairs, divided at {shown(argument.get('separator', ','))}",
    "records": _records,
    "variation_options": lambda _: "the options of a configurable product",
    "variation_children": lambda _: "the ids of its children, which go before it",
    "links": lambda argument: f"{argument} links, which go after their targets",
    "look_up": lambda argument: f"the shop's id of this {_table(argument)}",
    "look_up_each": lambda argument: f"the shop's id of every {_table(argument)}",
}  # fmt: skip
"""Rule -> what it does with this argument, for a table on a terminal."""
