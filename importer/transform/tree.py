"""The payload as a tree of places along paths: `product.price`, `product.custom_attributes[url_key]`, `prices[0].qty`."""

import re
from collections.abc import Mapping as Dict, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from importer.domain.mapping import KeyedList
from importer.transform.kinds import Kind

SEGMENT = re.compile(r"(?P<name>[^.\[\]]+)(?:\[(?P<inside>[^\[\]]+)\])?")


class Undeclared(ValueError):
    """A path leads into a list that nobody has declared."""


@dataclass(frozen=True)
class Leaf:
    """One value: its text is in the column `value`, its JSON (null: absent) in the column `json`."""

    path: str
    kind: Kind
    value: str
    json: str

    @property
    def present(self) -> pl.Expr:
        return pl.col(self.json).is_not_null()


@dataclass(frozen=True)
class Constant:
    path: str
    value: Any
    lasting: bool = True
    """False for the name of a list's entry, which is there only when the entry has a value."""


@dataclass
class Object:
    path: str
    members: dict[str, "Node"] = field(default_factory=dict)


@dataclass
class Array:
    """Entries in order; absent ones vanish. `named` says that they are a keyed list's."""

    path: str
    entries: dict[str, "Node"] = field(default_factory=dict)
    named: bool = False


Node = Leaf | Constant | Object | Array


@dataclass(frozen=True)
class Segment:
    name: str
    inside: str | None

    @property
    def index(self) -> bool:
        return self.inside is not None and self.inside.isdigit()


def segments(path: str, lists: Dict[str, KeyedList]) -> list[Segment]:
    """Raises ValueError when the path is no path or names a list that is not declared."""
    found, place = [], 0
    while place < len(path):
        match = SEGMENT.match(path, place)
        if match is None or (match.end() < len(path) and path[match.end()] != "."):
            raise ValueError(f"`{path}` is not a path such as product.price")
        found.append(Segment(match["name"], match["inside"]))
        outer = path[: match.end("name")]
        if match["inside"] is not None and not found[-1].index and outer not in lists:
            raise Undeclared(f"`{outer}` is not declared under `lists:`")
        place = match.end() + 1
    if not found or path.endswith("."):
        raise ValueError(f"`{path}` is not a path such as product.price")
    return found


def top(path: str) -> str:
    """The part of the payload in which the path begins."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def grow(places: Sequence[tuple[str, Leaf | Constant]], lists: Dict[str, KeyedList]) -> Object:
    """The tree of all places. Raises ValueError when a place is both a value and something around others."""
    root = Object("")
    for path, leaf in places:
        _put(root, segments(path, lists), leaf, lists)
    return root


def _put(root: Object, parts: list[Segment], leaf: Leaf | Constant, lists: Dict[str, KeyedList]) -> None:
    inner, outer = root, ""
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        outer = f"{outer}.{part.name}".lstrip(".")
        if part.inside is None:
            if last:
                _set(inner.members, part.name, leaf)
                return
            inner = _descend(inner.members, part.name, Object(outer))
            continue
        array = _descend(inner.members, part.name, Array(outer, named=not part.index))
        outer = f"{outer}[{part.inside}]"
        if part.index and last:
            _set(array.entries, part.inside, leaf)
            return
        inner = _descend(array.entries, part.inside, Object(outer))
        if not part.index:
            form = lists[array.path]
            inner.members.setdefault(form.key, Constant(outer, part.inside, lasting=False))
            if last:
                _set(inner.members, form.value, leaf)


def _descend(members: dict[str, Node], name: str, fresh: Any) -> Any:
    node = members.setdefault(name, fresh)
    if type(node) is not type(fresh):
        raise ValueError(f"`{fresh.path}` is a value and holds others at the same time")
    return node


def _set(members: dict[str, Node], name: str, leaf: Leaf | Constant) -> None:
    if name in members:
        raise ValueError(f"`{leaf.path}` is filled twice")
    members[name] = leaf


def present(node: Node) -> pl.Expr | bool:
    """Whether the node is there at all; True when it always is."""
    if isinstance(node, Leaf):
        return node.present
    if isinstance(node, Constant):
        return node.lasting
    if node.path == "":
        return True
    inner = [present(child) for child in children(node)]
    if any(one is True for one in inner):
        return True
    found = [one for one in inner if not isinstance(one, bool)]
    return pl.any_horizontal(found) if found else False


def inside(child: Node) -> pl.Expr | bool:
    """Whether the node is there when what is around it is there: the name of a list's entry always is."""
    return True if isinstance(child, Constant) else present(child)


def children(node: Object | Array) -> list[Node]:
    return list(node.members.values() if isinstance(node, Object) else node.entries.values())
