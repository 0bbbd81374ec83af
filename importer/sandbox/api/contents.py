"""CMS blocks and pages, and coupons: stored, read back, changed, deleted."""

import re
from collections.abc import Mapping
from typing import Any

from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import BLOCK, COUPON, PAGE, Shape

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_/-]+(\.[a-z0-9_-]+)?")
NO_BLOCK = 'The CMS block with the "%1" ID doesn\'t exist.'
NO_PAGE = 'The CMS page with the "%1" ID doesn\'t exist.'
BLOCK_TWICE = "A block identifier with the same properties already exists in the selected store."
PAGE_TWICE = "The value specified in the URL Key field would generate a URL that already exists."
PAGE_KEY = "The page URL key contains capital letters or disallowed symbols."
MANUAL = 0


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Crash
    return value


def _rows(job: Job, kind: str, shape: Shape, args: Arguments) -> Row:
    empty = dict.fromkeys(shape.properties)
    return search(
        job.entities.table(kind), criteria(args["searchCriteria"]), columns=lambda row: {**empty, **row}
    )


def _found(job: Job, kind: str, number: Any, text: str) -> Row:
    row = job.entities.table(kind).get(number)
    if row is None:
        raise Refusal(404, text, [number])
    return row


def _put(job: Job, kind: str, before: Mapping[str, Any], sent: Mapping[str, Any]) -> Row:
    """One that is changed keeps what is not sent."""
    table = job.entities.table(kind)
    number = before.get("id") or table.next_id()
    times = {"creation_time": before.get("creation_time", job.now), "update_time": job.now, "active": True}
    words = {word: value for word, value in sent.items() if value is not None}
    job.wrote(kind, number, "updated" if before else "created")
    return table.put(number, {**times, **before, **words, "id": number, "update_time": job.now})


def _drop(job: Job, kind: str, row: Row) -> bool:
    job.entities.table(kind).drop(row["id"])
    job.wrote(kind, row["id"], "deleted")
    return True


def _save_block(job: Job, args: Arguments) -> Row:
    sent = _object(args["block"])
    before = _found(job, "cms_block", sent["id"], NO_BLOCK) if sent.get("id") else {}
    identifier = sent.get("identifier") or before.get("identifier")
    for other in job.entities.table("cms_block"):
        if other.get("identifier") == identifier and other["id"] != before.get("id"):
            raise Refusal(400, BLOCK_TWICE)
    return _put(job, "cms_block", before, sent)


def _save_page(job: Job, args: Arguments) -> Row:
    sent = _object(args["page"])
    before = _found(job, "cms_page", sent["id"], NO_PAGE) if sent.get("id") else {}
    identifier = sent.get("identifier") or before.get("identifier") or ""
    if identifier.isdigit():
        raise Refusal(400, "The page URL key cannot be made of only numbers.")
    if identifier and not IDENTIFIER.fullmatch(identifier):
        raise Refusal(400, PAGE_KEY)
    for other in job.entities.table("cms_page"):
        if identifier and other.get("identifier") == identifier and other["id"] != before.get("id"):
            raise Refusal(400, PAGE_TWICE)
    return _put(job, "cms_page", before, sent)


def _save_coupon(job: Job, args: Arguments) -> Row:
    """The rules that coupons belong to are not part of this shop; their number is taken as it comes."""
    sent = _object(args["coupon"])
    table = job.entities.table("coupon")
    number = sent.get("coupon_id")
    before = _coupon(job, number) if number else {}
    row = {**before, **{word: value for word, value in sent.items() if value is not None}}
    if not row.get("rule_id"):
        text = "Error occurred when saving coupon: %1"
        raise Refusal(400, text, [f"No such entity with rule_id = {row.get('rule_id') or ''}"])
    if any(one.get("code") == row.get("code") and one["coupon_id"] != number for one in table):
        raise Refusal(400, "Coupon with the same code already exists.")
    kept = number or table.next_id()
    basic = {"times_used": 0, "is_primary": False, "created_at": job.now, "type": MANUAL}
    job.wrote("coupon", kept, "updated" if before else "created")
    return table.put(kept, {"coupon_id": kept, **basic, **row} | {"coupon_id": kept})


def _coupon(job: Job, number: Any) -> Row:
    row = job.entities.table("coupon").get(number)
    if row is None:
        raise Refusal(404, "No such entity.")
    return row


def _delete_coupon(job: Job, args: Arguments) -> bool:
    number = _coupon(job, args["couponId"])["coupon_id"]
    job.entities.table("coupon").drop(number)
    job.wrote("coupon", number, "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Cms\Api\BlockRepositoryInterface",
        r"Magento\Cms\Model\BlockRepository",
        save=({"block": BLOCK}, _save_block, BLOCK),
        getById=({"blockId": "string"}, lambda job, args: _found(job, "cms_block", args["blockId"], NO_BLOCK), BLOCK),
        getList=({"searchCriteria": "search criteria"}, lambda job, args: _rows(job, "cms_block", BLOCK, args), [BLOCK]),
        deleteById=(
            {"blockId": "string"},
            lambda job, args: _drop(job, "cms_block", _found(job, "cms_block", args["blockId"], NO_BLOCK)), "boolean",
        ),
    ),
    *interface(
        r"Magento\Cms\Api\PageRepositoryInterface",
        r"Magento\Cms\Model\PageRepository",
        save=({"page": PAGE}, _save_page, PAGE),
        getById=({"pageId": "string"}, lambda job, args: _found(job, "cms_page", args["pageId"], NO_PAGE), PAGE),
        getList=({"searchCriteria": "search criteria"}, lambda job, args: _rows(job, "cms_page", PAGE, args), [PAGE]),
        deleteById=(
            {"pageId": "string"},
            lambda job, args: _drop(job, "cms_page", _found(job, "cms_page", args["pageId"], NO_PAGE)), "boolean",
        ),
    ),
    *interface(
        r"Magento\SalesRule\Api\CouponRepositoryInterface",
        r"Magento\SalesRule\Model\CouponRepository",
        save=({"coupon": COUPON}, _save_coupon, COUPON),
        getById=({"couponId": "int"}, lambda job, args: _coupon(job, args["couponId"]), COUPON),
        getList=({"searchCriteria": "search criteria"}, lambda job, args: _rows(job, "coupon", COUPON, args), [COUPON]),
        deleteById=({"couponId": "int"}, _delete_coupon, "boolean"),
    ),
)  # fmt: skip
