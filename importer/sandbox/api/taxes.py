"""Tax classes, tax rates and customer groups: rows by number, with Magento's checks."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.directory import countries
from importer.sandbox.entities import CUSTOMER_TAX_CLASS
from importer.sandbox.errors import Crash, Parameters, Refusal, invalid_value, no_entity, several
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import GROUP, TAX_CLASS, TAX_RATE

NEEDED = '"%fieldName" is required. Enter and try again.'
INVALID = 'Invalid value of "%value" provided for the %fieldName field.'
TYPES = ("CUSTOMER", "PRODUCT")
NAMES = (
    "code",
    "tax_country_id",
    "tax_region_id",
    "tax_postcode",
    "rate",
    "zip_is_range",
    "zip_from",
    "zip_to",
    "titles",
)

Faults = list[tuple[str, Parameters]]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Crash
    return value


def _refuse(faults: Faults) -> None:
    if faults:
        raise several(faults)


def _classes(job: Job, args: Arguments) -> Row:
    return search(job.entities.tax_classes, criteria(args["searchCriteria"]))


def _class(job: Job, number: Any) -> Row:
    row = job.entities.tax_classes.get(number)
    if row is None:
        raise no_entity("class_id", number)
    return row


def _get_class(job: Job, args: Arguments) -> Row:
    return _class(job, args["taxClassId"])


def _save_class(job: Job, args: Arguments) -> str:
    """The number of the class, as a text."""
    sent = _object(args["taxClass"])
    number = sent.get("class_id") or job.raw.get("classId")
    before = _class(job, number) if number else {}
    if before and sent.get("class_type") not in (None, before["class_type"]):
        raise Refusal(400, "Updating classType is not allowed.")
    row = {**before, **{word: value for word, value in sent.items() if value is not None}}
    _refuse(_class_faults(row))
    for other in job.entities.tax_classes:
        same = (other["class_name"], other["class_type"]) == (row["class_name"], row["class_type"])
        if same and str(other["class_id"]) != str(number):
            raise Refusal(
                400, "A class with the same name already exists for ClassType %1.", [row["class_type"]]
            )
    kept = int(number) if number else job.entities.tax_classes.next_id()
    job.entities.tax_classes.put(
        kept, {"class_id": kept, "class_name": row["class_name"], "class_type": row["class_type"]}
    )
    _offer(job)
    job.wrote("tax_class", kept, "updated" if before else "created")
    return str(kept)


def _class_faults(row: Mapping[str, Any]) -> Faults:
    faults: Faults = []
    if not str(row.get("class_name") or "").strip():
        faults.append((NEEDED, {"fieldName": "class_name"}))
    kind = row.get("class_type")
    if not kind:
        faults.append((NEEDED, {"fieldName": "class_type"}))
    elif kind not in TYPES:
        faults.append((INVALID, {"fieldName": "class_type", "value": kind}))
    return faults


def _offer(job: Job) -> None:
    """The attribute `tax_class_id` offers the classes that there are."""
    eav = job.entities.eav
    names = {
        one["class_name"]: str(one["class_id"])
        for one in job.entities.tax_classes
        if one["class_type"] == "PRODUCT"
    }
    eav.with_options(eav.attributes["tax_class_id"], {"None": "0", **names})


def _delete_class(job: Job, args: Arguments) -> bool:
    row = _class(job, args["taxClassId"])
    job.entities.tax_classes.drop(row["class_id"])
    _offer(job)
    job.wrote("tax_class", row["class_id"], "deleted")
    return True


def _rates(job: Job, args: Arguments) -> Row:
    empty = dict.fromkeys(NAMES)
    return search(
        job.entities.table("tax_rate"), criteria(args["searchCriteria"]), columns=lambda row: {**empty, **row}
    )


def _rate(job: Job, number: Any) -> Row:
    row = job.entities.table("tax_rate").get(number)
    if row is None:
        raise no_entity("taxRateId", number)
    return row


def _get_rate(job: Job, args: Arguments) -> Row:
    return _rate(job, args["rateId"])


def _save_rate(job: Job, args: Arguments) -> Row:
    sent = _object(args["taxRate"])
    rates = job.entities.table("tax_rate")
    before = _rate(job, sent["id"]) if sent.get("id") else {}
    row = {**before, **{word: merging.stored(value) for word, value in sent.items() if value is not None}}
    _refuse(_rate_faults(row))
    if any(one["code"] == row["code"] and one["id"] != row.get("id") for one in rates):
        raise Refusal(400, "Code already exists.")
    number = before.get("id") or rates.next_id()
    words = {"tax_region_id": 0, **{word: row[word] for word in NAMES if word in row}}
    job.wrote("tax_rate", number, "updated" if before else "created")
    return rates.put(number, {"id": number, **words, "titles": row.get("titles") or []})


def _rate_faults(row: Mapping[str, Any]) -> Faults:
    faults: Faults = []
    country, region = row.get("tax_country_id"), row.get("tax_region_id")
    if not country:
        faults.append((NEEDED, {"fieldName": "country_id"}))
    elif country not in countries():
        faults.append((INVALID, {"fieldName": "country_id", "value": country}))
    if region and not any(region in one.regions for one in countries().values()):
        faults.append((INVALID, {"fieldName": "region_id", "value": region}))
    if row.get("rate") is None or row["rate"] < 0:
        faults.append((NEEDED, {"fieldName": "percentage_rate"}))
    if not str(row.get("code") or "").strip():
        faults.append((NEEDED, {"fieldName": "code"}))
    return faults + _postcode_faults(row)


def _postcode_faults(row: Mapping[str, Any]) -> Faults:
    if not row.get("zip_is_range"):
        return [] if str(row.get("tax_postcode") or "").strip() else [(NEEDED, {"fieldName": "postcode"})]
    ends = {word: row.get(word) for word in ("zip_from", "zip_to")}
    faults: Faults = [
        (INVALID, {"fieldName": word, "value": value})
        for word, value in ends.items()
        if value is None or value < 0
    ]
    if not faults and row["zip_from"] > row["zip_to"]:
        faults.append(("Range To should be equal or greater than Range From.", None))
    return faults


def _delete_rate(job: Job, args: Arguments) -> bool:
    number = _rate(job, args["rateId"])["id"]
    job.entities.table("tax_rate").drop(number)
    job.wrote("tax_rate", number, "deleted")
    return True


def _group(job: Job, number: Any) -> Row:
    row = job.entities.customer_groups.get(number)
    if row is None:
        raise no_entity("id", number)
    return row


def shown_group(job: Job, row: Row) -> Row:
    tax_class = job.entities.tax_classes.get(row["tax_class_id"])
    return {**row, "tax_class_name": tax_class["class_name"] if tax_class else None}


def _groups(job: Job, args: Arguments) -> Row:
    rows = (shown_group(job, row) for row in job.entities.customer_groups)
    return search(rows, criteria(args["searchCriteria"]))


def _get_group(job: Job, args: Arguments) -> Row:
    return shown_group(job, _group(job, args["id"]))


def _save_group(job: Job, args: Arguments) -> Row:
    sent = _object(args["group"])
    if not sent.get("code"):
        raise several([(NEEDED, {"fieldName": "code"})])
    number = sent.get("id")
    before = {} if number is None else _group(job, number)
    tax_class = sent.get("tax_class_id") or before.get("tax_class_id") or CUSTOMER_TAX_CLASS
    known = job.entities.tax_classes.get(tax_class)
    if known is None or known["class_type"] != "CUSTOMER":
        raise invalid_value("taxClassId", tax_class)
    if any(one["code"] == sent["code"] and one["id"] != number for one in job.entities.customer_groups):
        raise Refusal(400, "Customer Group already exists.")
    kept = job.entities.customer_groups.next_id() if number is None else number
    row = job.entities.customer_groups.put(
        kept, {"id": kept, "code": sent["code"], "tax_class_id": tax_class}
    )
    job.wrote("customer_group", kept, "updated" if before else "created")
    return shown_group(job, row)


def _delete_group(job: Job, args: Arguments) -> bool:
    number = _group(job, args["id"])["id"]
    if number <= 1:
        raise Refusal(400, "Cannot delete group.")
    job.entities.customer_groups.drop(number)
    job.wrote("customer_group", number, "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Tax\Api\TaxClassRepositoryInterface",
        r"Magento\Tax\Model\TaxClass\Repository",
        getList=({"searchCriteria": "search criteria"}, _classes, [TAX_CLASS]),
        get=({"taxClassId": "int"}, _get_class, TAX_CLASS),
        save=({"taxClass": TAX_CLASS}, _save_class, "string"),
        deleteById=({"taxClassId": "int"}, _delete_class, "boolean"),
    ),
    *interface(
        r"Magento\Tax\Api\TaxRateRepositoryInterface",
        r"Magento\Tax\Model\Calculation\RateRepository",
        getList=({"searchCriteria": "search criteria"}, _rates, [TAX_RATE]),
        get=({"rateId": "int"}, _get_rate, TAX_RATE),
        save=({"taxRate": TAX_RATE}, _save_rate, TAX_RATE),
        deleteById=({"rateId": "int"}, _delete_rate, "boolean"),
    ),
    *interface(
        r"Magento\Customer\Api\GroupRepositoryInterface",
        r"Magento\Customer\Model\ResourceModel\GroupRepository",
        getList=({"searchCriteria": "search criteria"}, _groups, [GROUP]),
        getById=({"id": "int"}, _get_group, GROUP),
        save=({"group": GROUP}, _save_group, GROUP),
        deleteById=({"id": "int"}, _delete_group, "boolean"),
    ),
)
