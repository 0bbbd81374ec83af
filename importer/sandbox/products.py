"""Products: what `POST /V1/products` does to the catalogue, with Magento's own refusals (recording 10)."""

import re
from collections.abc import Mapping
from typing import Any

from importer.sandbox.catalog import Catalog
from importer.sandbox.errors import NO_PRODUCT, Crash, Refusal

SKU_LIMIT = 64
NOT_VISIBLE = 1
DIRECT_FIELDS = ("name", "attribute_set_id", "price", "status", "visibility", "type_id", "weight")
NUMBERS = ("price", "weight")
COMPUTED = {
    "options_container": "container2",
    "msrp_display_actual_price_type": "0",
    "required_options": "0",
    "has_options": "0",
}

NO_SET = Refusal(400, "Invalid product data: %1", ["Invalid attribute set entity type"])
URL_TAKEN = Refusal(400, "URL key for specified store already exists.")
NOT_NEGATIVE = Refusal(400, "Please enter a number 0 or greater in this field.")
NOT_SAVED = Refusal(400, "The product was unable to be saved. Please try again.")
SKU_TOO_LONG = Refusal(400, "SKU length should be 64 characters maximum.")

STOCK_DEFAULTS: Mapping[str, Any] = {
    "stock_id": 1, "qty": 0, "is_in_stock": False, "is_qty_decimal": False, "show_default_notification_message": False,
    "use_config_min_qty": True, "min_qty": 0, "use_config_min_sale_qty": 1, "min_sale_qty": 1,
    "use_config_max_sale_qty": True, "max_sale_qty": 10000, "use_config_backorders": True, "backorders": 0,
    "use_config_notify_stock_qty": True, "notify_stock_qty": 1, "use_config_qty_increments": True, "qty_increments": 0,
    "use_config_enable_qty_inc": True, "enable_qty_increments": False, "use_config_manage_stock": True,
    "manage_stock": True, "low_stock_date": None, "is_decimal_divided": False, "stock_status_changed_auto": 0,
}  # fmt: skip


def _empty(label: str) -> Refusal:
    return Refusal(400, f'The "{label}" attribute value is empty. Set the attribute and try again.')


class Products:
    """By SKU, compared without case; the spelling of the last save is kept."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_sku: dict[str, dict[str, Any]] = {}
        self._url_keys: dict[str, str] = {}  # url key -> owner's SKU, lower case
        self._url_of: dict[str, str] = {}  # the other way round
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._by_sku)

    def all(self) -> list[dict[str, Any]]:
        return list(self._by_sku.values())

    def get(self, sku: str) -> dict[str, Any]:
        """Raises Refusal 404."""
        found = self._by_sku.get(sku.strip().lower())
        if found is None:
            raise NO_PRODUCT
        return found

    def delete(self, sku: str) -> bool:
        product = self.get(sku)
        self._free_url_key(product["sku"].lower())
        del self._by_sku[product["sku"].lower()]
        return True

    def save(self, sent: Any, now: str) -> dict[str, Any]:
        """Create or update; only what is sent changes. Raises Refusal with Magento's sentence."""
        if not isinstance(sent, dict) or "sku" not in sent:
            raise Crash
        sku = str(sent["sku"] or "").strip()
        if not sku:
            raise _empty("sku")
        if len(sku) > SKU_LIMIT:
            raise SKU_TOO_LONG
        before = self._by_sku.get(sku.lower())
        product = self._merged(before, sent, sku, now)
        self._check(product, sent)
        self._take_url_key(product, sku.lower())
        if before is None:
            self._last_id += 1
            product["id"] = self._last_id
            product["extension_attributes"]["stock_item"] |= {
                "item_id": self._last_id,
                "product_id": self._last_id,
            }
        self._by_sku[sku.lower()] = product
        return product

    def _merged(
        self, before: dict[str, Any] | None, sent: Mapping[str, Any], sku: str, now: str
    ) -> dict[str, Any]:
        base = before or {"id": 0, "status": 1, "visibility": 4, "type_id": "simple", "created_at": now}
        product = {**base, "sku": sku, "updated_at": now}
        product |= {name: _typed(name, sent[name]) for name in DIRECT_FIELDS if name in sent}
        if product.get("type_id") == "virtual":
            product.pop("weight", None)
        product["extension_attributes"] = self._extensions(base, sent.get("extension_attributes") or {})
        product["options"] = base.get("options", [])
        product["media_gallery_entries"] = base.get("media_gallery_entries", [])
        product["custom_attributes"] = self._attributes(base, sent, product)
        return product

    def _extensions(self, base: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
        """Websites replace, categories are merged with the existing ones, unknown categories vanish (recording 10)."""
        old = base.get("extension_attributes", {})
        sites = [int(site) for site in sent.get("website_ids", old.get("website_ids", self._every_website()))]
        links = {str(link["category_id"]): link for link in old.get("category_links", [])}
        for link in sent.get("category_links") or []:
            if int(link["category_id"]) in self._catalog.category_ids:
                links[str(link["category_id"])] = {
                    "position": link.get("position", 0), "category_id": str(link["category_id"]),
                }  # fmt: skip
        stock = {**STOCK_DEFAULTS, **old.get("stock_item", {}), **(sent.get("stock_item") or {})}
        categories = {"category_links": list(links.values())} if links else {}
        return {"website_ids": sites, **categories, "stock_item": stock}

    def _every_website(self) -> list[int]:
        return [number for number in self._catalog.websites.values() if number]

    def _attributes(
        self, base: Mapping[str, Any], sent: Mapping[str, Any], product: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Codes the shop does not know vanish without a word (recording 10)."""
        values = {
            entry["attribute_code"]: entry["value"] for entry in base.get("custom_attributes", [])
        } or dict(COMPUTED)
        values.setdefault("tax_class_id", "2")
        for entry in sent.get("custom_attributes") or []:
            if entry["attribute_code"] in self._catalog.attributes:
                values[entry["attribute_code"]] = _text(entry["value"])
        if not values.get("url_key"):
            values["url_key"] = slug(str(product.get("name") or ""))
        values["category_ids"] = [
            link["category_id"] for link in product["extension_attributes"].get("category_links", [])
        ]
        return [
            {"attribute_code": code, "value": value}
            for code, value in values.items()
            if value not in (None, "")
        ]

    def _check(self, product: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
        if product.get("attribute_set_id") not in self._catalog.attribute_sets.values():
            raise NO_SET
        if not product.get("name"):
            raise _empty("Product Name")
        if product.get("price") is None:
            raise _empty("Price")
        if product["price"] < 0 or (product.get("weight") or 0) < 0:
            raise NOT_NEGATIVE
        sites = (sent.get("extension_attributes") or {}).get("website_ids") or []
        if any(int(site) not in self._catalog.websites.values() for site in sites):
            raise NOT_SAVED

    def _take_url_key(self, product: Mapping[str, Any], owner: str) -> None:
        """Unique among products that can be seen (native CSV, section 2: not checked for Not Visible)."""
        keys = {entry["attribute_code"]: entry["value"] for entry in product["custom_attributes"]}
        wanted = keys.get("url_key", "")
        if product.get("visibility") != NOT_VISIBLE and self._url_keys.get(wanted, owner) != owner:
            raise URL_TAKEN
        self._free_url_key(owner)
        self._url_keys.setdefault(wanted, owner)
        self._url_of[owner] = wanted

    def _free_url_key(self, owner: str) -> None:
        before = self._url_of.pop(owner, None)
        if before is not None and self._url_keys.get(before) == owner:
            del self._url_keys[before]


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _typed(name: str, value: Any) -> Any:
    """Numbers as numbers, whole ones without a point, as Magento answers them."""
    if value is None or name in ("name", "type_id"):
        return value
    number = float(value)
    return int(number) if number.is_integer() or name not in NUMBERS else number


def _text(value: Any) -> Any:
    """Attribute values come back as texts."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, int | float) else value
