"""References in payloads to what has to be in the shop first.

`{"$id":"key"}` stands for the id that the shop has given to that key, `{"$key":"key"}` for the key itself, and
`{"$key":""}` for the key of the operation's own row.
"""

from collections.abc import Iterator, Mapping as Dict
from typing import Any

import orjson

ID, KEY = "$id", "$key"
MARKS = (b'{"$id":', b'{"$key":')
"""How references begin; inside a JSON text the quotes would be escaped."""
ALIKE = '{"$'
"""What all of them begin with."""


def to_id(key: str) -> dict[str, str]:
    return {ID: key}


def to_key(key: str) -> dict[str, str]:
    return {KEY: key}


OWN_KEY = to_key("")


def are_in(payloads: bytes) -> bool:
    """Whether a payload, or one of several, may hold a reference."""
    return any(mark in payloads for mark in MARKS)


def keys(payload: bytes) -> list[str]:
    """What the payload refers to, its own row aside."""
    if not are_in(payload):
        return []
    return list(dict.fromkeys(filter(None, _named(orjson.loads(payload)))))


def filled(payload: bytes, own: str, ids: Dict[str, int]) -> bytes:
    """The payload as it is sent. `ids` holds every key that it refers to."""
    return orjson.dumps(_filled(orjson.loads(payload), own, ids)) if are_in(payload) else payload


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _named(entry)
    elif isinstance(value, dict):
        if value.keys() in ({ID}, {KEY}):
            yield from map(str, value.values())
        else:
            yield from _named(list(value.values()))


def _filled(value: Any, own: str, ids: Dict[str, int]) -> Any:
    if isinstance(value, list):
        return [_filled(entry, own, ids) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {ID}:
        return ids[str(value[ID])]
    if value.keys() == {KEY}:
        return str(value[KEY]) or own
    return {name: _filled(entry, own, ids) for name, entry in value.items()}
