"""Tier prices in lists: added, replaced, read, deleted; bad rows are told inside a 200 (S40; recording 11, 44 to 51).

A product keeps them as it shows them: `customer_group_id`, `qty`, `value`, and the website beside.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.api.prices import Sent, Told, told
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.records import Row
from importer.sandbox.shapes import TIER

ALL_GROUPS, ALL_GROUPS_ID = "all groups", 32000
FIXED, DISCOUNT = "fixed", "discount"
ROW = "Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."
SKU = f"Invalid attribute SKU = %SKU. {ROW}"
PRICE = f"Invalid attribute Price = %price. {ROW}"
TYPE = f"Invalid attribute Price Type = %priceType. {ROW}"
QUANTITY = f"Invalid attribute Quantity = %qty. {ROW}"
WEBSITE = f"Invalid attribute Website ID = %websiteId. {ROW}"
GROUP = f"No such entity with Customer Group = %customerGroup. {ROW}"
TWICE = (
    "We found a duplicate website, tier price, customer group and quantity: Customer Group = %customerGroup, "
    f"Website ID = %websiteId, Quantity = %qty. {ROW}"
)


def _update(job: Job, args: Arguments) -> Told:
    return _store(job, args["prices"], replace=False)


def _replace(job: Job, args: Arguments) -> Told:
    """All tier prices of every SKU in the list are replaced by those of the list."""
    return _store(job, args["prices"], replace=True)


def _store(job: Job, prices: Iterable[Sent | None], *, replace: bool) -> Told:
    found: Told = []
    sent = [price for price in prices if price]
    good = []
    for price in sent:
        others = [other for other in sent if other is not price and other.get("sku") == price.get("sku")]
        faults = _faults(job, price, others, existing=not replace)
        found += faults
        if not faults:
            good.append(price)
    for sku in dict.fromkeys(price["sku"] for price in good):
        product = job.entities.products.get(sku)
        old = {} if replace else {_place(tier): tier for tier in product["tier_prices"]}
        new = {_place(tier): tier for tier in (_tier(job, price) for price in good if price["sku"] == sku)}
        _put(job, product, [*{**old, **new}.values()])
    return found


def _put(job: Job, product: Row, tiers: list[Row]) -> None:
    job.entities.products.replace({**product, "tier_prices": tiers, "updated_at": job.now})
    job.wrote("tier_price", product["sku"], "updated")


def _faults(job: Job, price: Sent, others: Iterable[Sent], *, existing: bool) -> Told:
    """In Magento's order: SKU, price, type, quantity, website, uniqueness, group."""
    sku = str(price.get("sku") or "")
    kind, amount, quantity = (price.get(word) for word in ("price_type", "price", "quantity"))
    row = (sku, price.get("website_id"), price.get("customer_group"), quantity)
    faults: Told = []
    if sku not in job.entities.products:
        faults.append(told(SKU, *row))
    if amount is None or amount < 0 or (kind == DISCOUNT and amount > 100):
        faults.append(told(PRICE, amount, *row))
    if kind not in (FIXED, DISCOUNT):
        faults.append(told(TYPE, kind, *row))
    if sku in job.entities.products and (quantity is None or quantity < 1):
        faults.append(told(QUANTITY, *row))
    if price.get("website_id") not in job.entities.catalog.websites.values():
        faults.append(told(WEBSITE, *row))
    faults += [_twice(other) for other in others if _same_step(price, other) and _same_site(price, other)]
    if existing and sku in job.entities.products:
        stored = [_shown(job, sku, tier) for tier in job.entities.products.get(sku)["tier_prices"]]
        faults += [
            _twice(one, stored=True) for one in stored if _same_step(price, one) and _clash(price, one)
        ]
    if _group_id(job, price.get("customer_group")) is None:
        faults.append(told(GROUP, *row))
    return faults


def _twice(other: Sent, *, stored: bool = False) -> dict[str, Any]:
    """A price that is there already is told as its table holds it (recording 11, 48)."""
    quantity = f"{other['quantity']:.4f}" if stored else other.get("quantity")
    return told(TWICE, other.get("sku"), other.get("website_id"), other.get("customer_group"), quantity)


def _same_step(one: Sent, other: Sent) -> bool:
    groups = {str(price.get("customer_group") or "").lower() for price in (one, other)}
    return len(groups) == 1 and one.get("quantity") == other.get("quantity")


def _same_site(one: Sent, other: Sent) -> bool:
    return one.get("website_id") == other.get("website_id") or 0 in (
        one.get("website_id"),
        other.get("website_id"),
    )


def _clash(one: Sent, other: Sent) -> bool:
    """All websites against a single one; the very same price is no clash but a change."""
    return one.get("website_id") != other.get("website_id") and _same_site(one, other)


def _group_id(job: Job, name: Any) -> int | None:
    if str(name or "").lower() == ALL_GROUPS:
        return ALL_GROUPS_ID
    for group in job.entities.customer_groups:
        if group["code"].lower() == str(name or "").lower():
            number: int = group["id"]
            return number
    return None


def _tier(job: Job, price: Sent) -> Row:
    amount = merging.stored(price["price"])
    discount = price["price_type"] == DISCOUNT
    return {
        "customer_group_id": _group_id(job, price["customer_group"]),
        "qty": merging.stored(price["quantity"]),
        "value": 0 if discount else amount,
        "extension_attributes": {
            **({"percentage_value": amount} if discount else {}),
            "website_id": price["website_id"],
        },
    }


def _place(tier: Mapping[str, Any]) -> tuple[Any, ...]:
    extension = tier.get("extension_attributes") or {}
    return tier.get("customer_group_id"), tier.get("qty"), extension.get("website_id", 0)


def _shown(job: Job, sku: str, tier: Mapping[str, Any]) -> Row:
    extension = tier.get("extension_attributes") or {}
    group = job.entities.customer_groups.get(tier.get("customer_group_id"))
    percentage = extension.get("percentage_value")
    return {
        "price": tier.get("value") if percentage is None else percentage,
        "price_type": FIXED if percentage is None else DISCOUNT,
        "website_id": extension.get("website_id", 0),
        "sku": sku,
        "customer_group": group["code"] if group else ALL_GROUPS,
        "quantity": tier.get("qty"),
    }


def _read(job: Job, args: Arguments) -> list[Row]:
    products = job.entities.products
    known = [sku for sku in args["skus"] if sku in products]
    return [_shown(job, sku, tier) for sku in known for tier in products.get(sku)["tier_prices"]]


def _delete(job: Job, args: Arguments) -> Told:
    """A price that is not there is gone already."""
    found: Told = []
    for price in filter(None, args["prices"]):
        faults = _faults(job, price, [], existing=False)
        found += faults
        if not faults:
            product = job.entities.products.get(price["sku"])
            gone = _place(_tier(job, price))
            _put(job, product, [tier for tier in product["tier_prices"] if _place(tier) != gone])
    return found


SERVICES = interface(
    r"Magento\Catalog\Api\TierPriceStorageInterface",
    r"Magento\Catalog\Model\Product\Price\TierPriceStorage",
    get=({"skus": ["string"]}, _read, [TIER]),
    update=({"prices": [TIER]}, _update),
    replace=({"prices": [TIER]}, _replace),
    delete=({"prices": [TIER]}, _delete),
)
