"""JSON as PHP writes it: the fast way and the slow way write the same."""

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from importer.sandbox import php

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, min_size=1, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True)
@given(value=VALUES)
def test_what_is_written_is_ascii_without_blanks_and_means_the_same(value: Any) -> None:
    text = php.encode(value)

    assert text == json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    assert json.loads(text) == value


@pytest.mark.parametrize("value", [5e-05, 1e-07, 1e16, 1.5e300, -2e-05, 0.0001, 2**70])
def test_numbers_with_an_exponent_are_written_alike(value: float) -> None:
    assert php.encode([value]) == json.dumps([value])


def test_an_empty_object_is_an_empty_list_wherever_it_stands() -> None:
    assert php.encode({"a": {}, "b": [{}], "c": "{}"}) == '{"a":[],"b":[[]],"c":"{}"}'
