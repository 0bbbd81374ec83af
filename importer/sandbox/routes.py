"""The shop's routes as data, in the shape of Magento's webapi.xml: adding an endpoint is adding a line (contract 1, 3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from importer.sandbox.access import ANONYMOUS
from importer.sandbox.contracts import Service
from importer.sandbox.products import of_post
from importer.sandbox.services import SERVICES


@dataclass(frozen=True)
class Route:
    """A method and a URL, the service behind them, and what a caller must be allowed. POST, PUT and DELETE work in
    every way: at once, asynchronously, in bulk. `answer` is what the synchronous call makes of the service's result and of its item."""

    method: str
    url: str
    interface: str
    service_method: str
    resource: str
    answer: Callable[[Any, Any], Any] | None = None

    @cached_property
    def service(self) -> Service:
        return SERVICES[self.interface, self.service_method]

    @cached_property
    def bulk_url(self) -> str:
        """`:sku` becomes `bySku` (contract 1.2)."""
        return re.sub(r"/:(\w)(\w*)", lambda match: f"/by{match[1].upper()}{match[2]}", self.url)

    @property
    def topic(self) -> str:
        return self.service.topic(self.method)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.url))


PRODUCTS, CATEGORIES = "Magento_Catalog::products", "Magento_Catalog::categories"
ATTRIBUTES, SETS = "Magento_Catalog::attributes_attributes", "Magento_Catalog::sets"
STOCK, SOURCES = "Magento_CatalogInventory::cataloginventory", "Magento_InventoryApi::source"
CUSTOMERS, GROUPS = "Magento_Customer::manage", "Magento_Customer::group"
TAXES, STORE = "Magento_Tax::manage_tax", "Magento_Backend::store"
BLOCKS, PAGES = "Magento_Cms::block", "Magento_Cms::page"
COUPONS, BULK = "Magento_SalesRule::quote", "Magento_Logging::system_magento_logging_bulk_operations"

CATALOG, CUSTOMER = r"Magento\Catalog\Api", r"Magento\Customer\Api"
PRODUCT = rf"{CATALOG}\ProductRepositoryInterface"
MEDIA = rf"{CATALOG}\ProductAttributeMediaGalleryManagementInterface"
LINKS, LINK = rf"{CATALOG}\ProductLinkManagementInterface", rf"{CATALOG}\ProductLinkRepositoryInterface"
CHILDREN = r"Magento\ConfigurableProduct\Api\LinkManagementInterface"
OPTION = r"Magento\ConfigurableProduct\Api\OptionRepositoryInterface"
BASE, SPECIAL = rf"{CATALOG}\BasePriceStorageInterface", rf"{CATALOG}\SpecialPriceStorageInterface"
TIER = rf"{CATALOG}\TierPriceStorageInterface"
STOCK_ITEM, MSI = r"Magento\CatalogInventory\Api\StockRegistryInterface", r"Magento\InventoryApi\Api"
CATEGORY, TREE = rf"{CATALOG}\CategoryRepositoryInterface", rf"{CATALOG}\CategoryManagementInterface"
IN_CATEGORY = rf"{CATALOG}\CategoryLinkRepositoryInterface"
ATTRIBUTE = rf"{CATALOG}\ProductAttributeRepositoryInterface"
CHOICE = rf"{CATALOG}\ProductAttributeOptionManagementInterface"
SET, MEMBERS = (
    rf"{CATALOG}\AttributeSetRepositoryInterface",
    rf"{CATALOG}\ProductAttributeManagementInterface",
)
SET_GROUP = rf"{CATALOG}\ProductAttributeGroupRepositoryInterface"
PERSON, ACCOUNT = rf"{CUSTOMER}\CustomerRepositoryInterface", rf"{CUSTOMER}\AccountManagementInterface"
ADDRESS, GROUP = rf"{CUSTOMER}\AddressRepositoryInterface", rf"{CUSTOMER}\GroupRepositoryInterface"
TAX_CLASS, TAX_RATE = (
    r"Magento\Tax\Api\TaxClassRepositoryInterface",
    r"Magento\Tax\Api\TaxRateRepositoryInterface",
)
SHOP, DIRECTORY = r"Magento\Store\Api", r"Magento\Directory\Api"
BLOCK, PAGE = r"Magento\Cms\Api\BlockRepositoryInterface", r"Magento\Cms\Api\PageRepositoryInterface"
COUPON, OPERATIONS = r"Magento\SalesRule\Api\CouponRepositoryInterface", r"Magento\AsynchronousOperations\Api"
ADMIN = r"Magento\Integration\Api\AdminTokenServiceInterface"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/V1/products", PRODUCT, "getList", PRODUCTS),
    Route("GET", "/V1/products/:sku", PRODUCT, "get", PRODUCTS),
    Route("POST", "/V1/products", PRODUCT, "save", PRODUCTS, of_post),
    Route("PUT", "/V1/products/:sku", PRODUCT, "save", PRODUCTS),
    Route("DELETE", "/V1/products/:sku", PRODUCT, "deleteById", PRODUCTS),
    Route("GET", "/V1/products/:sku/media", MEDIA, "getList", PRODUCTS),
    Route("GET", "/V1/products/:sku/media/:entryId", MEDIA, "get", PRODUCTS),
    Route("POST", "/V1/products/:sku/media", MEDIA, "create", PRODUCTS),
    Route("PUT", "/V1/products/:sku/media/:entryId", MEDIA, "update", PRODUCTS),
    Route("DELETE", "/V1/products/:sku/media/:entryId", MEDIA, "remove", PRODUCTS),
    Route("GET", "/V1/products/links/types", rf"{CATALOG}\ProductLinkTypeListInterface", "getItems", PRODUCTS),
    Route("GET", "/V1/products/:sku/links/:type", LINKS, "getLinkedItemsByType", PRODUCTS),
    Route("POST", "/V1/products/:sku/links", LINKS, "setProductLinks", PRODUCTS),
    Route("PUT", "/V1/products/:sku/links", LINK, "save", PRODUCTS),
    Route("DELETE", "/V1/products/:sku/links/:type/:linkedProductSku", LINK, "deleteById", PRODUCTS),
    Route("GET", "/V1/configurable-products/:sku/children", CHILDREN, "getChildren", PRODUCTS),
    Route("POST", "/V1/configurable-products/:sku/child", CHILDREN, "addChild", PRODUCTS),
    Route("DELETE", "/V1/configurable-products/:sku/children/:childSku", CHILDREN, "removeChild", PRODUCTS),
    Route("GET", "/V1/configurable-products/:sku/options/all", OPTION, "getList", PRODUCTS),
    Route("GET", "/V1/configurable-products/:sku/options/:id", OPTION, "get", PRODUCTS),
    Route("POST", "/V1/configurable-products/:sku/options", OPTION, "save", PRODUCTS),
    Route("PUT", "/V1/configurable-products/:sku/options/:id", OPTION, "save", PRODUCTS),
    Route("DELETE", "/V1/configurable-products/:sku/options/:id", OPTION, "deleteById", PRODUCTS),
    Route("POST", "/V1/products/base-prices-information", BASE, "get", PRODUCTS),
    Route("POST", "/V1/products/base-prices", BASE, "update", PRODUCTS),
    Route("POST", "/V1/products/special-price-information", SPECIAL, "get", PRODUCTS),
    Route("POST", "/V1/products/special-price", SPECIAL, "update", PRODUCTS),
    Route("POST", "/V1/products/special-price-delete", SPECIAL, "delete", PRODUCTS),
    Route("POST", "/V1/products/tier-prices-information", TIER, "get", PRODUCTS),
    Route("POST", "/V1/products/tier-prices", TIER, "update", PRODUCTS),
    Route("PUT", "/V1/products/tier-prices", TIER, "replace", PRODUCTS),
    Route("POST", "/V1/products/tier-prices-delete", TIER, "delete", PRODUCTS),
    Route("GET", "/V1/stockItems/:productSku", STOCK_ITEM, "getStockItemBySku", STOCK),
    Route("PUT", "/V1/products/:productSku/stockItems/:itemId", STOCK_ITEM, "updateStockItemBySku", STOCK),
    Route("GET", "/V1/inventory/sources", rf"{MSI}\SourceRepositoryInterface", "getList", SOURCES),
    Route("GET", "/V1/inventory/source-items", rf"{MSI}\SourceItemRepositoryInterface", "getList", SOURCES),
    Route("POST", "/V1/inventory/source-items", rf"{MSI}\SourceItemsSaveInterface", "execute", SOURCES),
    Route("POST", "/V1/inventory/source-items-delete", rf"{MSI}\SourceItemsDeleteInterface", "execute", SOURCES),
    Route("GET", "/V1/categories", TREE, "getTree", CATEGORIES),
    Route("GET", "/V1/categories/list", rf"{CATALOG}\CategoryListInterface", "getList", CATEGORIES),
    Route("GET", "/V1/categories/:categoryId", CATEGORY, "get", CATEGORIES),
    Route("POST", "/V1/categories", CATEGORY, "save", CATEGORIES),
    Route("PUT", "/V1/categories/:id", CATEGORY, "save", CATEGORIES),
    Route("DELETE", "/V1/categories/:categoryId", CATEGORY, "deleteByIdentifier", CATEGORIES),
    Route("PUT", "/V1/categories/:categoryId/move", TREE, "move", CATEGORIES),
    Route("GET", "/V1/categories/:categoryId/products", rf"{CATALOG}\CategoryLinkManagementInterface", "getAssignedProducts", CATEGORIES),
    Route("POST", "/V1/categories/:categoryId/products", IN_CATEGORY, "save", CATEGORIES),
    Route("PUT", "/V1/categories/:categoryId/products", IN_CATEGORY, "save", CATEGORIES),
    Route("DELETE", "/V1/categories/:categoryId/products/:sku", IN_CATEGORY, "deleteByIds", CATEGORIES),
    Route("GET", "/V1/products/attributes", ATTRIBUTE, "getList", ATTRIBUTES),
    Route("GET", "/V1/products/attributes/:attributeCode", ATTRIBUTE, "get", ATTRIBUTES),
    Route("POST", "/V1/products/attributes", ATTRIBUTE, "save", ATTRIBUTES),
    Route("PUT", "/V1/products/attributes/:attributeCode", ATTRIBUTE, "save", ATTRIBUTES),
    Route("DELETE", "/V1/products/attributes/:attributeCode", ATTRIBUTE, "deleteById", ATTRIBUTES),
    Route("GET", "/V1/products/attributes/:attributeCode/options", CHOICE, "getItems", ATTRIBUTES),
    Route("POST", "/V1/products/attributes/:attributeCode/options", CHOICE, "add", ATTRIBUTES),
    Route("DELETE", "/V1/products/attributes/:attributeCode/options/:optionId", CHOICE, "delete", ATTRIBUTES),
    Route("GET", "/V1/products/attribute-sets/sets/list", SET, "getList", SETS),
    Route("GET", "/V1/products/attribute-sets/:attributeSetId", SET, "get", SETS),
    Route("POST", "/V1/products/attribute-sets", rf"{CATALOG}\AttributeSetManagementInterface", "create", SETS),
    Route("PUT", "/V1/products/attribute-sets/:attributeSetId", SET, "save", SETS),
    Route("DELETE", "/V1/products/attribute-sets/:attributeSetId", SET, "deleteById", SETS),
    Route("GET", "/V1/products/attribute-sets/:attributeSetId/attributes", MEMBERS, "getAttributes", SETS),
    Route("POST", "/V1/products/attribute-sets/attributes", MEMBERS, "assign", SETS),
    Route("DELETE", "/V1/products/attribute-sets/:attributeSetId/attributes/:attributeCode", MEMBERS, "unassign", SETS),
    Route("GET", "/V1/products/attribute-sets/groups/list", SET_GROUP, "getList", SETS),
    Route("POST", "/V1/products/attribute-sets/groups", SET_GROUP, "save", SETS),
    Route("PUT", "/V1/products/attribute-sets/:attributeSetId/groups", SET_GROUP, "save", SETS),
    Route("DELETE", "/V1/products/attribute-sets/groups/:groupId", SET_GROUP, "deleteById", SETS),
    Route("GET", "/V1/customers/search", PERSON, "getList", CUSTOMERS),
    Route("GET", "/V1/customers/:customerId", PERSON, "getById", CUSTOMERS),
    Route("POST", "/V1/customers", ACCOUNT, "createAccount", ANONYMOUS),
    Route("POST", "/V1/customers/isEmailAvailable", ACCOUNT, "isEmailAvailable", ANONYMOUS),
    Route("PUT", "/V1/customers/:customerId", PERSON, "save", CUSTOMERS),
    Route("DELETE", "/V1/customers/:customerId", PERSON, "deleteById", CUSTOMERS),
    Route("GET", "/V1/customers/addresses/:addressId", ADDRESS, "getById", CUSTOMERS),
    Route("DELETE", "/V1/addresses/:addressId", ADDRESS, "deleteById", CUSTOMERS),
    Route("GET", "/V1/customerGroups/search", GROUP, "getList", GROUPS),
    Route("GET", "/V1/customerGroups/:id", GROUP, "getById", GROUPS),
    Route("POST", "/V1/customerGroups", GROUP, "save", GROUPS),
    Route("PUT", "/V1/customerGroups/:id", GROUP, "save", GROUPS),
    Route("DELETE", "/V1/customerGroups/:id", GROUP, "deleteById", GROUPS),
    Route("GET", "/V1/taxClasses/search", TAX_CLASS, "getList", TAXES),
    Route("GET", "/V1/taxClasses/:taxClassId", TAX_CLASS, "get", TAXES),
    Route("POST", "/V1/taxClasses", TAX_CLASS, "save", TAXES),
    Route("PUT", "/V1/taxClasses/:classId", TAX_CLASS, "save", TAXES),
    Route("DELETE", "/V1/taxClasses/:taxClassId", TAX_CLASS, "deleteById", TAXES),
    Route("GET", "/V1/taxRates/search", TAX_RATE, "getList", TAXES),
    Route("GET", "/V1/taxRates/:rateId", TAX_RATE, "get", TAXES),
    Route("POST", "/V1/taxRates", TAX_RATE, "save", TAXES),
    Route("PUT", "/V1/taxRates", TAX_RATE, "save", TAXES),
    Route("DELETE", "/V1/taxRates/:rateId", TAX_RATE, "deleteById", TAXES),
    Route("GET", "/V1/store/websites", rf"{SHOP}\WebsiteRepositoryInterface", "getList", STORE),
    Route("GET", "/V1/store/storeGroups", rf"{SHOP}\GroupRepositoryInterface", "getList", STORE),
    Route("GET", "/V1/store/storeViews", rf"{SHOP}\StoreRepositoryInterface", "getList", STORE),
    Route("GET", "/V1/store/storeConfigs", rf"{SHOP}\StoreConfigManagerInterface", "getStoreConfigs", STORE),
    Route("GET", "/V1/directory/countries", rf"{DIRECTORY}\CountryInformationAcquirerInterface", "getCountriesInfo", ANONYMOUS),
    Route("GET", "/V1/directory/countries/:countryId", rf"{DIRECTORY}\CountryInformationAcquirerInterface", "getCountryInfo", ANONYMOUS),
    Route("GET", "/V1/directory/currency", rf"{DIRECTORY}\CurrencyInformationAcquirerInterface", "getCurrencyInfo", ANONYMOUS),
    Route("GET", "/V1/cmsBlock/search", BLOCK, "getList", BLOCKS),
    Route("GET", "/V1/cmsBlock/:blockId", BLOCK, "getById", BLOCKS),
    Route("POST", "/V1/cmsBlock", BLOCK, "save", BLOCKS),
    Route("PUT", "/V1/cmsBlock/:id", BLOCK, "save", BLOCKS),
    Route("DELETE", "/V1/cmsBlock/:blockId", BLOCK, "deleteById", BLOCKS),
    Route("GET", "/V1/cmsPage/search", PAGE, "getList", PAGES),
    Route("GET", "/V1/cmsPage/:pageId", PAGE, "getById", PAGES),
    Route("POST", "/V1/cmsPage", PAGE, "save", PAGES),
    Route("PUT", "/V1/cmsPage/:id", PAGE, "save", PAGES),
    Route("DELETE", "/V1/cmsPage/:pageId", PAGE, "deleteById", PAGES),
    Route("GET", "/V1/coupons/search", COUPON, "getList", COUPONS),
    Route("GET", "/V1/coupons/:couponId", COUPON, "getById", COUPONS),
    Route("POST", "/V1/coupons", COUPON, "save", COUPONS),
    Route("PUT", "/V1/coupons/:couponId", COUPON, "save", COUPONS),
    Route("DELETE", "/V1/coupons/:couponId", COUPON, "deleteById", COUPONS),
    Route("POST", "/V1/integration/admin/token", ADMIN, "createAdminAccessToken", ANONYMOUS),
    Route("GET", "/V1/bulk", rf"{OPERATIONS}\OperationRepositoryInterface", "getList", BULK),
    Route("GET", "/V1/bulk/:bulkUuid/status", rf"{OPERATIONS}\BulkStatusInterface", "getBulkShortStatus", BULK),
    Route("GET", "/V1/bulk/:bulkUuid/detailed-status", rf"{OPERATIONS}\BulkStatusInterface", "getBulkDetailedStatus", BULK),
    Route("GET", "/V1/bulk/:bulkUuid/operation-status/:status", rf"{OPERATIONS}\BulkStatusInterface", "getOperationsCountByBulkIdAndStatus", BULK),
)  # fmt: skip


def match(method: str, path: str, *, bulk: bool = False) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and its parameters; fixed words are preferred to parameters. A bulk path has no parameters,
    and a path below `async/bulk` must be the converted one to the letter (contract 1.2)."""
    if bulk:
        return next(((route, {}) for route in of_method(method) if route.bulk_url == path), None)
    for route in of_method(method):
        if fits := route.pattern.fullmatch(path):
            return route, fits.groupdict()
    return None


@lru_cache
def of_method(method: str) -> tuple[Route, ...]:
    """Those with the fewest parameters first."""
    routes = (route for route in ROUTES if route.method == method)
    return tuple(sorted(routes, key=lambda route: route.url.count(":")))
