"""JSON as PHP writes it (contract 6.2): what lies in `serialized_data` and in `result_serialized_data`."""

import json
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(value: Any) -> str:
    """No blanks, `/` escaped, everything beyond ASCII as \\uXXXX, and an empty object as an empty list."""
    text = _ENCODER.encode(value)
    if "{}" in text:  # perhaps an empty object, perhaps two characters of a text
        text = _ENCODER.encode(_emptied(value))
    return text.replace("/", "\\/")


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _emptied(inner) for name, inner in value.items()} if value else []
    return [_emptied(inner) for inner in value] if isinstance(value, list) else value
