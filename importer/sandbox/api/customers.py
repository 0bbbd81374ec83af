"""Customers and their addresses (recording 11, 0 to 14)."""

import re
from collections.abc import Mapping
from typing import Any

from importer.sandbox import addresses
from importer.sandbox.catalog import ADMIN, Store
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.errors import Crash, Refusal, no_entity
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search
from importer.sandbox.shapes import ADDRESS, CUSTOMER

EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]+@[^@\s.]+(\.[^@\s.]+)+")
TAKEN = "A customer with the same email address already exists in an associated website."
NO_WEBSITE = "The website with id {} that was requested wasn't found. Verify the website and try again."
SHORT = "The password needs at least %1 characters. Create a new password and try again."
PLAIN = (
    "Minimum of different classes of characters in password is %1."
    " Classes of characters: Lower Case, Upper Case, Digits, Special Characters."
)
SHORTEST, CLASSES = 8, 3
CHARACTERS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
NEEDED = {"email": "Email", "firstname": "First Name", "lastname": "Last Name"}
KEPT = (
    "confirmation", "dob", "email", "firstname", "lastname", "middlename", "prefix", "suffix", "gender",
)  # fmt: skip


def store_name(store: Store) -> str:
    return "Default Store View" if store.code == "default" else store.code.replace("_", " ").title()


def _create(job: Job, args: Arguments) -> Row:
    """A customer that is refused for an address leaves nothing behind."""
    sent = _object(args["customer"])
    if args["password"] is not None:
        _check_password(args["password"])
    if sent.get("id"):
        _found(job, sent["id"])
        raise Refusal(400, "This customer already exists in this store.")
    return _put(job, {}, sent, created_in=True)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Crash
    return value


def _check_password(password: str) -> None:
    if len(password) < SHORTEST:
        raise Refusal(400, SHORT, [str(SHORTEST)])
    if sum(1 for kind in CHARACTERS if re.search(kind, password)) < CLASSES:
        raise Refusal(400, PLAIN, [str(CLASSES)])


def _save(job: Job, args: Arguments) -> Row:
    """A synchronous call merges with what is there, by the number in the URL; a consumer takes the object as it is (S41)."""
    sent = _object(args["customer"])
    number = job.raw.get("customerId")
    if number is not None and not job.in_consumer:
        before = job.entities.customers.get(number)
        if before is None:
            raise no_entity("customerId", number)
        return _put(job, before, {**_editable(before), **sent, "id": before["id"]})
    if not sent.get("id"):
        return _put(job, {}, sent)
    before = _found(job, sent["id"])
    kept = {word: before[word] for word in ("store_id", "website_id", "group_id")}
    return _put(job, before, {**kept, **sent})


def _editable(before: Row) -> Row:
    return {word: value for word, value in before.items() if word not in ("created_at", "updated_at")}


def _found(job: Job, number: Any) -> Row:
    row = job.entities.customers.get(number)
    if row is None:
        raise no_entity("customerId", number)
    return row


def _put(job: Job, before: Mapping[str, Any], sent: Mapping[str, Any], *, created_in: bool = False) -> Row:
    store = _store(job, sent, before)
    _check(job, sent, store, before.get("id"))
    number = before.get("id") or job.entities.customers.next_id()
    kept = _addresses(job, before, sent, number)
    extension = {
        "is_subscribed": False,
        **(before.get("extension_attributes") or {}),
        **(sent.get("extension_attributes") or {}),
    }
    row = {
        "id": number,
        "group_id": sent.get("group_id", before.get("group_id", 1)),
        **{
            flag: str(one["id"])
            for flag in ("default_billing", "default_shipping")
            for one in kept
            if one.get(flag)
        },
        "created_at": before.get("created_at", job.now),
        "updated_at": job.now,
        "created_in": store_name(store)
        if created_in or not before
        else sent.get("created_in", before["created_in"]),
        **{word: sent[word] for word in KEPT if sent.get(word) is not None},
        "store_id": store.id,
        **({"taxvat": sent["taxvat"]} if sent.get("taxvat") else {}),
        "website_id": store.website,
        "addresses": kept,
        "disable_auto_group_change": sent.get("disable_auto_group_change") or 0,
        "extension_attributes": extension,
        **({"custom_attributes": sent["custom_attributes"]} if sent.get("custom_attributes") else {}),
    }
    if before:
        _forget_email(job, before)
    job.entities.emails[store.website, row["email"].lower()] = number
    job.wrote("customer", number, "updated" if before else "created")
    return job.entities.customers.put(number, row)


def _forget_email(job: Job, row: Mapping[str, Any]) -> None:
    job.entities.emails.pop((row["website_id"], row["email"].lower()), None)


def _store(job: Job, sent: Mapping[str, Any], before: Mapping[str, Any]) -> Store:
    """The store of a customer: the one given, or the first of the website. Raises Refusal 404 for an unknown website."""
    catalog = job.entities.catalog
    stores = [store for store in catalog.stores if store.id != ADMIN]
    website = sent.get("website_id")
    if website and website not in catalog.website_ids:
        raise Refusal(404, NO_WEBSITE.format(website))
    wanted = sent.get("store_id") or before.get("store_id")
    for store in stores:
        if store.id == wanted and website in (None, 0, store.website):
            return store
    return next((store for store in stores if store.website == website), catalog.default_store)


def _check(job: Job, sent: Mapping[str, Any], store: Store, number: Any) -> None:
    group = sent.get("group_id")
    if group is not None and str(group) not in job.entities.customer_groups:
        raise Refusal(400, "The specified customer group id does not exist.")
    faults = [f'"{label}" is a required value.' for word, label in NEEDED.items() if not sent.get(word)]
    if sent.get("email") and not EMAIL.fullmatch(sent["email"]):
        faults.insert(0, '"Email" is not a valid email address.')
    if faults:
        raise Refusal(400, "\n".join(faults))
    if job.entities.emails.get((store.website, sent["email"].lower()), number) != number:
        raise Refusal(400, TAKEN)


def _addresses(job: Job, before: Mapping[str, Any], sent: Mapping[str, Any], number: int) -> list[Row]:
    """The list sent is the whole list; addresses that are not in it are gone (native CSV, section 5.2)."""
    given = sent.get("addresses")
    if given is None:
        return list(before.get("addresses", []))
    known = {one["id"] for one in before.get("addresses", [])}
    served = [one for one in given if one and (before or addresses.is_served(one))]
    kept = []
    for one in served:
        place = one["id"] if one.get("id") in known else job.entities.addresses.next_id()
        kept.append(addresses.stored(one, place, number))
    return kept


def _get(job: Job, args: Arguments) -> Row:
    return _found(job, args["customerId"])


def _list(job: Job, args: Arguments) -> Row:
    return search(job.entities.customers, criteria(args["searchCriteria"]), columns=_columns)


def _columns(row: Row) -> dict[str, Any]:
    return {**dict.fromkeys(KEPT), "entity_id": row["id"], **row}


def _delete(job: Job, args: Arguments) -> bool:
    _forget_email(job, _found(job, args["customerId"]))
    job.entities.customers.drop(args["customerId"])
    job.wrote("customer", args["customerId"], "deleted")
    return True


def _is_free(job: Job, args: Arguments) -> bool:
    website = args["websiteId"] or job.entities.catalog.default_store.website
    return (website, args["customerEmail"].lower()) not in job.entities.emails


def _address(job: Job, args: Arguments) -> Row:
    for customer in job.entities.customers:
        for address in customer["addresses"]:
            if address["id"] == args["addressId"]:
                found: Row = address
                return found
    raise no_entity("addressId", args["addressId"])


def _delete_address(job: Job, args: Arguments) -> bool:
    gone = _address(job, args)
    customer = _found(job, gone["customer_id"])
    left = [one for one in customer["addresses"] if one["id"] != gone["id"]]
    flags = [
        flag for flag in ("default_billing", "default_shipping") if customer.get(flag) == str(gone["id"])
    ]
    kept = {word: value for word, value in customer.items() if word not in flags}
    job.entities.customers.put(customer["id"], {**kept, "addresses": left, "updated_at": job.now})
    job.wrote("address", gone["id"], "deleted")
    return True


SERVICES = (
    *interface(
        r"Magento\Customer\Api\AccountManagementInterface",
        r"Magento\Customer\Model\AccountManagement",
        createAccount=(
            {"customer": CUSTOMER, "password?": "string", "redirectUrl?": "string"}, _create, CUSTOMER,
        ),
        isEmailAvailable=({"customerEmail": "string", "websiteId?": "int"}, _is_free, "boolean"),
    ),
    *interface(
        r"Magento\Customer\Api\CustomerRepositoryInterface",
        r"Magento\Customer\Model\ResourceModel\CustomerRepository",
        save=({"customer": CUSTOMER, "passwordHash?": "string"}, _save, CUSTOMER),
        getById=({"customerId": "int"}, _get, CUSTOMER),
        getList=({"searchCriteria": "search criteria"}, _list, [CUSTOMER]),
        deleteById=({"customerId": "int"}, _delete, "boolean"),
    ),
    *interface(
        r"Magento\Customer\Api\AddressRepositoryInterface",
        r"Magento\Customer\Model\ResourceModel\AddressRepository",
        getById=({"addressId": "int"}, _address, ADDRESS),
        deleteById=({"addressId": "int"}, _delete_address, "boolean"),
    ),
)  # fmt: skip
