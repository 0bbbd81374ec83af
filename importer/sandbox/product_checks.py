"""What a product must have, before it is stored (recording 10)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.eav import Rules
from importer.sandbox.errors import Refusal

SKU_LIMIT = 64


def checked_sku(sent: Any) -> str:
    """Without blanks around it. Raises Refusal."""
    sku = str(sent or "").strip()
    if not sku:
        raise empty("sku")
    if len(sku) > SKU_LIMIT:
        raise Refusal(400, "SKU length should be 64 characters maximum.")
    return sku


def empty(label: str) -> Refusal:
    return Refusal(400, f'The "{label}" attribute value is empty. Set the attribute and try again.')


def check(rules: Rules, fields: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """The SKU was looked at before; a price is needed by products of their own only. Raises Refusal."""
    for code, label in rules.required:
        if code == "sku" or (code == "price" and fields["type_id"] not in merging.SINGLE_TYPES):
            continue
        if (fields[code] if code in fields else values.get(code)) in (None, ""):
            raise empty(label)
    for given in (fields, values):
        for code in given.keys() & rules.amounts:
            value = given[code]
            if value not in (None, "") and float(value) < 0:
                raise Refusal(400, "Please enter a number 0 or greater in this field.")
