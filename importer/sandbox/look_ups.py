"""What the shop tells about itself by GET, in Magento's answer shapes (native CSV, section 9)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox.catalog import Attribute, Catalog, Category, walk
from importer.sandbox.errors import Refusal

PRODUCT_ENTITY = 4


def websites(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {"id": number, "code": code, "name": code.title(), "default_group_id": min(number, 1)}
        for code, number in catalog.websites.items()
    ]


def store_views(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "code": code,
            "name": code.title(),
            "website_id": site,
            "store_group_id": site,
            "is_active": 1,
        }
        for code, (number, site) in catalog.stores.items()
    ]


def store_configs(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "id": number, "code": code, "website_id": site, "locale": "en_US", "base_currency_code": "USD",
            "default_display_currency_code": "USD", "timezone": "UTC", "weight_unit": "lbs",
        }
        for code, (number, site) in catalog.stores.items()
        if number
    ]  # fmt: skip


def attribute_sets(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "attribute_set_id": number,
            "attribute_set_name": name,
            "sort_order": 1,
            "entity_type_id": PRODUCT_ENTITY,
        }
        for name, number in catalog.attribute_sets.items()
    ]


def tax_classes(catalog: Catalog) -> list[dict[str, Any]]:
    customers = [{"class_id": 3, "class_name": "Retail Customer", "class_type": "CUSTOMER"}]
    return customers + [
        {"class_id": number, "class_name": name, "class_type": "PRODUCT"}
        for name, number in catalog.tax_classes.items()
    ]


def category_tree(catalog: Catalog) -> dict[str, Any]:
    """Below the root of all roots, which is the first element (recorded shape: `children_data`)."""
    return _branch(catalog.root)


def _branch(category: Category) -> dict[str, Any]:
    return {
        "id": category.id, "parent_id": category.parent, "name": category.name, "is_active": True, "position": 1,
        "level": category.level, "product_count": 0, "children_data": [_branch(child) for child in category.children],
    }  # fmt: skip


def categories(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "parent_id": c.parent, "name": c.name, "is_active": True, "level": c.level, "path": path}
        for c, path in zip(walk(catalog.root), _paths(catalog.root, ""), strict=True)
    ]


def _paths(category: Category, above: str) -> list[str]:
    own = f"{above}/{category.id}" if above else str(category.id)
    return [own, *(path for child in category.children for path in _paths(child, own))]


def attributes(catalog: Catalog) -> list[dict[str, Any]]:
    return [attribute(found) for found in catalog.attributes.values()]


def attribute_of(catalog: Catalog, code: str) -> Attribute:
    """Raises Refusal 404."""
    if code not in catalog.attributes:
        text = 'The attribute with a "%attributeCode" attributeCode doesn\'t exist. Verify the attribute and try again.'
        raise Refusal(404, text, {"attributeCode": code})
    return catalog.attributes[code]


def attribute(found: Attribute) -> dict[str, Any]:
    return {
        "attribute_id": found.id, "attribute_code": found.code, "frontend_input": found.input,
        "entity_type_id": str(PRODUCT_ENTITY), "is_required": False, "is_unique": "0", "scope": "global",
        "is_user_defined": True, "default_frontend_label": found.label, "options": options(found),
    }  # fmt: skip


def options(found: Attribute) -> list[Mapping[str, str]]:
    """Select-like inputs begin with an empty choice."""
    if not found.options:
        return []
    return [{"label": " ", "value": ""}, *({"label": k, "value": v} for k, v in found.options.items())]
