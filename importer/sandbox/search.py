"""`searchCriteria` and `fields`: filter groups, paging, and leaving fields out, as Magento's lists understand them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.sandbox.errors import internal, required

GROUP = re.compile(
    r"searchCriteria\[filter_?groups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(field|value|condition_?type)\]",
    re.IGNORECASE,
)
PAGING = re.compile(r"searchCriteria\[(page_?size|current_?page)\]", re.IGNORECASE)


@dataclass
class Criteria:
    """`groups`: filters inside a group are alternatives, groups must all hold."""

    groups: dict[int, dict[int, dict[str, str]]] = field(default_factory=dict)
    page_size: int = 0
    page: int = 1


def criteria(query: Mapping[str, str]) -> Criteria:
    """Raises Refusal when the query has no searchCriteria at all."""
    if not any(name.startswith("searchCriteria") for name in query):
        raise required("searchCriteria")
    found = Criteria()
    for name, value in query.items():
        if match := GROUP.fullmatch(name):
            group = found.groups.setdefault(int(match[1]), {})
            group.setdefault(int(match[2]), {})[match[3].lower().replace("_", "")] = value
        elif (match := PAGING.fullmatch(name)) and value.isdigit():
            setattr(found, "page_size" if "size" in match[1].lower() else "page", int(value))
    return found


def search(rows: Iterable[Mapping[str, Any]], wanted: Criteria) -> dict[str, Any]:
    """Filter and page. A page past the end repeats the last one, as Magento's collections do."""
    groups = wanted.groups.values()
    hits = [row for row in rows if all(any(_fits(row, f) for f in group.values()) for group in groups)]
    total = len(hits)
    if wanted.page_size:
        last = max(1, -(-total // wanted.page_size))
        start = (min(max(1, wanted.page), last) - 1) * wanted.page_size
        hits = hits[start : start + wanted.page_size]
    return {"items": hits, "search_criteria": {"filter_groups": _shown(wanted)}, "total_count": total}


def _shown(wanted: Criteria) -> list[dict[str, Any]]:
    return [
        {
            "filters": [
                {"field": f["field"], "value": f.get("value"), "condition_type": f.get("conditiontype", "eq")}
                for f in group.values()
            ],
        }
        for group in wanted.groups.values()
    ]


def _fits(row: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    name = wanted["field"]
    if name not in row:
        raise internal()  # an unknown column is an SQL error
    condition = wanted.get("conditiontype", "eq").lower()
    if condition not in CONDITIONS:
        raise internal()
    return CONDITIONS[condition](row[name], wanted.get("value", ""))


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, str], bool]:
    """Numbers as numbers, everything else as text without case; null fits nothing."""

    def fits(cell: Any, value: str) -> bool:
        if cell is None:
            return False
        try:
            return compare(float(cell), float(value))
        except (TypeError, ValueError):
            return compare(str(cell).lower(), value.lower())

    return fits


def _like(cell: Any, value: str) -> bool:
    pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in value)
    return cell is not None and re.fullmatch(pattern, str(cell), re.IGNORECASE | re.DOTALL) is not None


def _in(cell: Any, value: str) -> bool:
    return str(cell).lower() in [part.strip().lower() for part in value.split(",")]


CONDITIONS: Mapping[str, Callable[[Any, str], bool]] = {
    "eq": _compared(lambda a, b: a == b),
    "neq": _compared(lambda a, b: a != b),
    "gt": _compared(lambda a, b: a > b),
    "gteq": _compared(lambda a, b: a >= b),
    "from": _compared(lambda a, b: a >= b),
    "lt": _compared(lambda a, b: a < b),
    "lteq": _compared(lambda a, b: a <= b),
    "to": _compared(lambda a, b: a <= b),
    "like": _like,
    "in": _in,
    "nin": lambda cell, value: not _in(cell, value),
    "null": lambda cell, _value: cell is None,
    "notnull": lambda cell, _value: cell is not None,
}


def only(document: Any, fields: str) -> Any:
    """`?fields=items[id,sku],total_count`."""
    return _keep(document, _parse(fields)) if fields else document


def _parse(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    stack = [found]
    name = ""
    for mark in re.findall(r"[^\[\],]+|[\[\],]", text):
        if mark == "[":
            stack.append(stack[-1].setdefault(name, {}))
        elif mark == "]" and len(stack) > 1:
            stack.pop()
        elif mark not in ",[]":
            name = mark.strip()
            stack[-1].setdefault(name, {})
    return found


def _keep(document: Any, wanted: Mapping[str, Any]) -> Any:
    if isinstance(document, Sequence) and not isinstance(document, str):
        return [_keep(entry, wanted) for entry in document]
    if not isinstance(document, Mapping) or not wanted:
        return document
    return {name: _keep(document[name], inner) for name, inner in wanted.items() if name in document}
