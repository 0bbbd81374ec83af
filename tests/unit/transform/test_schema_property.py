"""Two ways of judging a row, expressions over a frame and the schema itself over one payload, say the same."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from importer.domain.rows import ROW
from importer.transform import findings, schema
from importer.transform.plan import PAYLOAD
from tests.unit.transform import judged

EXAMPLES = int(os.environ.get("IMPORTER_TEST_EXAMPLES", "100"))
"""How many schemas are tried; a long run takes some ten thousand."""


def exactly(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def codes(document: judged.Schema, names: list[str], text: str) -> set[str]:
    """What the schema says of the payload as a whole; a part that forbids a value is named by where it stands."""
    mapping = judged.mapping(document, names)
    said = findings.findings(schema.validator(mapping), schema.load(text), mapping)
    return alike(one.code for one in said)


def alike(found: Iterable[str]) -> set[str]:
    return {"schema.false" if code == "schema.additionalProperties" else code for code in found}


@pytest.mark.timeout(900)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(judged.cases())
def test_a_frame_is_judged_like_its_payloads_one_by_one(
    case: tuple[judged.Schema, list[str], list[dict[str, str]]],
) -> None:
    document, names, rows = case
    Draft202012Validator.check_schema(document)
    checker = schema.Validator(document)
    wanted = {number: judged.payload(row) for number, row in enumerate(rows, 1)}
    valid = {number for number, text in wanted.items() if checker.is_valid(schema.load(text))}

    done = judged.transformed(document, names, rows)

    sent = dict(done.operations.select(ROW, PAYLOAD).iter_rows())
    refused = defaultdict(list)
    for error in done.errors:
        refused[error.row].append(error.code)
    assert set(sent) == valid, dict(refused)
    assert set(refused) == set(wanted) - valid
    for number in set(wanted) - valid:
        assert alike(refused[number]) == codes(document, names, wanted[number])
    assert {number: exactly(text) for number, text in sent.items()} == {n: exactly(wanted[n]) for n in valid}
