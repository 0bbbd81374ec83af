"""Products: create, change, delete and read, with Magento's own refusals (recording 10; full shape in its number 0)."""

from collections.abc import Iterator, Mapping
from typing import Any

from importer.sandbox import configurables, merging, pictures
from importer.sandbox.catalog import ADMIN, Catalog
from importer.sandbox.category_tree import CategoryTree
from importer.sandbox.eav import Eav
from importer.sandbox.errors import Crash, Refusal, no_product
from importer.sandbox.pictures import Pictures
from importer.sandbox.product_checks import check, checked_sku, empty
from importer.sandbox.records import Records, Row
from importer.sandbox.url_keys import UrlKeys

NOT_VISIBLE = 1
LATER = ("product_links", "tier_prices")
"""What the answer of a synchronous POST leaves out and every other answer has (recording 10)."""

NOT_SAVED = "The product was unable to be saved. Please try again."


class Products:
    """By SKU, compared without case and without blanks around it; the spelling of the last save is shown."""

    def __init__(self, records: Records, catalog: Catalog, eav: Eav, tree: CategoryTree) -> None:
        self._records = records
        self._rows = records.table("product")
        self._views = records.table("product_view")
        self._catalog = catalog
        self._eav = eav
        self._tree = tree
        self._rows.watchers.append(self._took)
        self.load()

    def load(self) -> None:
        """What follows from the rows: who holds which URL key, which files are taken, SKUs by id."""
        self._url_keys: dict[int, UrlKeys] = {ADMIN: UrlKeys()}
        self._pictures = Pictures(self._records.table("picture").next_id)
        self._skus: dict[int, str] = {}
        for key, row in self._rows.rows.items():
            self._took(key, None, row)

    def _took(self, key: str, before: Row | None, now: Row | None) -> None:
        """A row that came from the file."""
        if before is not None:
            self._pictures.forget(before["media_gallery_entries"])
            self._skus.pop(before["id"], None)
            self._url_keys[ADMIN].release(key)
        if now is not None:
            self._skus[now["id"]] = key
            self._pictures.know(now["media_gallery_entries"])
            if now["visibility"] != NOT_VISIBLE:
                self._url_keys[ADMIN].take(merging.attribute_values(now).get("url_key", ""), key)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __contains__(self, sku: str) -> bool:
        return key_of(sku) in self._rows.rows

    def get(self, sku: str, store_id: int = ADMIN) -> Row:
        """As a store view sees it. Raises Refusal 404."""
        row = self._rows.rows.get(key_of(sku))
        if row is None:
            raise no_product()
        return self.seen(row, store_id)

    def by_id(self, number: int) -> Row:
        """Raises Refusal 404."""
        row = self._rows.rows.get(self._skus.get(number, ""))
        if row is None:
            raise no_product()
        return row

    def replace(self, row: Row) -> Row:
        """Put a changed row in the place of the one with its SKU, unchecked."""
        return self._rows.put(key_of(row["sku"]), row)

    def double(self, sku: str) -> Row:
        """A second product of that SKU, as two writes leave it that overlapped: it has a number of its own and no URL
        key. Reading by SKU finds the first. Raises Refusal 404."""
        row = self.get(sku)
        values = [entry for entry in row["custom_attributes"] if entry["attribute_code"] != "url_key"]
        number = self._rows.next_id()
        return self._rows.put(f"{key_of(sku)} {number}", {**row, "id": number, "custom_attributes": values})

    def put_gallery(self, row: Row, entries: list[Row]) -> Row:
        """Change the gallery; entries are as in a product that is saved. Raises Refusal, Crash."""
        gallery = self._pictures.gallery(row, {"media_gallery_entries": entries})
        return self.replace(pictures.shown_in(row, gallery))

    def seen(self, row: Row, store_id: int) -> Row:
        views = self._views.rows.get(key_of(row["sku"])) if store_id else None
        return merging.seen(row, views[str(store_id)]) if views and str(store_id) in views else row

    def delete(self, sku: str) -> bool:
        """Raises Refusal 404."""
        row = self.get(sku)
        key = key_of(row["sku"])
        for keys in self._url_keys.values():
            keys.release(key)
        self._pictures.forget(row["media_gallery_entries"])
        self._skus.pop(row["id"], None)
        self._rows.drop(key)
        self._views.drop(key)
        return True

    def save(self, sent: Any, *, now: str, store_id: int = ADMIN) -> Row:
        """Create or change. Raises Refusal with Magento's sentence, and Crash where PHP would break.

        A new product's values count for all stores; a change for a store view counts for that view alone, as far as
        the scope of each attribute goes (contract 1.7, S24)."""
        if not isinstance(sent, dict) or "sku" not in sent:
            raise Crash
        sku = checked_sku(sent["sku"])
        key = key_of(sku)
        before = self._rows.rows.get(key)
        if before is None or not store_id:
            return self._put(key, before or {}, {**sent, "sku": sku}, now=now, store_id=store_id)
        shared, view, website = merging.scoped(sent, self._eav.attributes)
        self._check_view(key, before, view | website, store_id)
        row = self._put(key, before, {**shared, "sku": sku}, now=now, store_id=store_id)
        self._put_view(key, store_id, view, website)
        return self.seen(row, store_id)

    def _put(
        self, key: str, before: Mapping[str, Any], sent: Mapping[str, Any], *, now: str, store_id: int
    ) -> Row:
        row = self._merged(before, sent, now=now, store_id=store_id)
        if sent.get("media_gallery_entries") is not None:
            row = pictures.shown_in(row, self._pictures.gallery(before, sent))
        self._take_url_key(row, key)
        if not row["id"]:
            row["id"] = self._rows.next_id()
            self._skus[row["id"]] = key
            row["extension_attributes"]["stock_item"] |= {"item_id": row["id"], "product_id": row["id"]}
        return self._rows.put(key, row)

    def _merged(self, before: Mapping[str, Any], sent: Mapping[str, Any], *, now: str, store_id: int) -> Row:
        fields = merging.fields(before, sent)
        rules = self._eav.rules(fields.get("attribute_set_id"))
        if rules is None:
            raise Refusal(400, "Invalid product data: %1", ["Invalid attribute set entity type"])
        links = merging.links(before, sent, self._tree)
        values = merging.attributes(before, sent, rules.codes)
        values["url_key"] = merging.url_key(values, fields.get("name"))
        check(rules, fields, values)
        kind = fields["type_id"]
        extension: dict[str, Any] = {"website_ids": self._websites(before, sent, store_id)}
        if links:
            extension["category_links"] = links
        extension["stock_item"] = merging.stock(before, sent, kind)
        if kind not in merging.SINGLE_TYPES:
            extension |= configurables.extension(before, sent, kind, self, self._eav)
        extension |= merging.unchecked(before, sent)
        return {
            "id": before.get("id", 0),
            "sku": sent["sku"],
            "name": fields.get("name"),
            "attribute_set_id": fields["attribute_set_id"],
            **({"price": fields["price"]} if "price" in fields else {}),
            "status": fields["status"],
            "visibility": fields["visibility"],
            "type_id": kind,
            "created_at": before.get("created_at", now),
            "updated_at": now,
            **({"weight": fields["weight"]} if "weight" in fields else {}),
            "extension_attributes": extension,
            "product_links": self._links(before, sent),
            "options": merging.kept(before, sent, "options"),
            "media_gallery_entries": before.get("media_gallery_entries", []),
            "tier_prices": merging.kept(before, sent, "tier_prices"),
            "custom_attributes": merging.listed(values, links, priced=kind in merging.PRICED_TYPES),
        }

    def _websites(self, before: Mapping[str, Any], sent: Mapping[str, Any], store_id: int) -> list[int]:
        """The list sent replaces; a new product goes to every website, or to that of the URL's store (native CSV)."""
        given = (sent.get("extension_attributes") or {}).get("website_ids")
        if given is not None:
            if not set(given) <= set(self._catalog.websites.values()):
                raise Refusal(400, NOT_SAVED)
            return list(given)
        if before:
            return list(before["extension_attributes"]["website_ids"])
        return [self._catalog.website_of(store_id)] if store_id else list(self._catalog.website_ids)

    def _links(self, before: Mapping[str, Any], sent: Mapping[str, Any]) -> list[Row]:
        """The list sent replaces links of all kinds; every SKU in it must exist (native CSV, section 2)."""
        given = sent.get("product_links")
        if given is None:
            return list(before.get("product_links", []))
        return [self.link(sent["sku"], entry) for entry in filter(None, given)]

    def link(self, sku: str, entry: Mapping[str, Any]) -> Row:
        """A link as it is stored. Raises Refusal for an unknown SKU."""
        other = self.get(str(entry.get("linked_product_sku") or ""))
        return {
            "sku": sku,
            "link_type": entry.get("link_type"),
            "linked_product_sku": other["sku"],
            "linked_product_type": other["type_id"],
            "position": entry.get("position") or 0,
            **({"extension_attributes": more} if (more := entry.get("extension_attributes")) else {}),
        }

    def _check_view(
        self, key: str, before: Mapping[str, Any], values: Mapping[str, Any], store_id: int
    ) -> None:
        rules = self._eav.rules(before["attribute_set_id"])
        seen = self.seen({**before}, store_id) | {"sku": before["sku"]}
        for code, label in rules.required if rules else ():
            if code in values and values[code] in (None, ""):
                raise empty(label)
        if "url_key" in values and seen["visibility"] != NOT_VISIBLE:
            taken = merging.url_key(values, None)
            self._url_keys[ADMIN].check(taken, key)
            self._url_keys.setdefault(store_id, UrlKeys()).take(taken, key)

    def _put_view(self, key: str, store_id: int, view: Mapping[str, Any], website: Mapping[str, Any]) -> None:
        here = self._catalog.website_of(store_id)
        stores = [one.id for one in self._catalog.stores if one.website == here and one.id != ADMIN]
        views = dict(self._views.get(key) or {})
        for number in stores:
            own = view if number == store_id else {}
            if own or website:
                views[str(number)] = {**views.get(str(number), {}), **website, **own}
        if views:
            self._views.put(key, views)

    def _take_url_key(self, product: Mapping[str, Any], owner: str) -> None:
        keys = self._url_keys[ADMIN]
        if product["visibility"] == NOT_VISIBLE:
            keys.release(owner)
        else:
            keys.take(merging.attribute_values(product).get("url_key", ""), owner)


def key_of(sku: str) -> str:
    return sku.strip().lower()


def of_post(product: Mapping[str, Any], item: Any) -> Row:
    """The answer of a synchronous POST. A SKU with blanks around it is read anew, and then whole (recording 10, 44)."""
    sku = str(item["product"]["sku"])
    if sku != sku.strip():
        return dict(product)
    return {name: value for name, value in product.items() if name not in LATER}
