"""What a save makes of a product: only what is sent changes (recording 10; native CSV, section 2). Pure functions.

`sent` is a converted product (`inputs.product`), `before` the stored one, or an empty mapping for a new product.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from importer.sandbox.catalog import Catalog
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

STOCK_FIELDS = tuple(name for name in STOCK_DEFAULTS if name not in ("item_id", "product_id"))

COMPUTED = ("category_ids", "quantity_and_stock_status", "media_gallery")
"""Codes that are never stored as a custom attribute: they are made from something else."""

FOUR_BYTES = re.compile(r"[\U00010000-\U0010ffff]")
"""Characters that the recorded shop's tables cannot hold; each becomes four question marks (recording 21, 48)."""


def fields(before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The scalar properties, without those that the product's type does not have."""
    words = ("name", "attribute_set_id", "price", "status", "visibility", "type_id", "weight")
    found = {**NEW, **{word: before[word] for word in words if word in before}}
    found |= {word: _stored(sent[word]) for word in words if word in sent}
    if found["type_id"] not in PRICED_TYPES:
        found.pop("price", None)
    if found["type_id"] not in WEIGHED_TYPES or found.get("weight") is None:
        found.pop("weight", None)
    return found


def _stored(value: Any) -> Any:
    """Whole numbers without a point, as Magento answers them."""
    if isinstance(value, str):
        return FOUR_BYTES.sub("????", value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def links(before: Mapping[str, Any], sent: Mapping[str, Any], catalog: Catalog) -> list[dict[str, Any]]:
    """Category links are added to those there are, an empty list clears; `category_ids` replaces them. Categories the
    shop does not have vanish without a word (recording 10, 28)."""
    old = before.get("extension_attributes", {}).get("category_links", [])
    ids = attribute_values(sent).get("category_ids")
    if ids is not None:
        old = [{"position": 0, "category_id": number} for number in _known(ids, catalog)]
    extra = (sent.get("extension_attributes") or {}).get("category_links")
    if extra is None:
        return list(old)
    by_id = {link["category_id"]: link for link in old} if extra else {}
    for link in extra:
        for number in _known([link.get("category_id")], catalog):
            by_id[number] = {"position": link.get("position") or 0, "category_id": number}
    return list(by_id.values())


def _known(ids: Any, catalog: Catalog) -> list[str]:
    numbers = ids if isinstance(ids, list) else str(ids).split(",")
    texts = dict.fromkeys(str(number).strip() for number in numbers)
    return [text for text in texts if text.isdigit() and int(text) in catalog.category_ids]


def stock(before: Mapping[str, Any], sent: Mapping[str, Any], type_id: str) -> dict[str, Any]:
    """Only what can lie on a shelf has a quantity (recording 10, 22)."""
    old = before.get("extension_attributes", {}).get("stock_item", {})
    new = (sent.get("extension_attributes") or {}).get("stock_item") or {}
    changed = {name: _stored(new[name]) for name in STOCK_FIELDS if new.get(name) is not None}
    without = {} if type_id in SINGLE_TYPES else {"qty": 0}
    return {**STOCK_DEFAULTS, **old, **changed, **without}


def attributes(before: Mapping[str, Any], sent: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Values by code. Codes the shop does not have vanish without a word (recording 10, 24); an empty value clears."""
    values = attribute_values(before) or {
        "options_container": "container2", "msrp_display_actual_price_type": "0", "url_key": "",
        "required_options": "0", "has_options": "0", "tax_class_id": "2",
    }  # fmt: skip
    for code, value in attribute_values(sent).items():
        if code in catalog.attributes and code not in PRODUCT and code not in COMPUTED:
            values[code] = _text(value)
    return {code: value for code, value in values.items() if value not in (None, "") or code == "url_key"}


def attribute_values(product: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["attribute_code"]: entry["value"] for entry in product.get("custom_attributes") or []}


def _text(value: Any) -> Any:
    """Values come back as texts; the choices of a multiselect joined by commas."""
    if isinstance(value, list):
        return ",".join(str(entry) for entry in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return None if value is None else FOUR_BYTES.sub("????", str(_stored(value)))


def url_key(values: Mapping[str, Any], name: Any) -> str:
    """The one given, or made from the name, in the form of a URL in either case."""
    return slug(str(values.get("url_key") or name or ""))


def listed(
    values: Mapping[str, Any], category_links: Iterable[Mapping[str, Any]], *, priced: bool
) -> list[dict[str, Any]]:
    """As a product shows them: prices and taxes only where the type has them (recording 10, 22)."""
    hidden = () if priced else ("tax_class_id", "msrp_display_actual_price_type")
    shown = {code: value for code, value in values.items() if code not in hidden and value != ""}
    shown["category_ids"] = [link["category_id"] for link in category_links]
    return [{"attribute_code": code, "value": value} for code, value in shown.items()]


def gallery(before: Mapping[str, Any], sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The whole gallery is replaced; a new picture gets a file name, its content is not kept (native CSV, images)."""
    old: Sequence[Mapping[str, Any]] = before.get("media_gallery_entries", [])
    entries = sent.get("media_gallery_entries")
    if entries is None:
        return [dict(entry) for entry in old]
    files = {entry["id"]: entry["file"] for entry in old}
    first = max(files, default=0) + 1
    return [
        {
            "id": entry.get("id") or first + place,
            "media_type": entry.get("media_type") or "image",
            "label": entry.get("label"),
            "position": entry.get("position") or place + 1,
            "disabled": bool(entry.get("disabled")),
            "types": entry.get("types") or [],
            "file": files.get(entry.get("id")) or entry.get("file") or _file(entry),
        }
        for place, entry in enumerate(entries)
    ]


def _file(entry: Mapping[str, Any]) -> str:
    name = PurePosixPath(str((entry.get("content") or {}).get("name") or "picture")).name.lower()
    return f"/{name[:1]}/{name[1:2] or '_'}/{name}"
