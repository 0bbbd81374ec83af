"""Pictures of a product by themselves (recording 11, 58 to 69)."""

from typing import Any

from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.pictures import checked
from importer.sandbox.records import Row
from importer.sandbox.shapes import ENTRY

NO_PICTURE = "No image with the provided ID was found. Verify the ID and try again."


def _list(job: Job, args: Arguments) -> list[Row]:
    entries: list[Row] = job.entities.products.get(args["sku"])["media_gallery_entries"]
    return entries


def _get(job: Job, args: Arguments) -> Row:
    for entry in _list(job, args):
        if entry["id"] == args["entryId"]:
            return entry
    raise Refusal(404, "The image doesn't exist. Verify and try again.")


def _create(job: Job, args: Arguments) -> str:
    """The number of the new entry, as a text (recording 11, 58)."""
    product, entry = job.entities.products.get(args["sku"]), _entry(args)
    checked(entry)
    roles = set(entry.get("types") or [])
    others = [_without(old, roles) for old in product["media_gallery_entries"]]
    new = {name: value for name, value in entry.items() if name != "id"}
    saved = job.entities.products.put_gallery(product, [*others, new])
    job.wrote("picture", args["sku"], "created")
    return str(saved["media_gallery_entries"][-1]["id"])


def _entry(args: Arguments) -> dict[str, Any]:
    entry = args["entry"]
    if not isinstance(entry, dict):
        raise Crash
    return entry


def _without(entry: Row, roles: set[str]) -> Row:
    """A role belongs to one picture at a time."""
    return {**entry, "types": [role for role in entry["types"] if role not in roles]}


def _update(job: Job, args: Arguments) -> bool:
    product, entry = job.entities.products.get(args["sku"]), _entry(args)
    number = entry.get("id")
    if number not in {old["id"] for old in product["media_gallery_entries"]}:
        raise Refusal(404, NO_PICTURE)
    roles = set(entry.get("types") or [])
    entries = [
        {**old, **entry} if old["id"] == number else _without(old, roles)
        for old in product["media_gallery_entries"]
    ]
    job.entities.products.put_gallery(product, entries)
    job.wrote("picture", args["sku"], "updated")
    return True


def _remove(job: Job, args: Arguments) -> bool:
    product = job.entities.products.get(args["sku"])
    left = [entry for entry in product["media_gallery_entries"] if entry["id"] != args["entryId"]]
    if len(left) == len(product["media_gallery_entries"]):
        raise Refusal(404, NO_PICTURE)
    job.entities.products.put_gallery(product, left)
    job.wrote("picture", args["sku"], "deleted")
    return True


SERVICES = interface(
    r"Magento\Catalog\Api\ProductAttributeMediaGalleryManagementInterface",
    r"Magento\Catalog\Model\Product\Gallery\GalleryManagement",
    create=({"sku": "string", "entry": ENTRY}, _create, "string"),
    update=({"sku": "string", "entry": ENTRY}, _update, "boolean"),
    remove=({"sku": "string", "entryId": "int"}, _remove, "boolean"),
    get=({"sku": "string", "entryId": "int"}, _get, ENTRY),
    getList=({"sku": "string"}, _list, [ENTRY]),
)
