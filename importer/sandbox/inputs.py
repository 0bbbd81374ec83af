"""Submit-time conversion: the whole request is typed before anything is scheduled (contract 1.6, recording 21).

The first item that does not fit refuses the request, and the answer names the field, never the item.
"""

from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox.catalog import Catalog
from importer.sandbox.errors import Crash, Refusal, internal, required, wrong_type

CHOICES = ("select", "boolean")

FIELDS: Mapping[str, str] = {
    "id": "int", "sku": "string", "name": "string", "attribute_set_id": "int", "price": "float", "status": "int",
    "visibility": "int", "type_id": "string", "created_at": "string", "updated_at": "string", "weight": "float",
    "extension_attributes": "", "product_links": "", "options": "", "media_gallery_entries": "", "tier_prices": "",
    "custom_attributes": "",
}  # fmt: skip
"""Fields of a product and the scalar type each is converted to; an empty type is looked at elsewhere."""

EXTENSIONS = (
    "website_ids", "category_links", "stock_item", "bundle_product_options", "configurable_product_options",
    "configurable_product_links", "downloadable_product_links", "downloadable_product_samples", "discounts",
)  # fmt: skip

STOCK: Mapping[str, str] = {
    "item_id": "int", "product_id": "int", "stock_id": "int", "qty": "float", "is_in_stock": "boolean",
    "is_qty_decimal": "boolean", "use_config_min_qty": "boolean", "min_qty": "float",
    "use_config_min_sale_qty": "int", "min_sale_qty": "float", "use_config_max_sale_qty": "boolean",
    "max_sale_qty": "float", "use_config_backorders": "boolean", "backorders": "int",
    "use_config_notify_stock_qty": "boolean", "notify_stock_qty": "float", "use_config_qty_increments": "boolean",
    "qty_increments": "float", "use_config_enable_qty_inc": "boolean", "enable_qty_increments": "boolean",
    "use_config_manage_stock": "boolean", "manage_stock": "boolean", "is_decimal_divided": "boolean",
    "show_default_notification_message": "boolean", "low_stock_date": "string", "stock_status_changed_auto": "int",
}  # fmt: skip


def items(body: Any) -> list[Any]:
    """The items of a bulk body: an array, or the values of an object (contract 1.5). Scalars crash (recording 21)."""
    if body is None:
        return []
    if isinstance(body, dict):
        body = list(body.values())
    if not isinstance(body, list):
        raise Crash
    return body


def check_product_call(item: Any, catalog: Catalog) -> None:
    """`save(product, saveOptions)`: raises Refusal or Crash as the conversion of the item would."""
    if not isinstance(item, dict) and not (isinstance(item, list) and not item):
        raise Crash
    product = item.get("product") if isinstance(item, dict) else None
    if product is None:
        raise required("product")
    if not isinstance(product, dict):
        return  # an empty array or a text passes here and kills the consumer (recording 21, number 35)
    for name, value in product.items():
        if name not in FIELDS:
            raise internal()
        if value is not None and FIELDS[name]:
            _scalar(name, value, FIELDS[name])
    _check_extensions(product.get("extension_attributes") or {})
    _check_attributes(product.get("custom_attributes") or [], catalog)


def check_sku_call(item: Any, _catalog: Catalog) -> None:
    """`deleteById(sku)`."""
    if not isinstance(item, dict):
        raise Crash
    if item.get("sku") is None:
        raise required("sku")


def _check_extensions(extensions: Mapping[str, Any]) -> None:
    for name in extensions:
        if name not in EXTENSIONS:
            raise internal()
    for site in extensions.get("website_ids") or []:
        _scalar("website_ids", site, "int")
    for link in extensions.get("category_links") or []:
        _scalar("category_id", link.get("category_id"), "string")
    for name, value in (extensions.get("stock_item") or {}).items():
        if name not in STOCK:
            raise internal()
        if value is not None:
            _scalar(name, value, STOCK[name])


def _check_attributes(attributes: Any, catalog: Catalog) -> None:
    if not isinstance(attributes, list):
        raise Crash  # a map instead of a list (recording 10)
    for entry in attributes:
        if "attribute_code" not in entry:
            raise Refusal(
                400,
                "A custom attribute is specified with a missing attribute code. Verify the code and try again.",
            )
        code = entry["attribute_code"]
        if "value" not in entry:
            text = 'The "%attribute_code" attribute code doesn\'t have a value set. Enter the value and try again.'
            raise Refusal(400, text, {"attribute_code": code})
        attribute = catalog.attributes.get(code)
        chosen = attribute is not None and attribute.input in CHOICES and attribute.options
        if (
            chosen
            and _all_numbers(attribute.options if attribute else {})
            and not _fits(entry["value"], "int")
        ):
            inner = wrong_type(code, entry["value"], "int").message.partition("processing. ")[2]
            text = f'Error occurred during "custom_attributes" processing. Attribute "{code}" has invalid value. {inner}'
            raise Refusal(400, text)


def _all_numbers(options: Mapping[str, str]) -> bool:
    return all(value.isdigit() for value in options.values())


def _scalar(field: str, value: Any, expected: str) -> None:
    if not _fits(value, expected):
        raise wrong_type(field, value, expected)


def _fits(value: Any, expected: str) -> bool:
    return not isinstance(value, dict | list) and CONVERTIBLE[expected](value)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _is_int(value: Any) -> bool:
    return value in (None, "") or (_is_number(value) and float(value) == int(float(value)))


CONVERTIBLE: Mapping[str, Callable[[Any], bool]] = {
    "int": _is_int,
    "float": _is_number,
    "string": lambda _value: True,
    "boolean": lambda value: isinstance(value, bool) or value in (0, 1, "0", "1", "true", "false", ""),
}
