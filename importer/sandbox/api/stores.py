"""What the shop tells about itself: websites, store groups, store views and their settings; countries (native CSV, 9)."""

from typing import Any

from importer.sandbox.api.customers import store_name
from importer.sandbox.catalog import ADMIN
from importer.sandbox.categories import DEFAULT
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.directory import Country, countries
from importer.sandbox.errors import Refusal
from importer.sandbox.records import Row


def _websites(job: Job, _args: Arguments) -> list[Row]:
    """The default group of a website is numbered like it."""
    return [
        {"id": number, "code": code, "name": _title(code), "default_group_id": number}
        for code, number in job.entities.catalog.websites.items()
    ]


def _groups(job: Job, _args: Arguments) -> list[Row]:
    catalog = job.entities.catalog
    first = {store.website: store.id for store in reversed(catalog.stores)}
    return [
        {
            "id": number, "website_id": number, "root_category_id": DEFAULT if number else 0,
            "default_store_id": first.get(number, 0), "name": _title(code), "code": code,
        }
        for code, number in catalog.websites.items()
    ]  # fmt: skip


def _views(job: Job, _args: Arguments) -> list[Row]:
    return [
        {
            "id": store.id, "code": store.code, "name": store_name(store), "website_id": store.website,
            "store_group_id": store.website, "is_active": 1,
        }
        for store in job.entities.catalog.stores
    ]  # fmt: skip


def _configs(job: Job, args: Arguments) -> list[Row]:
    url = job.base_url
    wanted = args["storeCodes"]
    return [
        {
            "id": store.id, "code": store.code, "website_id": store.website, "locale": "en_US",
            "base_currency_code": "USD", "default_display_currency_code": "USD", "timezone": "UTC",
            "weight_unit": "lbs", "base_url": url, "base_link_url": url,
            "base_static_url": f"{url}static/", "base_media_url": f"{url}media/",
            "secure_base_url": url, "secure_base_link_url": url,
            "secure_base_static_url": f"{url}static/", "secure_base_media_url": f"{url}media/",
        }
        for store in job.entities.catalog.stores
        if store.id != ADMIN and (wanted is None or store.code in wanted)
    ]  # fmt: skip


def _title(code: str) -> str:
    return code.replace("_", " ").title()


def _countries(_job: Job, _args: Arguments) -> list[Row]:
    return [_country(one) for one in countries().values()]


def _one_country(_job: Job, args: Arguments) -> Row:
    found = countries().get(args["countryId"])
    if found is None:
        raise Refusal(404, "The country isn't available.")
    return _country(found)


def _country(one: Country) -> dict[str, Any]:
    regions = [
        {"id": str(number), "code": code, "name": name} for number, (code, name) in one.regions.items()
    ]
    return {
        "id": one.code, "two_letter_abbreviation": one.code, "three_letter_abbreviation": one.code_3,
        "full_name_locale": one.name, "full_name_english": one.name,
        **({"available_regions": regions} if regions else {}),
    }  # fmt: skip


def _currency(_job: Job, _args: Arguments) -> Row:
    return {
        "base_currency_code": "USD", "base_currency_symbol": "$", "default_display_currency_code": "USD",
        "default_display_currency_symbol": "$", "available_currency_codes": ["USD"], "exchange_rates": [],
    }  # fmt: skip


SERVICES = (
    *interface(
        r"Magento\Store\Api\WebsiteRepositoryInterface",
        r"Magento\Store\Model\WebsiteRepository",
        getList=({}, _websites),
    ),
    *interface(
        r"Magento\Store\Api\GroupRepositoryInterface",
        r"Magento\Store\Model\GroupRepository",
        getList=({}, _groups),
    ),
    *interface(
        r"Magento\Store\Api\StoreRepositoryInterface",
        r"Magento\Store\Model\StoreRepository",
        getList=({}, _views),
    ),
    *interface(
        r"Magento\Store\Api\StoreConfigManagerInterface",
        r"Magento\Store\Model\Service\StoreConfigManager",
        getStoreConfigs=({"storeCodes?": ["string"]}, _configs),
    ),
    *interface(
        r"Magento\Directory\Api\CountryInformationAcquirerInterface",
        r"Magento\Directory\Model\CountryInformationAcquirer",
        getCountriesInfo=({}, _countries),
        getCountryInfo=({"countryId": "string"}, _one_country),
    ),
    *interface(
        r"Magento\Directory\Api\CurrencyInformationAcquirerInterface",
        r"Magento\Directory\Model\CurrencyInformationAcquirer",
        getCurrencyInfo=({}, _currency),
    ),
)
