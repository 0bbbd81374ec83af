"""The category tree: names below names, with an id each (native CSV, section 9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.sandbox import documents
from importer.sandbox.documents import Fault

ROOT, DEFAULT, FIRST = 1, 2, 3
"""Ids: the root of all roots, the first root category (Default Category in every Magento), the next ones."""

ID = "_id"
"""Key of a category's mapping that gives its id; every other key is a category below it."""


@dataclass(frozen=True, kw_only=True)
class Category:
    id: int
    name: str
    parent: int
    level: int
    path: str
    position: int = 1
    children: tuple["Category", ...] = ()


def walk(category: Category) -> Iterator[Category]:
    """The category and all below it, parents first."""
    yield category
    for child in category.children:
        yield from walk(child)


def read(value: Any) -> Category:
    """The root of all roots. Raises Fault."""
    tree = documents.table(value, "categories")
    if not tree:
        raise Fault("categories", "a root category is missing, for example `Default Category:`")
    given = list(_given(tree, "categories"))
    if len(given) != len(set(given)):
        raise Fault("categories", f"an `{ID}` stands twice")
    ids = documents.unused(FIRST, given)
    root = Category(id=ROOT, name="Root Catalog", parent=0, level=0, path=str(ROOT))
    return _with_children(root, tree, ids)


def _given(tree: Mapping[str, Any], place: str) -> Iterator[int]:
    for name, below in tree.items():
        if name == ID:
            yield documents.number(below, f"{place}.{ID}")
        else:
            yield from _given(documents.table(below, f"{place}.{name}"), f"{place}.{name}")


def _with_children(parent: Category, tree: Mapping[str, Any], ids: Iterator[int]) -> Category:
    children: list[Category] = []
    for name, value in tree.items():
        if name == ID:
            continue
        below = documents.table(value, name)
        is_default = parent.id == ROOT and not children
        number = below.get(ID) or (DEFAULT if is_default else next(ids))
        child = Category(
            id=number, name=name, parent=parent.id, level=parent.level + 1, path=f"{parent.path}/{number}",
            position=len(children) + 1,
        )  # fmt: skip
        children.append(_with_children(child, below, ids))
    return Category(**{**vars(parent), "children": tuple(children)})
