"""Links between products: related, up-sell, cross-sell, and what a grouped product holds."""

from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal, required
from importer.sandbox.records import Row
from importer.sandbox.shapes import LINK

TYPES = {"related": 1, "crosssell": 5, "upsell": 4, "associated": 3}
INVALID = "The linked products data is invalid. Verify the data and try again."


def _of_type(job: Job, args: Arguments) -> list[Row]:
    if args["type"] not in TYPES:
        raise Refusal(404, 'The "%1" link type is unknown. Verify the type and try again.', [args["type"]])
    links = job.entities.products.get(args["sku"])["product_links"]
    return [link for link in links if link["link_type"] == args["type"]]


def _set(job: Job, args: Arguments) -> bool:
    """Links of the types sent are added to those there are; a link that is there gets its new place.

    Each is saved by the SKU that it names itself (ProductLink/Repository::save), so one without fails.
    """
    items = [item for item in args["items"] if item]
    for item in items:
        if item.get("link_type") is None:
            raise required("linkType")
        if item["link_type"] not in TYPES:
            text = 'The "%1" link type wasn\'t found. Verify the type and try again.'
            raise Refusal(404, text, [item["link_type"]])
    products = job.entities.products
    product = products.get(args["sku"])
    try:
        added = [products.link(products.get(str(item.get("sku") or ""))["sku"], item) for item in items]
    except Refusal:
        raise Refusal(400, INVALID) from None
    _put(job, product, added)
    return True


def _put(job: Job, product: Row, added: list[Row]) -> None:
    links = {_key(link): link for link in [*product["product_links"], *added]}
    job.entities.products.replace({**product, "product_links": list(links.values()), "updated_at": job.now})
    job.wrote("product_link", product["sku"], "updated")


def _key(link: Row) -> tuple[str, str]:
    return link["link_type"], link["linked_product_sku"].lower()


def _save(job: Job, args: Arguments) -> bool:
    entity = args["entity"]
    if not isinstance(entity, dict):
        raise Crash
    products = job.entities.products
    link = products.link(str(entity.get("sku") or ""), entity)
    product = products.get(link["sku"])
    if link["link_type"] not in TYPES:
        raise Refusal(400, "The linked products data is invalid. Verify the data and try again.")
    _put(job, product, [{**link, "sku": product["sku"]}])
    return True


def _delete(job: Job, args: Arguments) -> bool:
    found = _of_type(job, args)
    product = job.entities.products.get(args["sku"])
    gone = [link for link in found if link["linked_product_sku"] == args["linkedProductSku"]]
    if not gone:
        text = "Product %1 doesn't have linked %2 as %3"
        raise Refusal(404, text, [args["sku"], args["linkedProductSku"], args["type"]])
    left = [link for link in product["product_links"] if link not in gone]
    job.entities.products.replace({**product, "product_links": left, "updated_at": job.now})
    job.wrote("product_link", product["sku"], "deleted")
    return True


def _types(_job: Job, _args: Arguments) -> list[Row]:
    return [{"code": number, "name": name} for name, number in TYPES.items()]


SERVICES = (
    *interface(
        r"Magento\Catalog\Api\ProductLinkManagementInterface",
        r"Magento\Catalog\Model\ProductLink\Management",
        getLinkedItemsByType=({"sku": "string", "type": "string"}, _of_type, [LINK]),
        setProductLinks=({"sku": "string", "items": [LINK]}, _set, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\ProductLinkRepositoryInterface",
        r"Magento\Catalog\Model\ProductLink\Repository",
        save=({"entity": LINK}, _save, "boolean"),
        deleteById=({"sku": "string", "type": "string", "linkedProductSku": "string"}, _delete, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\ProductLinkTypeListInterface",
        r"Magento\Catalog\Model\Product\LinkTypeProvider",
        getItems=({}, _types),
    ),
)
