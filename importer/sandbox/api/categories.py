"""Categories: the tree, one by one, moved about, and the products in them (recording 11, 15 to 20)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.categories import DEFAULT, ROOT
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import CATEGORY, CATEGORY_PRODUCT
from importer.sandbox.url_keys import slug

NO_NAME = 'The "Name" attribute value is empty. Set the attribute and try again.'
PLAIN = ("name", "is_active", "include_in_menu", "position")
NOT_STORED = ("path", "level", "children", "children_count", "parent_id")


def shown(job: Job, row: Row) -> Row:
    children = job.entities.tree.children(row["id"])
    values = {
        "is_anchor": row["values"].get("is_anchor"),
        "path": row["path"],
        "children_count": str(len(job.entities.tree.below(row))),
        **{code: value for code, value in row["values"].items() if code != "is_anchor"},
        "url_path": _url_path(job, row),
    }
    return {
        **{word: row[word] for word in ("id", "parent_id", "name", "is_active", "position", "level")},
        "children": ",".join(str(child["id"]) for child in children),
        **{word: row[word] for word in ("created_at", "updated_at", "path", "include_in_menu")},
        "custom_attributes": [
            {"attribute_code": code, "value": value}
            for code, value in values.items()
            if value not in (None, "")
        ],
    }


def _url_path(job: Job, row: Row) -> str | None:
    """The URL keys of the category and of those above it, below the root of the shop."""
    if row["level"] < 2:
        return None
    above = [job.entities.tree.get(number) for number in row["path"].split("/")[2:]]
    return "/".join(one["values"].get("url_key") or slug(one["name"]) for one in above)


def _save(job: Job, args: Arguments) -> Row:
    sent = args["category"]
    if not isinstance(sent, dict):
        raise Crash
    number = sent.get("id")
    saved = _change(job, number, sent) if number else _create(job, sent)
    return shown(job, saved)


def _words(sent: Mapping[str, Any], now: str) -> Row:
    values = {
        code: merging.text_of(value)
        for code, value in merging.attribute_values(sent).items()
        if code not in NOT_STORED
    }
    if values.get("url_key"):
        values["url_key"] = slug(str(values["url_key"]))
    plain = {word: merging.stored(sent[word]) for word in PLAIN if sent.get(word) is not None}
    return {**plain, "values": values, "updated_at": now}


def _create(job: Job, sent: Mapping[str, Any]) -> Row:
    parent = job.entities.tree.get(sent.get("parent_id") or DEFAULT)
    words = _words(sent, job.now)
    if not words.get("name"):
        raise _not_saved(NO_NAME)
    values = {"is_anchor": "1", "url_key": slug(words["name"]), **words["values"]}
    basic = {"is_active": False, "include_in_menu": True, "created_at": job.now}
    saved = job.entities.tree.add(parent, {**basic, **words, "values": values})
    job.wrote("category", saved["id"], "created")
    return saved


def _change(job: Job, number: int, sent: Mapping[str, Any]) -> Row:
    row = job.entities.tree.get(number)
    if "name" in sent and not sent["name"]:
        raise _not_saved(NO_NAME)
    saved = job.entities.tree.change(row, _words(sent, job.now))
    job.wrote("category", number, "updated")
    return saved


def _not_saved(text: str) -> Refusal:
    return Refusal(400, "Could not save category: %1", [text])


def _get(job: Job, args: Arguments) -> Row:
    return shown(job, job.entities.tree.get(args["categoryId"]))


def _list(job: Job, args: Arguments) -> Row:
    return search(
        (shown(job, row) for row in job.entities.tree), criteria(args["searchCriteria"]), columns=_columns
    )


def _columns(row: Row) -> dict[str, Any]:
    return {"entity_id": row["id"], "url_key": None, **merging.attribute_values(row), **row}


def _delete(job: Job, args: Arguments) -> bool:
    """What stood below goes, too; products lose their links to it."""
    gone = {str(row["id"]) for row in job.entities.tree.drop(job.entities.tree.get(args["categoryId"]))}
    for product in list(job.entities.products):
        links = product["extension_attributes"].get("category_links", [])
        if any(link["category_id"] in gone for link in links):
            put_links(job, product, [link for link in links if link["category_id"] not in gone])
    job.wrote("category", args["categoryId"], "deleted")
    return True


def _tree(job: Job, args: Arguments) -> Row:
    """Below the root of all roots, or of the store's own root where the URL names a store."""
    root = args["rootCategoryId"]
    if root is None:
        root = DEFAULT if job.store_id else ROOT
    depth = args["depth"]
    return _branch(job, job.entities.tree.get(root), -1 if depth is None else depth, _counts(job))


def _counts(job: Job) -> dict[str, int]:
    counts: dict[str, int] = {}
    for product in job.entities.products:
        for link in product["extension_attributes"].get("category_links", []):
            counts[link["category_id"]] = counts.get(link["category_id"], 0) + 1
    return counts


def _branch(job: Job, row: Row, depth: int, counts: Mapping[str, int]) -> Row:
    children = [] if depth == 0 else job.entities.tree.children(row["id"])
    return {
        **{word: row[word] for word in ("id", "parent_id", "name", "is_active", "position", "level")},
        "product_count": counts.get(str(row["id"]), 0),
        "children_data": [_branch(job, child, depth - 1, counts) for child in children],
    }


def _move(job: Job, args: Arguments) -> bool:
    tree = job.entities.tree
    tree.move(tree.get(args["categoryId"]), tree.get(args["parentId"]), args["afterId"])
    job.wrote("category", args["categoryId"], "updated")
    return True


def put_links(job: Job, product: Row, links: list[Row]) -> None:
    """Give a product these category links, and the attribute that repeats them."""
    extension = {
        name: value for name, value in product["extension_attributes"].items() if name != "category_links"
    }
    values = merging.attribute_values(product)
    listed = merging.listed(values, links, priced=True)
    if links:
        extension = {"website_ids": extension.pop("website_ids"), "category_links": links, **extension}
    job.entities.products.replace({**product, "extension_attributes": extension, "custom_attributes": listed})


def _products(job: Job, args: Arguments) -> list[Row]:
    number = str(job.entities.tree.get(args["categoryId"])["id"])
    return [
        {"sku": product["sku"], "position": link["position"], "category_id": number}
        for product in job.entities.products
        for link in product["extension_attributes"].get("category_links", [])
        if link["category_id"] == number
    ]


def _assign(job: Job, args: Arguments) -> bool:
    link = args["productLink"]
    if not isinstance(link, dict):
        raise Crash
    number = str(job.entities.tree.get(link.get("category_id"))["id"])
    product = job.entities.products.get(str(link.get("sku") or ""))
    others = [
        one
        for one in product["extension_attributes"].get("category_links", [])
        if one["category_id"] != number
    ]
    put_links(job, product, [*others, {"position": link.get("position") or 0, "category_id": number}])
    job.wrote("category_link", product["sku"], "updated")
    return True


def _unassign(job: Job, args: Arguments) -> bool:
    number = str(job.entities.tree.get(args["categoryId"])["id"])
    product = job.entities.products.get(args["sku"])
    links = product["extension_attributes"].get("category_links", [])
    left = [link for link in links if link["category_id"] != number]
    if len(left) == len(links):
        raise Refusal(400, "The category doesn't contain the specified product.")
    put_links(job, product, left)
    job.wrote("category_link", product["sku"], "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Catalog\Api\CategoryRepositoryInterface",
        r"Magento\Catalog\Model\CategoryRepository",
        save=({"category": CATEGORY}, _save, CATEGORY),
        get=({"categoryId": "int", "storeId?": "int"}, _get, CATEGORY),
        deleteByIdentifier=({"categoryId": "int"}, _delete, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\CategoryListInterface",
        r"Magento\Catalog\Model\CategoryList",
        getList=({"searchCriteria": "search criteria"}, _list, [CATEGORY]),
    ),
    *interface(
        r"Magento\Catalog\Api\CategoryManagementInterface",
        r"Magento\Catalog\Model\CategoryManagement",
        getTree=({"rootCategoryId?": "int", "depth?": "int"}, _tree),
        move=({"categoryId": "int", "parentId": "int", "afterId?": "int"}, _move, "boolean"),
    ),
    *interface(
        r"Magento\Catalog\Api\CategoryLinkManagementInterface",
        r"Magento\Catalog\Model\CategoryLinkManagement",
        getAssignedProducts=({"categoryId": "int"}, _products, [CATEGORY_PRODUCT]),
    ),
    *interface(
        r"Magento\Catalog\Api\CategoryLinkRepositoryInterface",
        r"Magento\Catalog\Model\CategoryLinkRepository",
        save=({"productLink": CATEGORY_PRODUCT}, _assign, "boolean"),
        deleteByIds=({"categoryId": "int", "sku": "string"}, _unassign, "boolean"),
    ),
)
