"""The shapes of the objects that services take and give: property -> type, as Magento's data interfaces declare them.

A type is the name of a scalar, `any` for what this shop does not look into, `custom attributes`, a Shape for an object,
or a list with one of these for an array. A property that a shape does not have is an error (contract 1.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Shape:
    """`name` is what Magento's schema calls it."""

    name: str
    properties: Mapping[str, Any]


STOCK_ITEM = Shape("catalog-inventory-data-stock-item-interface", {
    "item_id": "int", "product_id": "int", "stock_id": "int", "qty": "float", "is_in_stock": "boolean",
    "is_qty_decimal": "boolean", "show_default_notification_message": "boolean", "use_config_min_qty": "boolean",
    "min_qty": "float", "use_config_min_sale_qty": "int", "min_sale_qty": "float",
    "use_config_max_sale_qty": "boolean", "max_sale_qty": "float", "use_config_backorders": "boolean",
    "backorders": "int", "use_config_notify_stock_qty": "boolean", "notify_stock_qty": "float",
    "use_config_qty_increments": "boolean", "qty_increments": "float", "use_config_enable_qty_inc": "boolean",
    "enable_qty_increments": "boolean", "use_config_manage_stock": "boolean", "manage_stock": "boolean",
    "low_stock_date": "string", "is_decimal_divided": "boolean", "stock_status_changed_auto": "int",
    "extension_attributes": "any",
})  # fmt: skip
CONTENT = Shape(
    "framework-data-image-content-interface",
    {"base64_encoded_data": "string", "type": "string", "name": "string"},
)
ENTRY = Shape("catalog-data-product-attribute-media-gallery-entry-interface", {
    "id": "int", "media_type": "string", "label": "string", "position": "int", "disabled": "boolean",
    "types": ["string"], "file": "string", "content": CONTENT, "extension_attributes": "any",
})  # fmt: skip
LINK = Shape("catalog-data-product-link-interface", {
    "sku": "string", "link_type": "string", "linked_product_sku": "string", "linked_product_type": "string",
    "position": "int", "extension_attributes": Shape("catalog-data-product-link-extension-interface", {"qty": "float"}),
})  # fmt: skip
CATEGORY_LINK = Shape(
    "catalog-data-category-link-interface",
    {"position": "int", "category_id": "string", "extension_attributes": "any"},
)
OPTION_VALUE = Shape(
    "configurable-product-data-option-value-interface",
    {"value_index": "int", "extension_attributes": "any"},
)
CONFIGURABLE_OPTION = Shape("configurable-product-data-option-interface", {
    "id": "int", "attribute_id": "string", "label": "string", "position": "int", "is_use_default": "boolean",
    "values": [OPTION_VALUE], "product_id": "int", "extension_attributes": "any",
})  # fmt: skip
TIER_PRICE = Shape(
    "catalog-data-product-tier-price-interface",
    {"customer_group_id": "int", "qty": "float", "value": "float", "extension_attributes": "any"},
)
PRODUCT_EXTENSIONS = Shape("catalog-data-product-extension-interface", {
    "website_ids": ["int"],
    "category_links": [CATEGORY_LINK],
    "stock_item": STOCK_ITEM,
    "bundle_product_options": "any",
    "configurable_product_options": [CONFIGURABLE_OPTION],
    "configurable_product_links": ["int"],
    "downloadable_product_links": "any",
    "downloadable_product_samples": "any",
    "giftcard_amounts": "any",
    "discounts": "any",
})  # fmt: skip
PRODUCT = Shape("catalog-data-product-interface", {
    "id": "int", "sku": "string", "name": "string", "attribute_set_id": "int", "price": "float", "status": "int",
    "visibility": "int", "type_id": "string", "created_at": "string", "updated_at": "string", "weight": "float",
    "extension_attributes": PRODUCT_EXTENSIONS,
    "product_links": [LINK],
    "options": "any",
    "media_gallery_entries": [ENTRY],
    "tier_prices": [TIER_PRICE],
    "custom_attributes": "custom attributes",
})  # fmt: skip
CATEGORY_PRODUCT = Shape("catalog-data-category-product-link-interface", {
    "sku": "string", "position": "int", "category_id": "string", "extension_attributes": "any",
})  # fmt: skip
CATEGORY = Shape("catalog-data-category-interface", {
    "id": "int", "parent_id": "int", "name": "string", "is_active": "boolean", "position": "int", "level": "int",
    "children": "string", "created_at": "string", "updated_at": "string", "path": "string",
    "available_sort_by": ["string"], "include_in_menu": "boolean", "extension_attributes": "any",
    "custom_attributes": "plain attributes",
})  # fmt: skip
SOURCE_ITEM = Shape("inventory-api-data-source-item-interface", {
    "sku": "string", "source_code": "string", "quantity": "float", "status": "int", "extension_attributes": "any",
})  # fmt: skip
BASE_PRICE = Shape(
    "catalog-data-base-price-interface",
    {"price": "float", "store_id": "int", "sku": "string", "extension_attributes": "any"},
)
SPECIAL_PRICE = Shape("catalog-data-special-price-interface", {
    "price": "float", "store_id": "int", "sku": "string", "price_from": "string", "price_to": "string",
    "extension_attributes": "any",
})  # fmt: skip
TIER = Shape("catalog-data-tier-price-interface", {
    "price": "float", "price_type": "string", "website_id": "int", "sku": "string", "customer_group": "string",
    "quantity": "float", "extension_attributes": "any",
})  # fmt: skip
REGION = Shape(
    "customer-data-region-interface",
    {"region_code": "string", "region": "string", "region_id": "int", "extension_attributes": "any"},
)
ADDRESS = Shape("customer-data-address-interface", {
    "id": "int", "customer_id": "int", "region": REGION, "region_id": "int", "country_id": "string",
    "street": ["string"], "company": "string", "telephone": "string", "fax": "string", "postcode": "string",
    "city": "string", "firstname": "string", "lastname": "string", "middlename": "string", "prefix": "string",
    "suffix": "string", "vat_id": "string", "default_shipping": "boolean", "default_billing": "boolean",
    "extension_attributes": "any", "custom_attributes": "plain attributes",
})  # fmt: skip
CUSTOMER = Shape("customer-data-customer-interface", {
    "id": "int", "group_id": "int", "default_billing": "string", "default_shipping": "string",
    "confirmation": "string", "created_at": "string", "updated_at": "string", "created_in": "string",
    "dob": "string", "email": "string", "firstname": "string", "lastname": "string", "middlename": "string",
    "prefix": "string", "suffix": "string", "gender": "int", "store_id": "int", "taxvat": "string",
    "website_id": "int", "addresses": [ADDRESS], "disable_auto_group_change": "int",
    "extension_attributes": Shape("customer-data-customer-extension-interface", {
        "company_attributes": "any", "assistance_allowed": "int", "is_subscribed": "boolean",
    }),
    "custom_attributes": "plain attributes",
})  # fmt: skip
STORE_LABEL = Shape("eav-data-attribute-option-label-interface", {"store_id": "int", "label": "string"})
ATTRIBUTE_OPTION = Shape("eav-data-attribute-option-interface", {
    "label": "string", "value": "string", "sort_order": "int", "is_default": "boolean", "store_labels": [STORE_LABEL],
})  # fmt: skip
ATTRIBUTE = Shape("catalog-data-product-attribute-interface", {
    "extension_attributes": "any", "is_wysiwyg_enabled": "boolean", "is_html_allowed_on_front": "boolean",
    "used_for_sort_by": "boolean", "is_filterable": "boolean", "is_filterable_in_search": "boolean",
    "is_used_in_grid": "boolean", "is_visible_in_grid": "boolean", "is_filterable_in_grid": "boolean",
    "position": "int", "apply_to": ["string"], "is_searchable": "string", "is_visible_in_advanced_search": "string",
    "is_comparable": "string", "is_used_for_promo_rules": "string", "is_visible_on_front": "string",
    "used_in_product_listing": "string", "is_visible": "boolean", "scope": "string", "attribute_id": "int",
    "attribute_code": "string", "frontend_input": "string", "entity_type_id": "string", "is_required": "boolean",
    "options": [ATTRIBUTE_OPTION], "is_user_defined": "boolean", "default_frontend_label": "string",
    "frontend_labels": [STORE_LABEL], "note": "string", "backend_type": "string", "backend_model": "string",
    "source_model": "string", "default_value": "string", "is_unique": "string", "frontend_class": "string",
    "validation_rules": "any", "custom_attributes": "plain attributes",
})  # fmt: skip
ATTRIBUTE_SET = Shape("eav-data-attribute-set-interface", {
    "attribute_set_id": "int", "attribute_set_name": "string", "sort_order": "int", "entity_type_id": "int",
    "extension_attributes": "any",
})  # fmt: skip
ATTRIBUTE_GROUP = Shape("eav-data-attribute-group-interface", {
    "attribute_group_id": "string", "attribute_group_name": "string", "attribute_set_id": "int",
    "extension_attributes": "any",
})  # fmt: skip
TAX_CLASS = Shape(
    "tax-data-tax-class-interface",
    {"class_id": "int", "class_name": "string", "class_type": "string", "extension_attributes": "any"},
)
TAX_RATE = Shape("tax-data-tax-rate-interface", {
    "id": "int", "tax_country_id": "string", "tax_region_id": "int", "region_name": "string", "tax_postcode": "string",
    "zip_is_range": "int", "zip_from": "int", "zip_to": "int", "rate": "float", "code": "string",
    "titles": [Shape("tax-data-tax-rate-title-interface", {"store_id": "string", "value": "string"})],
    "extension_attributes": "any",
})  # fmt: skip
GROUP = Shape("customer-data-group-interface", {
    "id": "int", "code": "string", "tax_class_id": "int", "tax_class_name": "string", "extension_attributes": "any",
})  # fmt: skip
BLOCK = Shape("cms-data-block-interface", {
    "id": "int", "identifier": "string", "title": "string", "content": "string", "creation_time": "string",
    "update_time": "string", "active": "boolean",
})  # fmt: skip
PAGE = Shape("cms-data-page-interface", {
    "id": "int", "identifier": "string", "title": "string", "page_layout": "string", "meta_title": "string",
    "meta_keywords": "string", "meta_description": "string", "content_heading": "string", "content": "string",
    "creation_time": "string", "update_time": "string", "sort_order": "string", "layout_update_xml": "string",
    "custom_theme": "string", "custom_root_template": "string", "custom_layout_update_xml": "string",
    "custom_theme_from": "string", "custom_theme_to": "string", "active": "boolean",
})  # fmt: skip
COUPON = Shape("sales-rule-data-coupon-interface", {
    "coupon_id": "int", "rule_id": "int", "code": "string", "usage_limit": "int", "usage_per_customer": "int",
    "times_used": "int", "expiration_date": "string", "is_primary": "boolean", "created_at": "string", "type": "int",
    "extension_attributes": "any",
})  # fmt: skip
