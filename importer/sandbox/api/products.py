"""Products: save, read, search, delete (recordings 10, 20 and 21)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.eav import Eav
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import PRODUCT


def _save(job: Job, args: Arguments) -> Row:
    products = job.entities.products
    sent = args["product"]
    known = isinstance(sent, dict) and str(sent.get("sku") or "") in products
    saved = products.save(sent, now=job.now, store_id=job.store_id)
    job.wrote("product", saved["sku"], "updated" if known else "created")
    return saved


def _get(job: Job, args: Arguments) -> Row:
    store_id = args["storeId"]
    return job.entities.products.get(args["sku"], job.store_id if store_id is None else store_id)


def _list(job: Job, args: Arguments) -> Row:
    products, eav = job.entities.products, job.entities.eav
    rows = (products.seen(row, job.store_id) for row in products)
    return search(rows, criteria(args["searchCriteria"]), columns=lambda row: columns(row, eav))


def _delete(job: Job, args: Arguments) -> bool:
    job.entities.products.delete(args["sku"])
    job.wrote("product", args["sku"], "deleted")
    return True


def columns(product: Mapping[str, Any], eav: Eav) -> dict[str, Any]:
    """What products can be searched by: their fields, every attribute, their websites and categories."""
    values = merging.attribute_values(product)
    extensions = product["extension_attributes"]
    return {
        **dict.fromkeys(eav.attributes),
        **values,
        **product,
        "entity_id": product["id"],
        "category_id": values.get("category_ids"),
        "website_id": extensions["website_ids"],
        "qty": extensions["stock_item"]["qty"],
    }


SERVICES = interface(
    r"Magento\Catalog\Api\ProductRepositoryInterface",
    r"Magento\Catalog\Model\ProductRepository",
    save=({"product": PRODUCT, "saveOptions?": "boolean"}, _save, PRODUCT),
    get=({"sku": "string", "editMode?": "boolean", "storeId?": "int", "forceReload?": "boolean"}, _get, PRODUCT),
    getList=({"searchCriteria": "search criteria"}, _list, [PRODUCT]),
    deleteById=({"sku": "string"}, _delete, "boolean"),
)  # fmt: skip
