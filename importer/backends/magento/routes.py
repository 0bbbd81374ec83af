"""From the ordinary route of a mapping to the three ways of calling it, and what an operation carries on each.

A mapping writes `PUT /V1/products/:sku` and a payload; nothing else. In bulk nothing of the URL reaches the service, so
what it needs stands in the item (contract 1.2, 1.4); called alone, the path is filled in from the payload.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from importer.domain.batches import Operation, body
from importer.domain.errors import BackendRefused

PARAMETER = re.compile(r"/:(\w+)")


def bulk_path(route: str) -> str:
    """`/V1/products/:sku` -> `/async/bulk/V1/products/bySku`: only the first letter changes (contract 1.2)."""
    return "/async/bulk" + PARAMETER.sub(lambda match: f"/by{match[1][:1].upper()}{match[1][1:]}", route)


def single_path(route: str, operation: Operation, *, way: str) -> str:
    """`/V1/products/:sku` -> `/async/V1/products/24-MB01`, the value encoded (contract S38). Raises BackendRefused."""
    names = PARAMETER.findall(route)
    if not names:
        return way + route
    payload = orjson.loads(operation.payload)
    values = {name: _value(payload, name) for name in names}
    if len(names) == 1 and values[names[0]] is None:
        values[names[0]] = operation.key
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise BackendRefused(
            f"The request {route} needs {' and '.join(missing)}, which the payload does not hold. Add it to the mapping."
        )
    return way + PARAMETER.sub(lambda match: "/" + quote(str(values[match[1]]), safe=""), route)


def bulk_body(route: str, operations: Sequence[Operation]) -> bytes:
    """The items: a payload that holds a route's parameter nowhere gets it, as the key, at top level."""
    return body(carrying(route, operations))


def carrying(route: str, operations: Sequence[Operation]) -> Sequence[Operation]:
    """The operations with what a bulk item of this route must carry."""
    names = PARAMETER.findall(route)
    if len(names) != 1:  # several parameters: only the mapping can tell which is which
        return operations
    return [_carrying(names[0], operation) for operation in operations]


def _carrying(name: str, operation: Operation) -> Operation:
    payload = orjson.loads(operation.payload)
    if not isinstance(payload, dict) or _value(payload, name) is not None:
        return operation
    return operation._replace(payload=orjson.dumps({name: operation.key, **payload}))


def _value(payload: Any, name: str) -> Any:
    """A parameter in a payload: at top level, or in an object in it (`product.sku`), in either spelling; `customerId`
    is also `customer.id` (contract 1.4)."""
    if not isinstance(payload, dict):
        return None
    found = _spelt(payload, name)
    if found is not None:
        return found
    for key, inner in payload.items():
        if not isinstance(inner, dict):
            continue
        found = _spelt(inner, name)
        if found is None and name.lower() == f"{key}id".lower():
            found = inner.get("id")
        if found is not None:
            return found
    return None


def _spelt(words: Mapping[str, Any], name: str) -> Any:
    snake = re.sub(r"(?<=[a-z0-9])[A-Z]", lambda match: f"_{match[0].lower()}", name)
    found = words.get(name, words.get(snake))
    return None if isinstance(found, (dict, list)) else found
