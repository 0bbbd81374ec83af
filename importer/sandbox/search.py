"""`searchCriteria` and `fields`: filters, order, paging, leaving out, as Magento's lists understand them (contract 5.6).

Filters inside a group are alternatives, groups must all hold; a page past the end repeats the last one. Spellings with
and without underscores are taken (`filter_groups`, `filterGroups`).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.sandbox.errors import internal, required

ANY = re.compile(r"search_?criteria(\[.*)?", re.IGNORECASE)
FILTER = re.compile(
    r"search_?criteria\[filter_?groups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(field|value|condition_?type)\]",
    re.IGNORECASE,
)
ORDER = re.compile(r"search_?criteria\[sort_?orders\]\[(\d+)\]\[(field|direction)\]", re.IGNORECASE)
PAGING = re.compile(r"search_?criteria\[(page_?size|current_?page)\]", re.IGNORECASE)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Filter:
    field: str
    value: str
    condition: str

    @property
    def shown(self) -> dict[str, str]:
        return {"field": self.field, "value": self.value, "condition_type": self.condition}


@dataclass(frozen=True, kw_only=True)
class Criteria:
    groups: tuple[tuple[Filter, ...], ...] = ()
    orders: tuple[tuple[str, bool], ...] = ()
    """Field and whether descending."""
    page_size: int = 0
    page: int = 1

    @property
    def shown(self) -> dict[str, Any]:
        """As the answer repeats it; what was not asked for is left out."""
        groups = [{"filters": [entry.shown for entry in group]} for group in self.groups]
        orders = [{"field": name, "direction": "DESC" if down else "ASC"} for name, down in self.orders]
        return {
            "filter_groups": groups,
            **({"sort_orders": orders} if orders else {}),
            **({"page_size": self.page_size, "current_page": self.page} if self.page_size else {}),
        }


def is_criteria(name: str) -> bool:
    """Whether a parameter of a query belongs to search criteria."""
    return ANY.fullmatch(name) is not None


def criteria(query: Mapping[str, str]) -> Criteria:
    """Raises Refusal when the query has no searchCriteria at all."""
    if not any(ANY.fullmatch(name) for name in query):
        raise required("searchCriteria")
    groups: dict[int, dict[int, dict[str, str]]] = {}
    orders: dict[int, dict[str, str]] = {}
    paging: dict[str, int] = {}
    for name, value in query.items():
        if match := FILTER.fullmatch(name):
            groups.setdefault(int(match[1]), {}).setdefault(int(match[2]), {})[_plain(match[3])] = value
        elif match := ORDER.fullmatch(name):
            orders.setdefault(int(match[1]), {})[_plain(match[2])] = value
        elif (match := PAGING.fullmatch(name)) and value.isdigit():
            paging[_plain(match[1])] = int(value)
    return Criteria(
        groups=tuple(tuple(_filter(words) for words in group.values()) for group in groups.values()),
        orders=tuple(
            (words.get("field", ""), words.get("direction", "").upper() == "DESC")
            for words in orders.values()
        ),
        page_size=paging.get("pagesize", 0),
        page=max(1, paging.get("currentpage", 1)),
    )


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _filter(words: Mapping[str, str]) -> Filter:
    return Filter(
        field=words.get("field", ""),
        value=words.get("value", ""),
        condition=words.get("conditiontype", "eq").lower(),
    )


def search(rows: Iterable[Row], wanted: Criteria, *, columns: Callable[[Any], Row] = dict) -> dict[str, Any]:
    """Filter, order and page. `columns` gives what a row can be filtered and ordered by."""
    hits = [row for row in rows if not wanted.groups or _holds(columns(row), wanted)]
    for field, down in reversed(wanted.orders):
        hits.sort(key=lambda row: _rank(_cell(columns(row), field)), reverse=down)
    return {"items": _page(hits, wanted), "search_criteria": wanted.shown, "total_count": len(hits)}


def _page(hits: Sequence[Any], wanted: Criteria) -> list[Any]:
    if not wanted.page_size:
        return list(hits)
    last = max(1, -(-len(hits) // wanted.page_size))
    start = (min(wanted.page, last) - 1) * wanted.page_size
    return list(hits[start : start + wanted.page_size])


def _holds(row: Row, wanted: Criteria) -> bool:
    return all(any(_fits(row, entry) for entry in group) for group in wanted.groups)


def _fits(row: Row, entry: Filter) -> bool:
    if entry.condition not in CONDITIONS:
        raise internal()
    cell = _cell(row, entry.field)
    cells = cell if isinstance(cell, list) else [cell]
    return any(CONDITIONS[entry.condition](one, entry.value) for one in cells or [None])


def _cell(row: Row, field: str) -> Any:
    if field not in row:
        raise internal()  # an unknown column is an SQL error (contract 5.6)
    return row[field]


def _rank(cell: Any) -> tuple[int, Any]:
    """Nothing first, then numbers, then text without case."""
    if cell is None:
        return (0, 0)
    return (1, cell) if isinstance(cell, int | float) else (2, str(cell).lower())


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, str], bool]:
    """Numbers as numbers, everything else as text without case; null fits nothing."""

    def fits(cell: Any, value: str) -> bool:
        if cell is None:
            return False
        try:
            return compare(float(cell), float(value))
        except (TypeError, ValueError):
            return compare(_text(cell), value.lower())

    return fits


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, bool) else str(cell).lower()


def _like(cell: Any, value: str) -> bool:
    pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in value)
    return cell is not None and re.fullmatch(pattern, str(cell), re.IGNORECASE | re.DOTALL) is not None


def _in(cell: Any, value: str) -> bool:
    return cell is not None and _text(cell) in [part.strip().lower() for part in value.split(",")]


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
    "nlike": lambda cell, value: cell is not None and not _like(cell, value),
    "in": _in,
    "nin": lambda cell, value: cell is not None and not _in(cell, value),
    "finset": lambda cell, value: cell is not None and value.lower() in _text(cell).split(","),
    "null": lambda cell, _value: cell is None,
    "notnull": lambda cell, _value: cell is not None,
}


def only(document: Any, fields: str) -> Any:
    """`?fields=items[id,sku],total_count`."""
    return _keep(document, _parse(fields)) if fields else document


def _parse(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
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
