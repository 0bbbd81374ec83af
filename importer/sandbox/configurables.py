"""Configurable products: their options and children, and what must hold between them (contract; native CSV, section 4)."""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Protocol

from importer.sandbox.attributes import Attribute
from importer.sandbox.eav import Eav
from importer.sandbox.errors import Refusal, several
from importer.sandbox.records import Row

CONFIGURABLE = "configurable"
OPTIONS, CHILDREN = "configurable_product_options", "configurable_product_links"
NO_ATTRIBUTE = (
    'The attribute with a "%attributeCode" attributeCode doesn\'t exist. Verify the attribute and try again.'
)


class Shelf(Protocol):
    def by_id(self, number: int) -> Row: ...


def extension(
    before: Mapping[str, Any], sent: Mapping[str, Any], type_id: str, shelf: Shelf, eav: Eav
) -> dict[str, Any]:
    """Options and children of a product after a save: what is sent replaces. Raises Refusal."""
    if type_id != CONFIGURABLE:
        return {}
    new = sent.get("extension_attributes") or {}
    old = before.get("extension_attributes", {})
    options, children = new.get(OPTIONS), new.get(CHILDREN)
    kept: list[Row] = old.get(OPTIONS, [])
    if options is not None:
        kept = _options(options, before, kept, eav)
    linked: list[int] = (
        old.get(CHILDREN, []) if children is None else list(dict.fromkeys(filter(None, children)))
    )
    if children or options:
        check_children([attribute_of(eav, one["attribute_id"]).code for one in kept], linked, shelf)
    return {OPTIONS: kept, CHILDREN: linked}


def _options(
    given: Iterable[Mapping[str, Any] | None], before: Mapping[str, Any], old: Iterable[Row], eav: Eav
) -> list[Row]:
    """An option keeps its id as long as its attribute stays."""
    numbers = {one["attribute_id"]: one["id"] for one in old}
    free = count(max(numbers.values(), default=before.get("id", 0) * 100) + 1)
    made = []
    for place, option in enumerate(filter(None, given)):
        check_option(option)
        attribute = attribute_of(eav, option.get("attribute_id"))
        number = numbers.get(str(attribute.id)) or next(free)
        made.append(stored_option(option, attribute, number, before.get("id", 0), place))
    return made


def stored_option(
    option: Mapping[str, Any], attribute: Attribute, number: int, product_id: int, place: int
) -> Row:
    position = option.get("position")
    return {
        "id": number,
        "attribute_id": str(attribute.id),
        "label": option.get("label") or attribute.label,
        "position": place if position is None else position,
        "values": [{"value_index": one["value_index"]} for one in filter(None, option.get("values") or [])],
        "product_id": product_id,
    }


def check_option(option: Mapping[str, Any]) -> None:
    """Raises Refusal with every fault of a new option."""
    faults = []
    if not option.get("attribute_id"):
        faults.append("Option attribute ID is not specified.")
    if not option.get("label"):
        faults.append("Option label is not specified.")
    values = option.get("values")
    if not values:
        faults.append("Option values are not specified.")
    faults += [
        "Value index is not specified for an option."
        for one in values or []
        if not (one or {}).get("value_index")
    ]
    if faults:
        raise several([(text, None) for text in faults])


def attribute_of(eav: Eav, number: Any) -> Attribute:
    for attribute in eav.attributes.values():
        if str(attribute.id) == str(number) or attribute.code == number:
            return attribute
    raise Refusal(404, NO_ATTRIBUTE, {"attributeCode": number})


def check_children(codes: Iterable[str], children: Iterable[int], shelf: Shelf) -> None:
    """Every child has a value for each of the attributes, and no two have the same ones. Raises Refusal."""
    seen: dict[tuple[Any, ...], int] = {}
    for number in children:
        values = {
            entry["attribute_code"]: entry["value"] for entry in shelf.by_id(number)["custom_attributes"]
        }
        for code in codes:
            if not values.get(code):
                text = 'Product with id "%1" does not contain required attribute "%2".'
                raise Refusal(400, text, [number, code])
        combination = tuple(values[code] for code in codes)
        if combination and combination in seen:
            text = 'Products "%1" and "%2" have the same set of attribute values.'
            raise Refusal(400, text, [number, seen[combination]])
        seen[combination] = number
