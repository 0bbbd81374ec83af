"""Names to ids, from the shop's GET endpoints (native CSV, section 9). Names stand as the shop has them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from importer.backends.magento.client import ReadingClient
from importer.domain.errors import BackendDenied
from importer.domain.mapping import Mapping as ImportMapping
from importer.ports import Tables
from importer.transform.attributes import ATTRIBUTES
from importer.transform.stages import SCOPES
from importer.transform.variations import IDS, LABELS

ADMIN_WEBSITE = ADMIN_STORE_VIEW = 0
IDS_AT_ONCE = 50
"""Keys in one search: the address of a request should stay below 8 KiB."""
ROOT_OF_ALL_CATEGORIES = 1
PRODUCT_TAX = {
    "searchCriteria[filter_groups][0][filters][0][field]": "class_type",
    "searchCriteria[filter_groups][0][filters][0][value]": "PRODUCT",
}


async def load(client: ReadingClient) -> Tables:
    """Every table a mapping may name. Raises BackendUnavailable, BackendDenied.

    Customer groups need a permission of their own, which a token for products does not have: then there is no such
    table, and only a row that needs it is in error.
    """
    tables: dict[str, Mapping[str, Any]] = {
        "attribute_set": await _attribute_sets(client),
        "website": await _websites(client),
        SCOPES: await _store_views(client),
        "tax_class": await _tax_classes(client),
        "category": await _categories(client),
        **await _attributes(client),
    }
    with suppress(BackendDenied):
        tables["customer_group"] = await _customer_groups(client)
    return tables


async def ids(client: ReadingClient, mapping: ImportMapping, keys: Collection[str]) -> dict[str, int]:
    """Ids of the entities with these keys, which are searched for where they are sent to. Raises as `load`.

    A list of values stands between commas there, so a key that holds one is asked for alone.
    """
    plain = [key for key in keys if "," not in key]
    groups = [plain[start : start + IDS_AT_ONCE] for start in range(0, len(plain), IDS_AT_ONCE)]
    path = mapping.request.path.partition("/:")[0]
    found: dict[str, int] = {}
    for group in [*groups, *([key] for key in keys if "," in key)]:
        wanted = {key.lower(): key for key in group}
        async for item in client.pages(path, _one_of(str(mapping.key_field), group)):
            key = wanted.get(str(item.get(str(mapping.key_field))).lower())
            if key is not None:
                found[key] = int(item["id"])
    return found


def _one_of(field: str, values: Sequence[str]) -> dict[str, str]:
    start = "searchCriteria[filter_groups][0][filters][0]"
    return {
        f"{start}[field]": field,
        f"{start}[condition_type]": "in" if len(values) > 1 else "eq",
        f"{start}[value]": ",".join(values),
        "fields": f"items[id,{field}],total_count",
    }


async def _attribute_sets(client: ReadingClient) -> dict[str, int]:
    pages = client.pages("/V1/products/attribute-sets/sets/list")
    return {item["attribute_set_name"]: int(item["attribute_set_id"]) async for item in pages}


async def _websites(client: ReadingClient) -> dict[str, int]:
    sites = await client.get("/V1/store/websites") or []
    return {site["code"]: int(site["id"]) for site in sites if int(site["id"]) != ADMIN_WEBSITE}


async def _store_views(client: ReadingClient) -> dict[str, int]:
    views = await client.get("/V1/store/storeViews") or []
    return {view["code"]: int(view["id"]) for view in views if int(view["id"]) != ADMIN_STORE_VIEW}


async def _customer_groups(client: ReadingClient) -> dict[str, int]:
    return {group["code"]: int(group["id"]) async for group in client.pages("/V1/customerGroups/search")}


async def _tax_classes(client: ReadingClient) -> dict[str, str]:
    pages = client.pages("/V1/taxClasses/search", PRODUCT_TAX)
    classes = {item["class_name"]: str(item["class_id"]) async for item in pages}
    return {"none": "0", "0": "0", **classes}


async def _categories(client: ReadingClient) -> dict[str, str]:
    """Path of names -> id, the root's name included; a slash inside a name is written `\\/` (native CSV, section 2)."""
    paths: dict[str, str] = {}
    tree = await client.get("/V1/categories")
    if tree:
        _walk(tree, "", paths)
    return paths


def _walk(node: Mapping[str, Any], above: str, paths: dict[str, str]) -> None:
    path = above
    if int(node["id"]) != ROOT_OF_ALL_CATEGORIES:
        name = str(node["name"]).replace("/", "\\/")
        path = f"{above}/{name}" if above else name
        paths[path] = str(node["id"])
    for child in node.get("children_data") or []:
        _walk(child, path, paths)


async def _attributes(client: ReadingClient) -> dict[str, dict[str, Any]]:
    """Definitions under `attributes`, and the options of each under `option:<code>`."""
    tables: dict[str, dict[str, Any]] = {ATTRIBUTES: {}, IDS: {}, LABELS: {}}
    async for item in client.pages("/V1/products/attributes"):
        code = item["attribute_code"]
        tables[ATTRIBUTES][code] = item.get("frontend_input") or "text"
        tables[IDS][code] = str(item["attribute_id"])
        tables[LABELS][code] = item.get("default_frontend_label") or code
        options: dict[str, str] = {}
        for option in item.get("options") or []:
            if str(option.get("value", "")) != "" and isinstance(option.get("label"), str):
                options.setdefault(option["label"].strip(), str(option["value"]))
        tables[f"option:{code}"] = options
    return tables
