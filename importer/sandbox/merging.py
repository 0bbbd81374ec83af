"""What a save makes of a product: only what is sent changes (recording 10; native CSV, section 2). Pure functions.

`sent` is a converted product (`inputs`), `before` the stored one, or an empty mapping for a new product.
"""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from importer.sandbox.attributes import Attribute
from importer.sandbox.shapes import PRODUCT
from importer.sandbox.url_keys import slug

NEW: Mapping[str, Any] = {"status": 1, "visibility": 4, "type_id": "simple"}
SINGLE_TYPES = ("simple", "virtual", "downloadable")
"""Types that must have a price and can have a quantity (native CSV, section 2)."""

PRICED_TYPES = (*SINGLE_TYPES, "configurable", "bundle")
WEIGHED_TYPES = ("simple", "configurable", "bundle")

STOCK_DEFAULTS: Mapping[str, Any] = {
    "item_id": 0, "product_id": 0, "stock_id": 1, "qty": 0, "is_in_stock": False, "is_qty_decimal": False,
    "show_default_notification_message": False, "use_config_min_qty": True, "min_qty": 0,
    "use_config_min_sale_qty": 1, "min_sale_qty": 1, "use_config_max_sale_qty": True, "max_sale_qty": 10000,
    "use_config_backorders": True, "backorders": 0, "use_config_notify_stock_qty": True, "notify_stock_qty": 1,
    "use_config_qty_increments": True, "qty_increments": 0, "use_config_enable_qty_inc": True,
    "enable_qty_increments": False, "use_config_manage_stock": True, "manage_stock": True, "low_stock_date": None,
    "is_decimal_divided": False, "stock_status_changed_auto": 0,
}  # fmt: skip

STOCK_FIELDS = frozenset(STOCK_DEFAULTS) - {"item_id", "product_id"}

COMPUTED = ("category_ids", "quantity_and_stock_status", "media_gallery")
"""Codes that are never stored as a custom attribute: they are made from something else."""

NOT_CUSTOM = frozenset((*PRODUCT.properties, *COMPUTED))

FIELDS = ("name", "attribute_set_id", "price", "status", "visibility", "type_id", "weight")
SCOPED_FIELDS = ("name", "status", "visibility")
"""Properties that can differ between store views; a price is one for all, as Magento comes."""

FIRST_VALUES: Mapping[str, Any] = {
    "options_container": "container2", "msrp_display_actual_price_type": "0", "url_key": "",
    "required_options": "0", "has_options": "0", "tax_class_id": "2",
}  # fmt: skip
UNPRICED = ("tax_class_id", "msrp_display_actual_price_type")

UNCHECKED = frozenset(
    ("bundle_product_options", "downloadable_product_links", "downloadable_product_samples")
)

FOUR_BYTES = re.compile(r"[\U00010000-\U0010ffff]")
"""Characters that the recorded shop's tables cannot hold; each becomes four question marks (recording 21, 48)."""


def fields(before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The scalar properties, without those that the product's type does not have."""
    found = dict(NEW)
    for word in FIELDS:
        if word in sent:
            value = sent[word]
            found[word] = value if type(value) is int else stored(value)
        elif word in before:
            found[word] = before[word]
    if found["type_id"] not in PRICED_TYPES:
        found.pop("price", None)
    if found["type_id"] not in WEIGHED_TYPES or found.get("weight") is None:
        found.pop("weight", None)
    return found


def stored(value: Any) -> Any:
    """Whole numbers without a point, as Magento answers them."""
    if isinstance(value, str):
        return value if value.isascii() else FOUR_BYTES.sub("????", value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def links(
    before: Mapping[str, Any], sent: Mapping[str, Any], categories: Container[object]
) -> list[dict[str, Any]]:
    """Category links are added to those there are, an empty list clears; `category_ids` replaces them. Categories the
    shop does not have vanish without a word (recording 10, 28)."""
    old = before["extension_attributes"].get("category_links", []) if before else []
    ids = attribute_values(sent).get("category_ids") if sent.get("custom_attributes") else None
    if ids is not None:
        old = [{"position": 0, "category_id": number} for number in _known(ids, categories)]
    extra = (sent.get("extension_attributes") or {}).get("category_links")
    if extra is None:
        return list(old)
    by_id = {link["category_id"]: link for link in old} if extra else {}
    for link in filter(None, extra):
        for number in _known([link.get("category_id")], categories):
            by_id[number] = {"position": link.get("position") or 0, "category_id": number}
    return list(by_id.values())


def _known(ids: Any, categories: Container[object]) -> list[str]:
    numbers = ids if isinstance(ids, list) else str(ids).split(",")
    texts = dict.fromkeys(str(number).strip() for number in numbers)
    return [text for text in texts if text in categories]


def stock(before: Mapping[str, Any], sent: Mapping[str, Any], type_id: str) -> dict[str, Any]:
    """Only what can lie on a shelf has a quantity (recording 10, 22)."""
    merged = dict(before["extension_attributes"]["stock_item"] if before else STOCK_DEFAULTS)
    for name, value in ((sent.get("extension_attributes") or {}).get("stock_item") or {}).items():
        if value is not None and name in STOCK_FIELDS:
            merged[name] = stored(value) if isinstance(value, float) else value
    if type_id not in SINGLE_TYPES:
        merged["qty"] = 0
    return merged


def attributes(before: Mapping[str, Any], sent: Mapping[str, Any], codes: Container[str]) -> dict[str, Any]:
    """Values by code. Codes that the product's set does not have vanish without a word (recording 10, 24); an empty
    value clears."""
    values = attribute_values(before) if before else dict(FIRST_VALUES)
    for entry in sent.get("custom_attributes") or ():
        code = entry["attribute_code"]
        if code in codes and code not in NOT_CUSTOM:
            values[code] = text_of(entry["value"])
    return {code: value for code, value in values.items() if value not in (None, "") or code == "url_key"}


def attribute_values(product: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["attribute_code"]: entry["value"] for entry in product.get("custom_attributes") or ()}


def text_of(value: Any) -> Any:
    """Values come back as texts; the choices of a multiselect joined by commas."""
    if isinstance(value, list):
        return ",".join(str(entry) for entry in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return None if value is None else stored(str(stored(value)))


def url_key(values: Mapping[str, Any], name: Any) -> str:
    """The one given, or made from the name, in the form of a URL in either case."""
    return slug(str(values.get("url_key") or name or ""))


def listed(
    values: Mapping[str, Any], category_links: Iterable[Mapping[str, Any]], *, priced: bool
) -> list[dict[str, Any]]:
    """As a product shows them: prices and taxes only where the type has them (recording 10, 22)."""
    shown = [
        {"attribute_code": code, "value": value}
        for code, value in values.items()
        if value != "" and code != "category_ids" and (priced or code not in UNPRICED)
    ]
    ids = [link["category_id"] for link in category_links]
    return [*shown, {"attribute_code": "category_ids", "value": ids}]


def scoped(
    sent: Mapping[str, Any], known: Mapping[str, Attribute]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What a save for a store view changes: the product for everybody, this store view, its whole website."""
    rest = {word: value for word, value in sent.items() if word not in (*SCOPED_FIELDS, "custom_attributes")}
    view = {word: stored(sent[word]) for word in SCOPED_FIELDS if word in sent}
    website: dict[str, Any] = {}
    shared = []
    for entry in sent.get("custom_attributes") or ():
        code = entry["attribute_code"]
        scope = _scope(known.get(code))
        if scope == "global":
            shared.append(entry)
        else:
            (view if scope == "store" else website)[code] = text_of(entry["value"])
    return {**rest, **({"custom_attributes": shared} if shared else {})}, view, website


def _scope(attribute: Attribute | None) -> str:
    """A price counts for all stores, whatever its attribute says, as long as prices are not told per website."""
    if attribute is None or attribute.input == "price" or attribute.code in NOT_CUSTOM:
        return "global"
    return attribute.scope


def seen(product: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The product as a store view sees it: its own values in place of the common ones."""
    own = {code: value for code, value in values.items() if code not in SCOPED_FIELDS}
    merged = {**attribute_values(product), **own}
    ids = merged.pop("category_ids", [])
    custom = [{"attribute_code": code, "value": value} for code, value in merged.items() if value is not None]
    return {
        **product,
        **{word: values[word] for word in SCOPED_FIELDS if word in values},
        "custom_attributes": [*custom, {"attribute_code": "category_ids", "value": ids}],
    }


def unchecked(before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What bundles and downloads consist of is given back as it came."""
    new = sent.get("extension_attributes") or {}
    merged = {**before["extension_attributes"], **new} if before else new
    names = UNCHECKED & merged.keys()
    return {name: merged[name] for name in names if merged[name] is not None}


def kept(before: Mapping[str, Any], sent: Mapping[str, Any], name: str) -> list[Any]:
    """A list that replaces the one before; what is no list counts as an empty one."""
    value = sent.get(name)
    if value is None:
        return list(before.get(name, []))
    return list(value) if isinstance(value, list) else []
