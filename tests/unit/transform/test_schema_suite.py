"""The official JSON Schema tests (draft 2020-12) through importer's own way: a file's row becomes a payload and is judged.

They come with the source package of the library jsonschema; `make suite` fetches it. Each instance is tried twice: as a
part of a document that a column carries as it is, and, when it is an object of texts, numbers and truth values, as one
cell for each member.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from importer.domain.mapping import Column, Mapping, Request, RuleCall
from importer.domain.rows import LINE, ROW
from importer.transform import Transform, schema
from importer.transform.binding import Binding

pytestmark = pytest.mark.schema_suite
SUITE = Path(
    os.environ.get("IMPORTER_TEST_SCHEMA_SUITE") or Path(__file__).parents[3] / ".venv/json-schema-tests"
)
FOLDER = SUITE / "tests/draft2020-12"
FILES = sorted(path.stem for path in FOLDER.glob("*.json")) or ["not fetched"]

REASONS = {
    "is elsewhere": "it refers to a document that is elsewhere",
    "cannot have an `$id`": "a part of it has an `$id` of its own",
    "is no word of": "it has a word that draft 2020-12 does not know",
    "draft 2020-12": "it is of another draft or vocabulary",
}
"""What a schema of a mapping may not do (docs/checking.md): the words of the fault, and the reason in short."""


def groups(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def refused(document: Any) -> str | None:
    """Why a mapping with this schema is not even loaded."""
    fault = schema.fault(inner(document))
    if fault is None:
        return None
    return next((reason for words, reason in REASONS.items() if words in fault[1]), f"unexpected: {fault[1]}")


@pytest.mark.parametrize("name", FILES)
def test_the_official_tests_come_to_the_same_verdicts(name: str) -> None:
    wrong = [
        f"{group['description']} / {test['description']} as {way}"
        for group in groups(name)
        if not refused(group["schema"])
        for test in group["tests"]
        for way, valid in verdicts(group["schema"], test["data"])
        if valid is not test["valid"]
    ]

    assert wrong == []


def test_every_official_test_is_judged_or_listed_with_the_reason() -> None:
    left, judged, cells = Counter[str](), 0, Counter[str]()
    for name in FILES:
        for group in groups(name):
            if why := refused(group["schema"]):
                left[f"{name}: {why}"] += len(group["tests"])
                continue
            judged += len(group["tests"])
            cells.update(not_flat(test["data"]) or "judged as cells too" for test in group["tests"])
    for reason, number in [("judged as a part of a document", judged), *cells.items(), *sorted(left.items())]:
        sys.stdout.write(f"{number:5} {reason}\n")

    assert [why for why in left if "unexpected" in why] == []
    assert judged > 10 * sum(left.values())
    assert cells["judged as cells too"] > 100


def verdicts(document: Any, instance: Any) -> Iterator[tuple[str, bool]]:
    yield (
        "a part of a document",
        accepted({"x": document}, {"x": None}, {"x": json.dumps(instance)}, document),
    )
    if not_flat(instance) is None:
        columns = {name: KINDS[type(value)] for name, value in instance.items()}
        cells = {name: cell(value) for name, value in instance.items()}
        yield "cells", accepted({"x": document}, columns, cells, document)


KINDS: dict[type, str | None] = {str: "text", int: "number", float: "number", bool: "boolean"}


def not_flat(instance: Any) -> str | None:
    """Why one row of plain cells cannot say it."""
    if not isinstance(instance, dict):
        return "not as cells: it is no object"
    if not instance or not all(name.isascii() and name.isidentifier() for name in instance):
        return "not as cells: its names are no paths"
    if any(type(value) not in KINDS for value in instance.values()):
        return "not as cells: a member is null, a list or an object"
    if any(str(value).strip() == "" for value in instance.values()):
        return "not as cells: an empty cell is no value"
    return None


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else format(Decimal(repr(value)), "f")


def accepted(
    members: dict[str, Any], columns: dict[str, str | None], cells: dict[str, str], document: Any
) -> bool:
    """One row through the product; the payload is `{"x": instance}`."""
    literal = {"x": "x"} if None in columns.values() else {}
    rules = {"text": (), "number": (RuleCall(name="number"),), "boolean": (RuleCall(name="boolean"),)}
    own = {
        name: Column(name=f"c_{name}", to=f"x.{name}", rules=rules[kind])  # type: ignore[arg-type]
        for name, kind in columns.items()
        if kind
    }
    mapping = Mapping(
        name="suite",
        title="",
        entity="product",
        request=Request(method="POST", path="/V1/products", idempotent=True),
        keys=("key",),
        columns={"key": Column(name="key"), **{column.name: column for column in own.values()}},
        schema=inner(members["x"]),
    )
    row = {"key": "k", **{name if name in literal else f"c_{name}": text for name, text in cells.items()}}
    frame = pl.DataFrame(
        [(1, 2, *row.values())],
        schema={ROW: pl.Int64, LINE: pl.Int64, **dict.fromkeys(row, pl.String)},
        orient="row",
    )
    binding = Binding({name: name for name in row if name not in literal}, (), (), literal)
    return Transform(mapping, binding, {})(frame).operations.height == 1


def inner(document: Any) -> dict[str, Any]:
    """The schema one level down: what refers to its root refers to `#/$defs/root` instead."""
    root = moved(document)
    meta = root.pop("$schema", None) if isinstance(root, dict) else None
    if isinstance(root, dict):
        root.pop("$id", None)
    whole = {"properties": {"x": {"$ref": "#/$defs/root"}}, "$defs": {"root": root}}
    return {"$schema": meta, **whole} if meta else whole


def moved(part: Any) -> Any:
    if isinstance(part, list):
        return [moved(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {word: value if word in VALUES else place(word, value) for word, value in part.items()}


VALUES = ("enum", "const", "default", "examples")


def place(word: str, value: Any) -> Any:
    if (
        word in ("$ref", "$dynamicRef")
        and isinstance(value, str)
        and (value == "#" or value.startswith("#/"))
    ):
        return f"#/$defs/root{value[1:]}"
    return moved(value)
