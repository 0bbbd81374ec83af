"""Base and special prices in lists: a bad row is told in a list inside a 200, the good ones are kept (S40; recording 11).

Magento's sentences here come partly with their placeholders filled in and partly not; so they do here.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from importer.sandbox import merging
from importer.sandbox.catalog import ADMIN
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.records import Row
from importer.sandbox.shapes import BASE_PRICE, SPECIAL_PRICE

DATE_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")

Sent = Mapping[str, Any]
Told = list[dict[str, Any]]


def told(message: str, *parameters: Any) -> dict[str, Any]:
    return {"message": message, "parameters": [None if one is None else text(one) for one in parameters]}


def text(value: Any) -> str:
    return str(merging.stored(value))


def _is_store(job: Job, number: Any) -> bool:
    return number == ADMIN or number in {store.id for store in job.entities.catalog.stores}


def _update_base(job: Job, args: Arguments) -> Told:
    return _each(job, args["prices"], _base_faults, _keep_base)


def _each(
    job: Job,
    prices: Iterable[Sent | None],
    check: Callable[[Job, Sent], Told],
    keep: Callable[[Job, Sent], None],
) -> Told:
    found: Told = []
    for price in filter(None, prices):
        faults = check(job, price)
        if not faults:
            keep(job, price)
        found += faults
    return found


def _base_faults(job: Job, price: Sent) -> Told:
    sku, value, store = price.get("sku") or "", price.get("price"), price.get("store_id")
    invalid = "Invalid attribute %fieldName = %fieldValue."
    if sku not in job.entities.products:
        return [told(invalid, "SKU", sku)]
    faults = [told(invalid, "Price", value)] if value is None or value < 0 else []
    if store is None or not _is_store(job, store):
        shown = "" if store is None else store
        row = f"Requested store is not found. Row ID: SKU = {sku}, Store ID: {shown}."
        faults.append(told(row, sku, store))
    return faults


def _keep_base(job: Job, price: Sent) -> None:
    product = job.entities.products.get(price["sku"])
    job.entities.products.replace({**product, "price": merging.stored(price["price"]), "updated_at": job.now})
    job.wrote("base_price", product["sku"], "updated")


def _base_prices(job: Job, args: Arguments) -> list[Row]:
    products = job.entities.products
    return [
        {"price": products.get(sku)["price"], "store_id": ADMIN, "sku": sku}
        for sku in args["skus"]
        if sku in products and "price" in products.get(sku)
    ]


def _update_special(job: Job, args: Arguments) -> Told:
    return _each(job, args["prices"], _special_faults, _keep_special)


def _special_faults(job: Job, price: Sent) -> Told:
    sku, store = price.get("sku") or "", price.get("store_id")
    start, end = price.get("price_from") or "", price.get("price_to") or ""
    ending = f"Row ID: SKU = {sku}, Store ID: {store}, Price From: {start}, Price To: {end}."
    row = (sku, store, start, end)
    faults = []
    if sku not in job.entities.products:
        no_product = "The product that was requested doesn't exist. Verify the product and try again."
        faults.append(told(f"{no_product} {ending}", *row))
    if price.get("price") is None or price["price"] < 0:
        shown = text(price.get("price"))
        faults.append(told(f"Invalid attribute Price = {shown}. {ending}", "Price", shown, *row))
    for label, value in (("Price From", start), ("Price To", end)):
        if value and not _is_date(value):  # the sentence tells the end date either way (recording 11, 53)
            faults.append(told(f"Invalid attribute {label} = {end}. {ending}", label, *row))
    if store is None or not _is_store(job, store):
        faults.append(told(f"Requested store is not found. {ending}", *row))
    return faults


def _is_date(value: str) -> bool:
    for form in DATE_FORMATS:
        try:
            datetime.strptime(value, form)  # noqa: DTZ007 - a time of the shop's zone, only looked at
        except ValueError:
            continue
        return True
    return False


def _keep_special(job: Job, price: Sent) -> None:
    dates = {"special_from_date": price.get("price_from"), "special_to_date": price.get("price_to")}
    _put_values(job, price["sku"], {"special_price": merging.text_of(price["price"]), **dates})
    job.wrote("special_price", price["sku"], "updated")


def _put_values(job: Job, sku: str, changes: Mapping[str, Any]) -> None:
    product = job.entities.products.get(sku)
    values = {**merging.attribute_values(product), **changes}
    listed = [{"attribute_code": code, "value": value} for code, value in values.items() if value is not None]
    job.entities.products.replace({**product, "custom_attributes": listed, "updated_at": job.now})


def _special_prices(job: Job, args: Arguments) -> list[Row]:
    found = []
    for sku in args["skus"]:
        if sku in job.entities.products:
            values = merging.attribute_values(job.entities.products.get(sku))
            if "special_price" in values:
                found.append(_special(sku, values))
    return found


def _special(sku: str, values: Mapping[str, Any]) -> Row:
    return {
        "price": merging.stored(float(values["special_price"])),
        "store_id": ADMIN,
        "sku": sku,
        "price_from": values.get("special_from_date"),
        "price_to": values.get("special_to_date"),
    }


def _delete_special(job: Job, args: Arguments) -> Told:
    return _each(job, args["prices"], _special_faults, _drop_special)


def _drop_special(job: Job, price: Sent) -> None:
    gone = dict.fromkeys(("special_price", "special_from_date", "special_to_date"))
    _put_values(job, price["sku"], gone)
    job.wrote("special_price", price["sku"], "deleted")


SERVICES = (
    *interface(
        r"Magento\Catalog\Api\BasePriceStorageInterface",
        r"Magento\Catalog\Model\Product\Price\BasePriceStorage",
        get=({"skus": ["string"]}, _base_prices, [BASE_PRICE]),
        update=({"prices": [BASE_PRICE]}, _update_base),
    ),
    *interface(
        r"Magento\Catalog\Api\SpecialPriceStorageInterface",
        r"Magento\Catalog\Model\Product\Price\SpecialPriceStorage",
        get=({"skus": ["string"]}, _special_prices, [SPECIAL_PRICE]),
        update=({"prices": [SPECIAL_PRICE]}, _update_special),
        delete=({"prices": [SPECIAL_PRICE]}, _delete_special),
    ),
)
