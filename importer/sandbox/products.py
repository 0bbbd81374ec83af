"""Products: create, change, delete and read, with Magento's own refusals (recording 10; full shape in its number 0)."""

from collections.abc import Iterator, Mapping
from typing import Any

from importer.sandbox import merging
from importer.sandbox.catalog import Catalog
from importer.sandbox.errors import Crash, Refusal, no_product
from importer.sandbox.url_keys import UrlKeys

SKU_LIMIT = 64
NOT_VISIBLE = 1
LATER = ("product_links", "tier_prices")
"""What the answer of a synchronous POST leaves out and every other answer has (recording 10)."""


class Products:
    """By SKU, compared without case and without blanks around it; the spelling of the last save is shown."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_sku: dict[str, dict[str, Any]] = {}
        self._url_keys = UrlKeys()
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._by_sku)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._by_sku.values())

    def __contains__(self, sku: str) -> bool:
        return _key(sku) in self._by_sku

    def get(self, sku: str) -> dict[str, Any]:
        """Raises Refusal 404."""
        if sku not in self:
            raise no_product()
        return self._by_sku[_key(sku)]

    def delete(self, sku: str) -> bool:
        """Raises Refusal 404."""
        key = _key(self.get(sku)["sku"])
        self._url_keys.release(key)
        del self._by_sku[key]
        return True

    def save(self, sent: Any, *, now: str, store_id: int = 0) -> dict[str, Any]:
        """Create or change. Raises Refusal with Magento's sentence, and Crash where PHP would break."""
        if not isinstance(sent, dict) or "sku" not in sent:
            raise Crash
        sku = _checked_sku(sent["sku"])
        before = self._by_sku.get(_key(sku), {})
        product = self._merged(before, sent, now=now, store_id=store_id)
        self._check(product)
        self._take_url_key(product, _key(sku))
        number = product["id"] or self._next_id()
        product |= {"id": number, "sku": sku}
        product["extension_attributes"]["stock_item"] |= {"item_id": number, "product_id": number}
        self._by_sku[_key(sku)] = product
        return product

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _merged(
        self, before: Mapping[str, Any], sent: Mapping[str, Any], *, now: str, store_id: int
    ) -> dict[str, Any]:
        fields = merging.fields(before, sent)
        links = merging.links(before, sent, self._catalog)
        values = merging.attributes(before, sent, self._catalog)
        values["url_key"] = merging.url_key(values, fields.get("name"))
        priced = fields["type_id"] in merging.PRICED_TYPES
        ordered = {word: fields.get(word) for word in ("name", "attribute_set_id")}
        return {
            "id": before.get("id", 0),
            "sku": "",
            **ordered,
            **{word: fields[word] for word in ("price", "status", "visibility", "type_id") if word in fields},
            "created_at": before.get("created_at", now),
            "updated_at": now,
            **({"weight": fields["weight"]} if "weight" in fields else {}),
            "extension_attributes": {
                "website_ids": self._websites(before, sent, store_id),
                **({"category_links": links} if links else {}),
                "stock_item": merging.stock(before, sent, fields["type_id"]),
            },
            "product_links": _kept(before, sent, "product_links"),
            "options": _kept(before, sent, "options"),
            "media_gallery_entries": merging.gallery(before, sent),
            "tier_prices": _kept(before, sent, "tier_prices"),
            "custom_attributes": merging.listed(values, links, priced=priced),
        }

    def _websites(self, before: Mapping[str, Any], sent: Mapping[str, Any], store_id: int) -> list[int]:
        """The list sent replaces; a new product goes to every website, or to that of the URL's store (native CSV)."""
        given = (sent.get("extension_attributes") or {}).get("website_ids")
        if given is not None:
            if not set(given) <= set(self._catalog.websites.values()):
                raise Refusal(400, "The product was unable to be saved. Please try again.")
            return list(given)
        if before:
            return list(before["extension_attributes"]["website_ids"])
        return [self._catalog.website_of(store_id)] if store_id else list(self._catalog.website_ids)

    def _check(self, product: Mapping[str, Any]) -> None:
        if product.get("attribute_set_id") not in self._catalog.attribute_sets.values():
            raise Refusal(400, "Invalid product data: %1", ["Invalid attribute set entity type"])
        values = {**merging.attribute_values(product), **product}
        for attribute in self._catalog.attributes.values():
            value = values.get(attribute.code)
            if attribute.required and value in (None, "") and not _may_lack(product, attribute.code):
                raise _empty(attribute.label)
            if attribute.type == "float" and value not in (None, "") and float(value) < 0:
                raise Refusal(400, "Please enter a number 0 or greater in this field.")

    def _take_url_key(self, product: Mapping[str, Any], owner: str) -> None:
        if product["visibility"] == NOT_VISIBLE:
            self._url_keys.release(owner)
        else:
            self._url_keys.take(merging.attribute_values(product).get("url_key", ""), owner)


def _key(sku: str) -> str:
    return sku.strip().lower()


def _checked_sku(sent: Any) -> str:
    sku = str(sent or "").strip()
    if not sku:
        raise _empty("sku")
    if len(sku) > SKU_LIMIT:
        raise Refusal(400, "SKU length should be 64 characters maximum.")
    return sku


def _empty(label: str) -> Refusal:
    return Refusal(400, f'The "{label}" attribute value is empty. Set the attribute and try again.')


def _may_lack(product: Mapping[str, Any], code: str) -> bool:
    """The SKU was looked at before; a price is needed by products of their own only."""
    return code == "sku" or (code == "price" and product["type_id"] not in merging.SINGLE_TYPES)


def _kept(before: Mapping[str, Any], sent: Mapping[str, Any], name: str) -> list[Any]:
    value = sent.get(name)
    return list(before.get(name, [])) if value is None else list(value)


def of_post(product: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a synchronous POST."""
    return {name: value for name, value in product.items() if name not in LATER}
