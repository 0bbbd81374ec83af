"""What every part of a schema stands on: the words that judge nothing, the whole that parts refer to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

ANNOTATIONS = frozenset(
    {
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema",
        "$id", "$defs", "$anchor", "$dynamicAnchor", "format", "contentEncoding", "contentMediaType", "contentSchema",
        "then", "else", "minContains", "maxContains",
    }
)  # fmt: skip
"""Words that judge nothing by themselves; some belong to `if` or `contains`."""
MOST_NESTED = 32


@dataclass(frozen=True)
class Ground:
    """The whole schema, which its parts may refer to, and its checker."""

    root: Any
    checker: Any

    def holds(self, schema: Any, value: Any) -> bool:
        return bool(self.checker.evolve(schema=schema).is_valid(value))


def followed(schema: Any, root: Any) -> Any:
    """A local reference that stands alone is what it names; any other is left to the schema itself."""
    seen = 0
    while isinstance(schema, dict) and set(schema) - ANNOTATIONS == {"$ref"} and seen < MOST_NESTED:
        target = _named(str(schema["$ref"]), root)
        if target is None:
            return schema
        schema, seen = target, seen + 1
    return schema


def _named(reference: str, root: Any) -> Any:
    """What a reference such as `#/$defs/price` names; None when it is of another form."""
    if reference not in ("#", "#/") and not reference.startswith("#/"):
        return None
    target = root
    for part in _parts(reference):
        target = target.get(part) if isinstance(target, dict) else None
    return target


def _parts(reference: str) -> Iterator[str]:
    for part in unquote(reference.removeprefix("#")).split("/")[1:]:
        yield part.replace("~1", "/").replace("~0", "~")
