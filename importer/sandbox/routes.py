"""The shop's routes as data, in the shape of Magento's webapi.xml: adding an endpoint is adding a line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from importer.sandbox import inputs, look_ups
from importer.sandbox.bulk import found
from importer.sandbox.catalog import Catalog
from importer.sandbox.search import Criteria, criteria, search
from importer.sandbox.shop import Shop

PRODUCTS = "Magento_Catalog::products"
STORE = "Magento_Backend::store"
BULK = "Magento_Logging::system_magento_logging_bulk_operations"
REPOSITORY = r"Magento\Catalog\Api\ProductRepositoryInterface"

Read = Callable[[Shop, Mapping[str, str], Mapping[str, str]], Any]
"""(shop, path parameters, query) -> answer."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """`read` answers a GET. A route with a `service` can be called in every way: at once, asynchronously, in bulk."""

    method: str
    url: str
    resource: str
    read: Read | None = None
    service: str = ""
    check: Callable[[Any, Catalog], None] | None = None

    @property
    def topic(self) -> str:
        """Contract section 3."""
        interface, _, name = self.service.partition("::")
        return f"async.{interface.replace(chr(92), '.')}.{name}.{self.method}".lower()

    @property
    def bulk_url(self) -> str:
        """`:sku` becomes `bySku` (contract 1.2)."""
        return re.sub(r"/:(\w)(\w*)", lambda match: f"/by{match[1].upper()}{match[2]}", self.url)


def _list(rows: Callable[[Shop], Any]) -> Read:
    return lambda shop, _path, query: search(rows(shop), criteria(query))


def _operations(shop: Shop, _path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    answer = search(shop.bulks.rows(), criteria(query))
    return {**answer, "items": [found(row) for row in answer["items"]]}


def _products(shop: Shop, _path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    wanted: Criteria = criteria(query)
    return search(shop.products.all(), wanted)


ROUTES: tuple[Route, ...] = (
    Route(method="GET", url="/V1/store/websites", resource=STORE, read=lambda s, _p, _q: look_ups.websites(s.catalog)),
    Route(method="GET", url="/V1/store/storeViews", resource=STORE, read=lambda s, _p, _q: look_ups.store_views(s.catalog)),
    Route(
        method="GET", url="/V1/store/storeConfigs", resource=STORE,
        read=lambda s, _p, _q: look_ups.store_configs(s.catalog),
    ),
    Route(
        method="GET", url="/V1/products/attribute-sets/sets/list", resource="Magento_Catalog::sets",
        read=_list(lambda shop: look_ups.attribute_sets(shop.catalog)),
    ),
    Route(
        method="GET", url="/V1/taxClasses/search", resource="Magento_Tax::manage_tax",
        read=_list(lambda shop: look_ups.tax_classes(shop.catalog)),
    ),
    Route(
        method="GET", url="/V1/categories", resource="Magento_Catalog::categories",
        read=lambda s, _p, _q: look_ups.category_tree(s.catalog),
    ),
    Route(
        method="GET", url="/V1/categories/list", resource="Magento_Catalog::categories",
        read=_list(lambda shop: look_ups.categories(shop.catalog)),
    ),
    Route(
        method="GET", url="/V1/products/attributes", resource="Magento_Catalog::attributes_attributes",
        read=_list(lambda shop: look_ups.attributes(shop.catalog)),
    ),
    Route(
        method="GET", url="/V1/products/attributes/:attributeCode", resource="Magento_Catalog::attributes_attributes",
        read=lambda s, p, _q: look_ups.attribute(look_ups.attribute_of(s.catalog, p["attributeCode"])),
    ),
    Route(
        method="GET", url="/V1/products/attributes/:attributeCode/options",
        resource="Magento_Catalog::attributes_attributes",
        read=lambda s, p, _q: look_ups.options(look_ups.attribute_of(s.catalog, p["attributeCode"])),
    ),
    Route(method="GET", url="/V1/products", resource=PRODUCTS, read=_products),
    Route(method="GET", url="/V1/products/:sku", resource=PRODUCTS, read=lambda s, p, _q: s.products.get(p["sku"])),
    Route(
        method="POST", url="/V1/products", resource=PRODUCTS, service=f"{REPOSITORY}::save",
        check=inputs.check_product_call,
    ),
    Route(
        method="PUT", url="/V1/products/:sku", resource=PRODUCTS, service=f"{REPOSITORY}::save",
        check=inputs.check_product_call,
    ),
    Route(
        method="DELETE", url="/V1/products/:sku", resource=PRODUCTS, service=f"{REPOSITORY}::deleteById",
        check=inputs.check_sku_call,
    ),
    Route(
        method="GET", url="/V1/bulk/:bulkUuid/status", resource=BULK,
        read=lambda s, p, _q: s.bulks.status(p["bulkUuid"], detailed=False),
    ),
    Route(
        method="GET", url="/V1/bulk/:bulkUuid/detailed-status", resource=BULK,
        read=lambda s, p, _q: s.bulks.status(p["bulkUuid"], detailed=True),
    ),
    Route(
        method="GET", url="/V1/bulk/:bulkUuid/operation-status/:status", resource=BULK,
        read=lambda s, p, _q: s.bulks.count(p["bulkUuid"], int(p["status"])),
    ),
    Route(method="GET", url="/V1/bulk", resource=BULK, read=_operations),
)  # fmt: skip


def match(method: str, path: str, *, bulk: bool = False) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and its parameters; fixed words are preferred to parameters."""
    hits = []
    for route in ROUTES:
        url = route.bulk_url if bulk else route.url
        fits = re.fullmatch(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", url), path)
        if route.method == method and fits:
            hits.append((url.count(":"), route, fits.groupdict()))
    if not hits:
        return None
    _, route, parameters = min(hits, key=lambda hit: hit[0])
    return route, parameters
