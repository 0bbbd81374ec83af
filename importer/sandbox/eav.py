"""Attributes, attribute sets and their groups as they are now: what the catalogue brought, and what calls made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from importer.sandbox.attributes import FIRST_OPTION, FIRST_OWN, Attribute
from importer.sandbox.catalog import Catalog
from importer.sandbox.records import Records, Row

PRODUCT_ENTITY = 4
FIRST_GROUP = 7
GROUPS = ("Product Details", "General")
"""The groups that a set of the catalogue has; the attributes of every Magento stand in the first one."""


@dataclass(frozen=True)
class Rules:
    """What a set asks of a product's values: codes and labels that must have one, amounts, codes that it has at all."""

    required: tuple[tuple[str, str], ...]
    amounts: frozenset[str]
    codes: frozenset[str]


class Eav:
    def __init__(self, records: Records) -> None:
        self._rows = records.table("attribute")
        self._option_ids = records.table("attribute_option")
        self.sets = records.table("attribute_set")
        self.groups = records.table("attribute_group")
        self.attributes: dict[str, Attribute] = {}
        self._rules: dict[int, Rules | None] = {}
        for table in (self._rows, self.sets):
            table.watchers.append(lambda _key, _before, _now: self.load())
        self.load()

    def load(self) -> None:
        self._rules.clear()
        self.attributes = {row["code"]: _attribute(row) for row in self._rows}

    def seed(self, catalog: Catalog) -> None:
        for attribute in catalog.attributes.values():
            self.put(attribute)
        self._rows.next_id(max([FIRST_OWN - 1, *(one.id for one in catalog.attributes.values())]))
        given = [int(n) for one in catalog.attributes.values() for n in one.options.values() if n.isdigit()]
        self._option_ids.next_id(max([FIRST_OPTION - 1, *given]))
        for place, (name, number) in enumerate(catalog.attribute_sets.items(), 1):
            self._seed_set(name, number, place, catalog.attributes.values())
        self.sets.next_id(max(catalog.attribute_sets.values()))

    def _seed_set(self, name: str, number: int, place: int, attributes: Iterable[Attribute]) -> None:
        system, own = (self.add_group(number, group) for group in GROUPS)
        members = {
            one.code: own if one.own else system for one in attributes if not one.sets or name in one.sets
        }
        self.put_set({
            "attribute_set_id": number, "attribute_set_name": name, "sort_order": place,
            "entity_type_id": PRODUCT_ENTITY, "attributes": members,
        })  # fmt: skip

    def put(self, attribute: Attribute) -> Attribute:
        self.attributes[attribute.code] = attribute
        self._rows.put(attribute.code, asdict(attribute))
        self._rules.clear()
        return attribute

    def drop(self, code: str) -> None:
        self.attributes.pop(code, None)
        self._rows.drop(code)
        for row in list(self.sets):
            if code in row["attributes"]:
                rest = {name: group for name, group in row["attributes"].items() if name != code}
                self.put_set({**row, "attributes": rest})
        self._rules.clear()

    def next_attribute_id(self) -> int:
        return self._rows.next_id(FIRST_OWN)

    def with_options(self, attribute: Attribute, options: Mapping[str, str | None]) -> Attribute:
        """Labels with their ids; a label without one gets the next."""
        numbered = {
            label: given or str(self._option_ids.next_id(FIRST_OPTION)) for label, given in options.items()
        }
        return self.put(replace(attribute, options=numbered))

    def add_group(self, set_id: int, name: str) -> int:
        number = self.groups.next_id(FIRST_GROUP)
        self.groups.put(number, {
            "attribute_group_id": str(number), "attribute_group_name": name, "attribute_set_id": set_id,
        })  # fmt: skip
        return number

    def put_set(self, row: Row) -> Row:
        self._rules.clear()
        return self.sets.put(row["attribute_set_id"], row)

    def drop_set(self, number: int) -> None:
        self._rules.clear()
        self.sets.drop(number)
        for group in list(self.groups):
            if group["attribute_set_id"] == number:
                self.groups.drop(group["attribute_group_id"])

    def rules(self, set_id: Any) -> Rules | None:
        """None when products have no such set."""
        if set_id not in self._rules:
            row = self.sets.get(set_id)
            self._rules[set_id] = None if row is None else self._made(row["attributes"])
        return self._rules[set_id]

    def _made(self, codes: Iterable[str]) -> Rules:
        members = [self.attributes[code] for code in codes if code in self.attributes]
        return Rules(
            required=tuple((one.code, one.label) for one in members if one.required),
            amounts=frozenset(one.code for one in members if one.type == "float"),
            codes=frozenset(one.code for one in members),
        )


def _attribute(row: Mapping[str, Any]) -> Attribute:
    return Attribute(**{**row, "sets": tuple(row["sets"])})
