"""Addresses of customers: what they must have, which regions a country has, and how they are shown (recording 11, 7)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox.directory import countries
from importer.sandbox.errors import REQUIRED, Parameters, several
from importer.sandbox.records import Row

NEEDED = ("firstname", "lastname", "street", "city", "telephone", "postcode")
INVALID = 'Invalid value of "%value" provided for the %fieldName field.'
WORDS = (
    "country_id", "street", "company", "telephone", "fax", "postcode", "city", "firstname", "lastname", "middlename",
    "prefix", "suffix", "vat_id",
)  # fmt: skip


def is_served(address: Mapping[str, Any]) -> bool:
    """An address in a country that the website does not serve is left out without a word (recording 11, 8)."""
    return address.get("country_id") in countries()


def stored(sent: Mapping[str, Any], number: int, customer_id: int) -> Row:
    """As it is kept and shown. Raises Refusal with everything that is missing."""
    faults: list[tuple[str, Parameters]] = [
        (REQUIRED, {"fieldName": word}) for word in NEEDED if not sent.get(word)
    ]
    region = sent.get("region") or {}
    region_id = region.get("region_id") or sent.get("region_id")
    faults += _region_faults(sent, region, region_id)
    if faults:
        raise several(faults)
    shown_region = _region(sent["country_id"], region, region_id)
    flags = ("default_shipping", "default_billing")
    return {
        "id": number,
        "customer_id": customer_id,
        "region": shown_region,
        "region_id": shown_region["region_id"],
        **{word: sent[word] for word in WORDS if sent.get(word) is not None},
        **{flag: True for flag in flags if sent.get(flag)},
    }


def _region_faults(
    sent: Mapping[str, Any], region: Mapping[str, Any], region_id: Any
) -> list[tuple[str, Parameters]]:
    country = countries().get(sent.get("country_id") or "")
    if country is None:
        given = sent.get("country_id")
        return [
            (INVALID, {"fieldName": "countryId", "value": given})
            if given
            else (REQUIRED, {"fieldName": "countryId"})
        ]
    if country.regions and region_id and region_id not in country.regions:
        return [(INVALID, {"fieldName": "regionId", "value": str(region_id)})]
    if country.needs_region and not region_id and not (region.get("region_code") and not country.regions):
        return [(REQUIRED, {"fieldName": "regionId" if country.regions else "region"})]
    return []


def _region(country: str, region: Mapping[str, Any], region_id: Any) -> Row:
    known = countries()[country].regions.get(region_id)
    if known:
        return {"region_code": known[0], "region": known[1], "region_id": region_id}
    text = region.get("region") or ""
    return {"region_code": region.get("region_code") or text, "region": text, "region_id": 0}
