"""The shop's routes as data, in the shape of Magento's webapi.xml: adding an endpoint is adding a line (contract 1, 3)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from importer.sandbox import look_ups, products, services
from importer.sandbox.bulk import page
from importer.sandbox.errors import Refusal, wrong_type
from importer.sandbox.search import criteria, search
from importer.sandbox.services import Service
from importer.sandbox.shop import Shop

PRODUCTS = "Magento_Catalog::products"
CATEGORIES = "Magento_Catalog::categories"
ATTRIBUTES = "Magento_Catalog::attributes_attributes"
STORE = "Magento_Backend::store"
BULK = "Magento_Logging::system_magento_logging_bulk_operations"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a GET asks: path parameters, query, and the address the shop was asked at."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    base_url: str


Read = Callable[[Shop, Question], Any]


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a method and a URL do: answer a question, or call a service, and that in every way: at once, asynchronously,
    in bulk. `answer` is what the synchronous call makes of the service's result."""

    method: str
    url: str
    resource: str
    does: Read | Service
    answer: Callable[[Any], Any] | None = None

    @property
    def bulk_url(self) -> str:
        """`:sku` becomes `bySku` (contract 1.2)."""
        return re.sub(r"/:(\w)(\w*)", lambda match: f"/by{match[1].upper()}{match[2]}", self.url)


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


def _list(rows: Callable[[Shop], Iterable[Any]]) -> Read:
    return lambda shop, asked: search(rows(shop), criteria(asked.query))


def _find_products(shop: Shop, asked: Question) -> Any:
    return search(
        shop.products, criteria(asked.query), columns=lambda row: look_ups.columns(row, shop.catalog)
    )


def _find_operations(shop: Shop, asked: Question) -> Any:
    answer = search(shop.bulks.rows(), criteria(asked.query))
    return {**answer, "items": page(answer["items"], by_key=shop.version.search_by_key)}


def _count_operations(shop: Shop, asked: Question) -> int:
    status = asked.path["status"]
    if not re.fullmatch(r"-?[0-9]+", status):
        raise Refusal(400, wrong_type(status, "int"))
    return shop.bulks.count(asked.path["bulkUuid"], int(status))


def _get(url: str, resource: str, read: Read) -> Route:
    return Route(method="GET", url=url, resource=resource, does=read)


ROUTES: tuple[Route, ...] = (
    _get("/V1/store/websites", STORE, lambda shop, _: look_ups.websites(shop.catalog)),
    _get("/V1/store/storeViews", STORE, lambda shop, _: look_ups.store_views(shop.catalog)),
    _get("/V1/store/storeConfigs", STORE, lambda shop, asked: look_ups.store_configs(shop.catalog, asked.base_url)),
    _get(
        "/V1/products/attribute-sets/sets/list", "Magento_Catalog::sets",
        _list(lambda shop: look_ups.attribute_sets(shop.catalog)),
    ),
    _get("/V1/taxClasses/search", "Magento_Tax::manage_tax", _list(lambda shop: look_ups.tax_classes(shop.catalog))),
    _get("/V1/categories", CATEGORIES, lambda shop, asked: look_ups.category_tree(shop.catalog, asked.query)),
    _get("/V1/categories/list", CATEGORIES, _list(lambda shop: look_ups.categories(shop.catalog))),
    _get("/V1/products/attributes", ATTRIBUTES, _list(lambda shop: look_ups.attributes(shop.catalog))),
    _get(
        "/V1/products/attributes/:attributeCode", ATTRIBUTES,
        lambda shop, asked: look_ups.attribute(look_ups.attribute_of(shop.catalog, asked.path["attributeCode"])),
    ),
    _get(
        "/V1/products/attributes/:attributeCode/options", ATTRIBUTES,
        lambda shop, asked: look_ups.options(look_ups.attribute_of(shop.catalog, asked.path["attributeCode"])),
    ),
    _get("/V1/products", PRODUCTS, _find_products),
    _get("/V1/products/:sku", PRODUCTS, lambda shop, asked: shop.products.get(asked.path["sku"])),
    Route(
        method="POST", url="/V1/products", resource=PRODUCTS, does=services.SAVE_PRODUCT, answer=products.of_post,
    ),
    Route(method="PUT", url="/V1/products/:sku", resource=PRODUCTS, does=services.SAVE_PRODUCT),
    Route(method="DELETE", url="/V1/products/:sku", resource=PRODUCTS, does=services.DELETE_PRODUCT),
    _get(
        "/V1/bulk/:bulkUuid/status", BULK,
        lambda shop, asked: shop.bulks.status(asked.path["bulkUuid"], detailed=False),
    ),
    _get(
        "/V1/bulk/:bulkUuid/detailed-status", BULK,
        lambda shop, asked: shop.bulks.status(asked.path["bulkUuid"], detailed=True),
    ),
    _get("/V1/bulk/:bulkUuid/operation-status/:status", BULK, _count_operations),
    _get("/V1/bulk", BULK, _find_operations),
)  # fmt: skip
