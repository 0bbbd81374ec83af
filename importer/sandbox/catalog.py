"""What the shop knows before the first product comes: websites, attribute sets, attributes, categories, tax classes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

BUILT_IN = Path(__file__).parent / "catalog.yaml"
FIRST_ATTRIBUTE_SET, FIRST_CATEGORY, FIRST_ATTRIBUTE, FIRST_OPTION = 9, 3, 200, 500
DEFAULT_SET, DEFAULT_ROOT = 4, 2
"""Ids that every Magento has: the set Default of products and the root category Default Category."""


class CatalogError(Exception):
    """The catalogue file cannot be used; the text says where and why."""


@dataclass(frozen=True, kw_only=True)
class Attribute:
    id: int
    code: str
    label: str
    input: str
    options: Mapping[str, str] = field(default_factory=dict)
    """Label -> option id as text."""


@dataclass(kw_only=True)
class Category:
    id: int
    name: str
    parent: int
    level: int
    children: list["Category"] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    websites: Mapping[str, int]
    stores: Mapping[str, tuple[int, int]]
    """Store view code -> (store id, website id)."""
    attribute_sets: Mapping[str, int]
    tax_classes: Mapping[str, int]
    attributes: Mapping[str, Attribute]
    root: Category

    @property
    def category_ids(self) -> set[int]:
        return {category.id for category in walk(self.root)}


def walk(category: Category) -> Iterator[Category]:
    yield category
    for child in category.children:
        yield from walk(child)


def load_catalog(path: Path | None = None) -> Catalog:
    """The catalogue in the YAML file, or the built-in one. Raises CatalogError."""
    source = path or BUILT_IN
    try:
        document = yaml.safe_load(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"The catalogue {source} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise CatalogError(f"The catalogue {source} is not YAML: {error}.") from None
    try:
        return _catalog(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CatalogError(
            f"The catalogue {source} does not have the expected form ({error!r}); compare it with {BUILT_IN}.",
        ) from None


def _catalog(document: Mapping[str, Any]) -> Catalog:
    websites = {"admin": 0} | {code: number for number, code in enumerate(document["websites"], 1)}
    stores = {
        code: (number, websites[site]) for number, (code, site) in enumerate(document["stores"].items(), 1)
    }
    return Catalog(
        websites=websites,
        stores={"admin": (0, 0), **stores},
        attribute_sets=_numbered(document["attribute_sets"], FIRST_ATTRIBUTE_SET, {"Default": DEFAULT_SET}),
        tax_classes=dict(document["tax_classes"]),
        attributes=_attributes(document["attributes"]),
        root=_tree(document["categories"]),
    )


def _numbered(names: list[str], first: int, known: Mapping[str, int]) -> dict[str, int]:
    ids = iter(range(first, first + len(names)))
    return {name: known[name] if name in known else next(ids) for name in names}


def _attributes(table: Mapping[str, Any]) -> dict[str, Attribute]:
    option_ids = iter(range(FIRST_OPTION, 10**9))
    found = {}
    for number, (code, entry) in enumerate(table.items(), FIRST_ATTRIBUTE):
        entry = entry or {}
        options = entry.get("options") or {}
        if isinstance(options, list):
            options = {str(label): str(next(option_ids)) for label in options}
        elif entry.get("input") == "boolean":
            options = options or {"Yes": "1", "No": "0"}
        found[code] = Attribute(
            id=number,
            code=code,
            label=entry.get("label") or code.replace("_", " ").title(),
            input=entry.get("input") or "text",
            options={str(label): str(value) for label, value in options.items()},
        )
    return found


def _tree(table: Mapping[str, Any]) -> Category:
    root = Category(id=1, name="Root Catalog", parent=0, level=0)
    ids = iter(range(FIRST_CATEGORY, 10**9))
    _grow(root, table, ids)
    return root


def _grow(parent: Category, table: Mapping[str, Any], ids: Iterator[int]) -> None:
    for name, below in table.items():
        is_default = parent.id == 1 and not parent.children
        number = DEFAULT_ROOT if is_default else next(ids)
        child = Category(id=number, name=str(name), parent=parent.id, level=parent.level + 1)
        parent.children.append(child)
        _grow(child, below or {}, ids)
