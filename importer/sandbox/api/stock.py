"""Stock: the stock item of a product, and the source items of the inventory (recording 11, 21 to 36)."""

from collections.abc import Iterator, Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.entities import DEFAULT_SOURCE
from importer.sandbox.errors import Refusal
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import SOURCE_ITEM, STOCK_ITEM

ALL = {"searchCriteria": ""}
STATUSES = (0, 1)
UNKNOWN_STATUS = '"%field" should a known status.'
ABSENT = '"%field" can not be empty.'


def _product(job: Job, sku: str) -> Row:
    if sku not in job.entities.products:
        raise Refusal(404, 'The Product with the "%1" SKU doesn\'t exist.', [sku])
    return job.entities.products.get(sku)


def _get_item(job: Job, args: Arguments) -> Row:
    item: Row = _product(job, args["productSku"])["extension_attributes"]["stock_item"]
    return item


def _update_item(job: Job, args: Arguments) -> int:
    """The item's own number does not matter, the SKU does (recording 11, 23)."""
    product = _product(job, args["productSku"])
    sent = args["stockItem"] if isinstance(args["stockItem"], Mapping) else {}
    saved = _with_stock(job, product, sent)
    number: int = saved["extension_attributes"]["stock_item"]["item_id"]
    return number


def _with_stock(job: Job, product: Row, sent: Mapping[str, Any]) -> Row:
    wanted = {"extension_attributes": {"stock_item": sent}}
    item = merging.stock(product, wanted, product["type_id"])
    saved = job.entities.products.replace(
        {**product, "extension_attributes": {**product["extension_attributes"], "stock_item": item}}
    )
    job.wrote("stock_item", product["sku"], "updated")
    return saved


def _save_sources(job: Job, args: Arguments) -> list[Any]:
    """All or nothing; unknown SKUs are taken, negative quantities too (recording 11, 28 to 36)."""
    items = _checked(args["sourceItems"])
    if any(item.get("source_code") != DEFAULT_SOURCE for item in items):
        raise Refusal(400, "Could not save Source Item")
    for item in items:
        sku, quantity = item["sku"], merging.stored(item.get("quantity") or 0)
        if sku in job.entities.products:
            changed = {"qty": quantity, "is_in_stock": bool(item.get("status"))}
            _with_stock(job, job.entities.products.get(sku), changed)
        else:
            row = {
                "sku": sku,
                "source_code": DEFAULT_SOURCE,
                "quantity": quantity,
                "status": item.get("status"),
            }
            job.entities.sources.put(sku.lower(), row)
            job.wrote("source_item", sku, "updated")
    return []


def _checked(items: list[Row | None]) -> list[Row]:
    if not items:
        raise Refusal(400, "Input data is empty")
    kept = [item for item in items if item]
    for item in kept:
        for field in ("sku", "source_code"):
            if not item.get(field):
                raise _invalid(ABSENT, field)
        if item.get("status") not in STATUSES:
            raise _invalid(UNKNOWN_STATUS, "status")
    return kept


def _invalid(sentence: str, field: str) -> Refusal:
    told = sentence.replace("%field", field)
    return Refusal(400, f"Validation Failed: {told}", errors=[(sentence, {"field": field})])


def _delete_sources(job: Job, args: Arguments) -> list[Any]:
    for item in _checked(args["sourceItems"]):
        sku = item["sku"]
        if sku in job.entities.products and item["source_code"] == DEFAULT_SOURCE:
            _with_stock(job, job.entities.products.get(sku), {"qty": 0, "is_in_stock": False})
        job.entities.sources.drop(sku.lower())
    return []


def _list_sources(job: Job, args: Arguments) -> Row:
    return search(_source_items(job), criteria(args["searchCriteria"]))


def _source_items(job: Job) -> Iterator[Row]:
    """The quantity of a product is that of the one source; what has no product stands in a table of its own."""
    for product in job.entities.products:
        item = product["extension_attributes"]["stock_item"]
        yield {
            "sku": product["sku"], "source_code": DEFAULT_SOURCE, "quantity": item["qty"],
            "status": int(item["is_in_stock"]),
        }  # fmt: skip
    yield from (row for row in job.entities.sources if row["sku"] not in job.entities.products)


def _sources(_job: Job, args: Arguments) -> Row:
    source = {
        "source_code": DEFAULT_SOURCE, "name": "Default Source", "enabled": True, "description": "Default Source",
        "latitude": 0, "longitude": 0, "country_id": "US", "postcode": "00000", "use_default_carrier_config": True,
        "carrier_links": [],
    }  # fmt: skip
    return search([source], criteria(args["searchCriteria"] or ALL))


SERVICES = (
    *interface(
        r"Magento\CatalogInventory\Api\StockRegistryInterface",
        r"Magento\CatalogInventory\Model\StockRegistry",
        getStockItemBySku=({"productSku": "string", "scopeId?": "int"}, _get_item, STOCK_ITEM),
        updateStockItemBySku=({"productSku": "string", "stockItem": STOCK_ITEM}, _update_item, "int"),
    ),
    *interface(
        r"Magento\InventoryApi\Api\SourceItemsSaveInterface",
        r"Magento\Inventory\Model\SourceItem\Command\SourceItemsSave",
        execute=({"sourceItems": [SOURCE_ITEM]}, _save_sources),
    ),
    *interface(
        r"Magento\InventoryApi\Api\SourceItemsDeleteInterface",
        r"Magento\Inventory\Model\SourceItem\Command\SourceItemsDelete",
        execute=({"sourceItems": [SOURCE_ITEM]}, _delete_sources),
    ),
    *interface(
        r"Magento\InventoryApi\Api\SourceItemRepositoryInterface",
        r"Magento\Inventory\Model\SourceItemRepository",
        getList=({"searchCriteria": "search criteria"}, _list_sources, [SOURCE_ITEM]),
    ),
    *interface(
        r"Magento\InventoryApi\Api\SourceRepositoryInterface",
        r"Magento\Inventory\Model\SourceRepository",
        getList=({"searchCriteria?": "search criteria"}, _sources),
    ),
)
