"""What the shop knows before the first product comes, read from a YAML file of a plain form (see `catalog.yaml`).

Websites, store views, attribute sets, tax classes, categories and attributes, in the terms of native CSV, section 9.
Everything is named; ids may be given, and are otherwise assigned in the order of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from importer.sandbox import attributes, categories, documents
from importer.sandbox.attributes import Attribute
from importer.sandbox.categories import Category
from importer.sandbox.documents import Fault

BUILT_IN = Path(__file__).parent / "catalog.yaml"
STANDARD = Path(__file__).parent / "standard.yaml"
WORDS = ("websites", "stores", "attribute_sets", "tax_classes", "categories", "attributes")

ADMIN = 0
DEFAULT_SET = {"Default": 4}
"""The set Default of products has this id in every Magento."""

FIRST_SET, FIRST_TAX_CLASS = 9, 4


class CatalogError(Exception):
    """The catalogue file cannot be used; one sentence says which file, where, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Store:
    id: int
    code: str
    website: int


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Websites, sets and tax classes are name -> id; the admin website and the admin store have the id 0."""

    websites: Mapping[str, int]
    stores: tuple[Store, ...]
    attribute_sets: Mapping[str, int]
    tax_classes: Mapping[str, int]
    attributes: Mapping[str, Attribute]
    root: Category

    @cached_property
    def website_ids(self) -> tuple[int, ...]:
        return tuple(number for number in self.websites.values() if number != ADMIN)

    def store(self, code: str) -> Store | None:
        """A store view by its code; the admin store cannot be named in a URL."""
        return next((store for store in self.stores if store.code == code and store.id != ADMIN), None)

    @property
    def default_store(self) -> Store:
        return self.stores[1]

    def website_of(self, store_id: int) -> int:
        return next(store.website for store in self.stores if store.id == store_id)


def load_catalog(path: Path | None = None) -> Catalog:
    """The catalogue in the file, or the built-in one. Raises CatalogError."""
    source = path or BUILT_IN
    document = _yaml(source)
    try:
        return _catalog(document, _yaml(STANDARD)["attributes"])
    except Fault as fault:
        raise CatalogError(f"The catalogue {source} cannot be used: {fault}.") from None


def _yaml(source: Path) -> Any:
    try:
        return yaml.load(source.read_text(encoding="utf-8"), documents.LOADER)  # noqa: S506 - a safe one
    except OSError as error:
        raise CatalogError(f"The catalogue {source} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CatalogError(f"The catalogue {source} is not UTF-8; save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise CatalogError(f"The catalogue {source} is not YAML{line}: {problem}.") from None


def _catalog(document: Any, standard: Any) -> Catalog:
    words = documents.known(document, "", WORDS)
    for word in WORDS:
        if words.get(word) is None and word != "attributes":
            raise Fault("", f"`{word}:` is missing; compare it with {BUILT_IN}")
    websites = {"admin": ADMIN} | _ids(words["websites"], "websites", first=1)
    tax_classes = _ids(words["tax_classes"], "tax_classes", first=FIRST_TAX_CLASS)
    sets = _ids(words["attribute_sets"], "attribute_sets", first=FIRST_SET, usual=DEFAULT_SET)
    known = attributes.read(_with_tax(standard, tax_classes), words.get("attributes"))
    for attribute in known.values():
        for name in attribute.sets:
            documents.choice(name, f"attributes.{attribute.code}.sets", sets)
    return Catalog(
        websites=websites,
        stores=_stores(words["stores"], websites),
        attribute_sets=sets,
        tax_classes=tax_classes,
        attributes=known,
        root=categories.read(words["categories"]),
    )


def _with_tax(standard: Mapping[str, Any], tax_classes: Mapping[str, int]) -> dict[str, Any]:
    """The attribute `tax_class_id` offers the shop's own classes."""
    return {**standard, "tax_class_id": {**standard["tax_class_id"], "options": {"None": 0, **tax_classes}}}


def _ids(value: Any, place: str, *, first: int, usual: Mapping[str, int] | None = None) -> dict[str, int]:
    found = {
        name: (usual or {}).get(name) if given is None else given
        for name, given in documents.numbered(value, place).items()
    }
    if not found:
        raise Fault(place, "at least one name belongs here")
    taken = [number for number in found.values() if number is not None]
    if len(taken) != len(set(taken)):
        raise Fault(place, "an id stands twice")
    free = documents.unused(first, taken)
    return {name: next(free) if number is None else number for name, number in found.items()}


def _stores(value: Any, websites: Mapping[str, int]) -> tuple[Store, ...]:
    """`store view code: website`; numbered from 1, the first one is the default store view."""
    stores = [Store(id=ADMIN, code="admin", website=ADMIN)]
    for code, website in documents.table(value, "stores").items():
        known = documents.choice(website, f"stores.{code}", [name for name in websites if name != "admin"])
        stores.append(Store(id=len(stores), code=code, website=websites[known]))
    if len(stores) == 1:
        raise Fault("stores", "at least one store view belongs here, for example `default: base`")
    return tuple(stores)
