"""Halving loses nothing, repeats nothing and keeps the order."""

import json

from hypothesis import given, strategies as st

from importer.domain.batches import Operation, body, halves

PAYLOADS = st.lists(st.integers(0, 300).map(lambda n: json.dumps("x" * n).encode()), max_size=60)


def operations(payloads: list[bytes]) -> list[Operation]:
    return [Operation(row=n, line=n + 1, key=str(n), payload=p) for n, p in enumerate(payloads, 1)]


@given(PAYLOADS.filter(lambda payloads: len(payloads) > 1))
def test_halves_are_both_smaller_and_together_the_whole(payloads: list[bytes]) -> None:
    first, second = halves(operations(payloads))

    assert first + second == operations(payloads)
    assert first
    assert second


def test_the_body_is_a_json_array_in_order() -> None:
    assert json.loads(body(operations([b'{"a":1}', b'"b"']))) == [{"a": 1}, "b"]
