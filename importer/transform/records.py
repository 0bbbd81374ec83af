"""The rule for cells that hold a small table: `name=Size,type=radio,option_title=S|name=Size,option_title=M`.

Records stand between bars, their values as `name=value` between commas (native CSV, sections 3.2 and 4). Each distinct
cell is read once.
"""

import re
from collections.abc import Callable, Iterator, Mapping as Dict
from itertools import groupby
from typing import Any

import orjson
import polars as pl

from importer.domain.mapping import suggestion
from importer.ports import Tables
from importer.transform.kinds import numeral
from importer.transform.numbers import FALSE, TRUE
from importer.transform.sentences import quoted

WORD: Dict[str, Any] = {"type": "string", "minLength": 1}
FIELDS: Dict[str, Any] = {
    "description": "name in the cell: field of the object, or {to: field, type: text | number | boolean, default: ...}",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [
            WORD,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["to"],
                "properties": {
                    "to": WORD,
                    "type": {"enum": ["text", "number", "boolean"]},
                    "default": {"type": ["string", "number", "boolean"]},
                },
            },
        ]
    },
}
POSITION: Dict[str, Any] = {**WORD, "description": "field for the place in the list, counted from 1"}
ARGUMENT: Dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["fields"],
    "properties": {
        "fields": FIELDS,
        "position": POSITION,
        "separator": {**WORD, "description": "between records, `|`"},
        "pairs": {**WORD, "description": "between the values of a record, `,`"},
        "equals": {**WORD, "description": "between name and value, `=`"},
        "group": {
            "description": "records that follow each other with one value under `by` are one object; `into` is its list",
            "type": "object",
            "additionalProperties": False,
            "required": ["by", "into", "fields"],
            "properties": {"by": WORD, "into": WORD, "fields": FIELDS, "position": POSITION},
        },
    },
}


NUMERAL = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")


class Unreadable(ValueError):
    """What is wrong with a cell."""


def records(value: pl.Expr, argument: Dict[str, Any], _tables: Tables) -> pl.Expr:
    def read(cells: pl.Series) -> pl.Series:
        texts = cells.drop_nulls().unique()
        found = [_objects_or_none(text, argument) for text in texts.to_list()]
        table = pl.DataFrame({"cell": texts, "found": pl.Series(found, dtype=pl.List(pl.String))})
        joined = cells.to_frame("cell").join(table, on="cell", how="left", maintain_order="left")
        return joined.get_column("found")

    return value.map_batches(read, return_dtype=pl.List(pl.String), is_elementwise=True)


def explain(value: str, argument: Dict[str, Any], _tables: Tables) -> tuple[str, str]:
    try:
        read_records(value, argument)
    except Unreadable as error:
        text = str(error)
    else:
        text = f"{quoted(value)} cannot be read."
    equals, pairs = argument.get("equals", "="), argument.get("pairs", ",")
    names = f"{pairs}".join(f"{name}{equals}..." for name in list(_names(argument))[:3])
    return text, f"Write it like {names}{argument.get('separator', '|')}{names}."


def faults(argument: Dict[str, Any]) -> Iterator[str]:
    marks = [argument.get(word, mark) for word, mark in (("separator", "|"), ("pairs", ","), ("equals", "="))]
    if len(set(marks)) < len(marks):
        yield "`separator`, `pairs` and `equals` must be three different marks."
    group = argument.get("group", {})
    for fields in (argument["fields"], group.get("fields", {})):
        targets = [_target(field) for field in fields.values()]
        for name in sorted({name for name in targets if targets.count(name) > 1}):
            yield f"two values go to the field `{name}`."
    if group and group["into"] in map(_target, argument["fields"].values()):
        yield f"`{group['into']}` is a field of the object and the list in it at the same time."


def _target(field: Any) -> str:
    return field if isinstance(field, str) else str(field["to"])


def _names(argument: Dict[str, Any]) -> dict[str, None]:
    """Every name that a record may hold, in lower case."""
    group = argument.get("group", {})
    names = [*([group["by"]] if group else []), *argument["fields"], *group.get("fields", {})]
    return dict.fromkeys(name.lower() for name in names)


def _objects_or_none(text: str, argument: Dict[str, Any]) -> list[str] | None:
    try:
        return [orjson.dumps(entry).decode() for entry in objects(text, argument)]
    except Unreadable:
        return None


def objects(text: str, argument: Dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a cell. Raises Unreadable."""
    found, group = read_records(text, argument), argument.get("group")
    if group is None:
        return _placed([_object(record, argument["fields"]) for record in found], argument.get("position"))
    made = []
    for _, run in groupby(found, key=lambda record: record.get(group["by"].lower())):
        members = list(run)
        entries = [entry for record in members if (entry := _object(record, group["fields"]))]
        whole = _object(members[0], argument["fields"])
        made.append(whole | ({group["into"]: _placed(entries, group.get("position"))} if entries else {}))
    return _placed(made, argument.get("position"))


def _placed(found: list[dict[str, Any]], position: str | None) -> list[dict[str, Any]]:
    return [entry | {position: place} for place, entry in enumerate(found, 1)] if position else found


def read_records(text: str, argument: Dict[str, Any]) -> list[dict[str, str]]:
    """Names in lower case with their texts, every value tried. Raises Unreadable."""
    separator, pairs, equals = (
        argument.get(word, mark) for word, mark in (("separator", "|"), ("pairs", ","), ("equals", "="))
    )
    found = []
    for part in filter(str.strip, text.split(separator)):
        record: dict[str, str] = {}
        for piece in filter(str.strip, part.split(pairs)):
            name, mark, value = (half.strip() for half in piece.partition(equals))
            if not mark:
                raise Unreadable(f"{quoted(piece.strip())} is no `name{equals}value`.")
            if name.lower() not in _names(argument):
                raise Unreadable(
                    f"{quoted(name)} is no name that belongs here{suggestion(name, _names(argument))}"
                )
            record[name.lower()] = value
        for fields in (argument["fields"], argument.get("group", {}).get("fields", {})):
            _object(record, fields)
        found.append(record)
    return found


def _object(record: Dict[str, str], fields: Dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value. Raises Unreadable."""
    made: dict[str, Any] = {}
    for name, field in fields.items():
        options = {"to": field} if isinstance(field, str) else field
        text = record.get(name.lower(), "")
        if text:
            made[options["to"]] = VALUES[options.get("type", "text")](text)
        elif "default" in options:
            made[options["to"]] = options["default"]
    return made


def _number(text: str) -> Any:
    """As JSON writes it, no digit lost."""
    if not NUMERAL.fullmatch(text):
        raise Unreadable(f"{quoted(text)} is not a number.")
    return orjson.Fragment(numeral(text))


def _boolean(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise Unreadable(f"{quoted(text)} is neither yes nor no.")
    return text.lower() in TRUE


VALUES: dict[str, Callable[[str], Any]] = {"text": str, "number": _number, "boolean": _boolean}
