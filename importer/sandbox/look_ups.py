"""What the shop tells about itself by GET, in Magento's answer shapes (native CSV, section 9)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.attributes import Attribute
from importer.sandbox.catalog import ADMIN, Catalog
from importer.sandbox.categories import ROOT, Category, walk
from importer.sandbox.errors import Refusal, wrong_type

PRODUCT_ENTITY = 4
CUSTOMERS = {"class_id": 3, "class_name": "Retail Customer", "class_type": "CUSTOMER"}
CHOICES = ("select", "multiselect")
BACKEND_TYPES = {"string": "varchar", "int": "int", "float": "decimal"}

Query = Mapping[str, str]


def websites(catalog: Catalog) -> list[dict[str, Any]]:
    """The default group of a website is numbered like it."""
    return [
        {"id": number, "code": code, "name": _title(code), "default_group_id": number}
        for code, number in catalog.websites.items()
    ]


def store_views(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "id": store.id, "code": store.code, "name": _title(store.code), "website_id": store.website,
            "store_group_id": store.website, "is_active": 1,
        }
        for store in catalog.stores
    ]  # fmt: skip


def store_configs(catalog: Catalog, base_url: str) -> list[dict[str, Any]]:
    return [
        {
            "id": store.id, "code": store.code, "website_id": store.website, "locale": "en_US",
            "base_currency_code": "USD", "default_display_currency_code": "USD", "timezone": "UTC",
            "weight_unit": "lbs", "base_url": base_url, "base_link_url": base_url,
            "base_static_url": f"{base_url}static/", "base_media_url": f"{base_url}media/",
            "secure_base_url": base_url, "secure_base_link_url": base_url,
            "secure_base_static_url": f"{base_url}static/", "secure_base_media_url": f"{base_url}media/",
        }
        for store in catalog.stores
        if store.id != ADMIN
    ]  # fmt: skip


def _title(code: str) -> str:
    return code.replace("_", " ").title()


def attribute_sets(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "attribute_set_id": number, "attribute_set_name": name, "sort_order": place,
            "entity_type_id": PRODUCT_ENTITY,
        }
        for place, (name, number) in enumerate(catalog.attribute_sets.items(), 1)
    ]  # fmt: skip


def tax_classes(catalog: Catalog) -> list[dict[str, Any]]:
    products = [
        {"class_id": number, "class_name": name, "class_type": "PRODUCT"}
        for name, number in catalog.tax_classes.items()
    ]
    return [*products, CUSTOMERS]


def category_tree(catalog: Catalog, query: Query) -> dict[str, Any]:
    """`children_data` below the root of all roots, or below `rootCategoryId`; `depth` levels of it."""
    root = category_of(catalog, _number(query, "rootCategoryId", ROOT))
    return _branch(root, _number(query, "depth", -1))


def _number(query: Query, name: str, default: int) -> int:
    value = query.get(name, "")
    if value and not value.isdigit():
        raise Refusal(400, wrong_type(value, "int"))
    return int(value) if value else default


def _branch(category: Category, depth: int) -> dict[str, Any]:
    children = [] if depth == 0 else [_branch(child, depth - 1) for child in category.children]
    return {
        "id": category.id, "parent_id": category.parent, "name": category.name, "is_active": True,
        "position": category.position, "level": category.level, "product_count": 0, "children_data": children,
    }  # fmt: skip


def category_of(catalog: Catalog, number: int) -> Category:
    """Raises Refusal 404."""
    for category in walk(catalog.root):
        if category.id == number:
            return category
    text = "No such entity with %fieldName = %fieldValue"
    raise Refusal(404, text, {"fieldName": "id", "fieldValue": number})


def categories(catalog: Catalog) -> list[dict[str, Any]]:
    return [category(found) for found in walk(catalog.root)]


def category(found: Category) -> dict[str, Any]:
    return {
        "id": found.id, "parent_id": found.parent, "name": found.name, "is_active": True, "position": found.position,
        "level": found.level, "children": ",".join(str(child.id) for child in found.children), "path": found.path,
        "include_in_menu": True, "custom_attributes": [
            {"attribute_code": "path", "value": found.path},
            {"attribute_code": "children_count", "value": str(sum(1 for _ in walk(found)) - 1)},
        ],
    }  # fmt: skip


def attributes(catalog: Catalog) -> list[dict[str, Any]]:
    return [attribute(found) for found in catalog.attributes.values()]


def attribute_of(catalog: Catalog, code: str) -> Attribute:
    """By code, or by id as Magento takes it, too. Raises Refusal 404."""
    for found in catalog.attributes.values():
        if code in (found.code, str(found.id)):
            return found
    text = 'The attribute with a "%attributeCode" attributeCode doesn\'t exist. Verify the attribute and try again.'
    raise Refusal(404, text, {"attributeCode": code})


def attribute(found: Attribute) -> dict[str, Any]:
    return {
        "attribute_id": found.id, "attribute_code": found.code, "frontend_input": found.input,
        "entity_type_id": str(PRODUCT_ENTITY), "is_required": found.required, "is_unique": str(int(found.unique)),
        "scope": found.scope, "is_user_defined": found.own, "default_frontend_label": found.label,
        "frontend_labels": [], "backend_type": BACKEND_TYPES[found.type], "apply_to": [], "options": options(found),
    }  # fmt: skip


def options(found: Attribute) -> list[dict[str, str]]:
    """Choices begin with an empty one."""
    if found.input not in (*CHOICES, "boolean"):
        return []
    empty = [{"label": " ", "value": ""}] if found.input in CHOICES else []
    return [*empty, *({"label": label, "value": value} for label, value in found.options.items())]


def columns(product: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """What products can be searched by: their fields, every attribute, their websites and categories."""
    values = merging.attribute_values(product)
    extensions = product["extension_attributes"]
    return {
        **dict.fromkeys(catalog.attributes),
        **values,
        **product,
        "entity_id": product["id"],
        "category_id": values.get("category_ids"),
        "website_id": extensions["website_ids"],
        "qty": extensions["stock_item"]["qty"],
    }
