"""The shapes of the objects that the services take: property -> type, as Magento's data interfaces declare them.

A type is the name of a scalar, `any` for what this shop does not look into, another shape for an object, or a list with
one of these for an array. A property that is not here is an error (contract 1.6).
"""

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]

STOCK_ITEM: Shape = {
    "item_id": "int", "product_id": "int", "stock_id": "int", "qty": "float", "is_in_stock": "boolean",
    "is_qty_decimal": "boolean", "show_default_notification_message": "boolean", "use_config_min_qty": "boolean",
    "min_qty": "float", "use_config_min_sale_qty": "int", "min_sale_qty": "float",
    "use_config_max_sale_qty": "boolean", "max_sale_qty": "float", "use_config_backorders": "boolean",
    "backorders": "int", "use_config_notify_stock_qty": "boolean", "notify_stock_qty": "float",
    "use_config_qty_increments": "boolean", "qty_increments": "float", "use_config_enable_qty_inc": "boolean",
    "enable_qty_increments": "boolean", "use_config_manage_stock": "boolean", "manage_stock": "boolean",
    "low_stock_date": "string", "is_decimal_divided": "boolean", "stock_status_changed_auto": "int",
    "extension_attributes": "any",
}  # fmt: skip

PRODUCT_EXTENSIONS: Shape = {
    "website_ids": ["int"],
    "category_links": [{"position": "int", "category_id": "string", "extension_attributes": "any"}],
    "stock_item": STOCK_ITEM,
    "bundle_product_options": "any",
    "configurable_product_options": "any",
    "configurable_product_links": ["int"],
    "downloadable_product_links": "any",
    "downloadable_product_samples": "any",
    "giftcard_amounts": "any",
    "discounts": "any",
}

PRODUCT: Shape = {
    "id": "int", "sku": "string", "name": "string", "attribute_set_id": "int", "price": "float", "status": "int",
    "visibility": "int", "type_id": "string", "created_at": "string", "updated_at": "string", "weight": "float",
    "extension_attributes": PRODUCT_EXTENSIONS,
    "product_links": [
        {
            "sku": "string", "link_type": "string", "linked_product_sku": "string", "linked_product_type": "string",
            "position": "int", "extension_attributes": "any",
        },
    ],
    "options": "any",
    "media_gallery_entries": [
        {
            "id": "int", "media_type": "string", "label": "string", "position": "int", "disabled": "boolean",
            "types": ["string"], "file": "string", "extension_attributes": "any",
            "content": {"base64_encoded_data": "string", "type": "string", "name": "string"},
        },
    ],
    "tier_prices": [
        {
            "customer_group_id": "int", "qty": "float", "value": "float", "extension_attributes": "any",
        },
    ],
    "custom_attributes": "custom attributes",
}  # fmt: skip
