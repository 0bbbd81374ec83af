"""JSON as PHP writes it (contract 6.2): what lies in `serialized_data` and in `result_serialized_data`."""

import json
import re
from typing import Any

import orjson

_ENCODER = json.JSONEncoder(separators=(",", ":"))
_EXPONENT = re.compile(rb"e(?<=[0-9]e)[0-9-]")
"""Of a number, or of a text that looks so; it begins with a plain letter because that is found ten times faster."""


def encode(value: Any) -> str:
    """No blanks, `/` escaped, everything beyond ASCII as \\uXXXX, and an empty object as an empty list."""
    try:
        raw = orjson.dumps(value)
    except TypeError:  # a number beyond 64 bits
        return _slowly(value)
    if raw.isascii() and not (b"{}" in raw or b"0.0000" in raw or _EXPONENT.search(raw)):
        return raw.decode().replace("/", "\\/")
    return _slowly(value)


def _slowly(value: Any) -> str:
    text = _ENCODER.encode(value)
    if "{}" in text:  # perhaps an empty object, perhaps two characters of a text
        text = _ENCODER.encode(_emptied(value))
    return text.replace("/", "\\/")


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _emptied(inner) for name, inner in value.items()} if value else []
    return [_emptied(inner) for inner in value] if isinstance(value, list) else value
