"""Everything the shop keeps besides bulks: catalogue, products, customers and the rest, in one set of records."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox.catalog import Catalog
from importer.sandbox.category_tree import CategoryTree
from importer.sandbox.eav import Eav
from importer.sandbox.products import Products
from importer.sandbox.records import Records, Row, Table

CUSTOMER_TAX_CLASS = 3
GROUPS: Mapping[int, str] = {0: "NOT LOGGED IN", 1: "General", 2: "Wholesale", 3: "Retailer"}
"""Customer groups of every Magento."""

DEFAULT_SOURCE = "default"


class Entities:
    """`catalog` is what the file said; everything that a call can change lies in `records`."""

    def __init__(self, records: Records, catalog: Catalog, now: str) -> None:
        self.catalog = catalog
        self.records = records
        self.eav = Eav(records)
        self.tree = CategoryTree(records)
        self.products = Products(records, catalog, self.eav, self.tree)
        self.customers = records.table("customer")
        self.addresses = records.table("customer_address")
        self.customer_groups = records.table("customer_group")
        self.tax_classes = records.table("tax_class")
        self.sources = records.table("source_item")
        self.emails: dict[tuple[int, str], int] = {}
        """Website and address in small letters -> customer."""
        self.customers.watchers.append(self._know_email)
        with records.exclusive():
            if records.empty:
                self._seed(now)
        for row in self.customers:
            self._know_email("", None, row)

    def _know_email(self, _key: str, before: Row | None, now: Row | None) -> None:
        for row in filter(None, (before,)):
            self.emails.pop((row["website_id"], row["email"].lower()), None)
        for row in filter(None, (now,)):
            self.emails[row["website_id"], row["email"].lower()] = row["id"]

    def reset(self, now: str) -> None:
        """As the shop was before the first call."""
        with self.records.exclusive():
            self.records.reset()
            self._seed(now)
        self.products.load()
        self.emails.clear()

    def _seed(self, now: str) -> None:
        self.eav.load()
        self.eav.seed(self.catalog)
        self.tree.seed(self.catalog.root, now)
        self._seed_taxes()
        for number, code in GROUPS.items():
            self._row(self.customer_groups, number, {"code": code, "tax_class_id": CUSTOMER_TAX_CLASS})
        self.customer_groups.next_id(max(GROUPS))

    def _seed_taxes(self) -> None:
        for name, number in self.catalog.tax_classes.items():
            self.tax_classes.put(number, {"class_id": number, "class_name": name, "class_type": "PRODUCT"})
        self.tax_classes.put(
            CUSTOMER_TAX_CLASS,
            {"class_id": CUSTOMER_TAX_CLASS, "class_name": "Retail Customer", "class_type": "CUSTOMER"},
        )
        self.tax_classes.next_id(max(CUSTOMER_TAX_CLASS, *self.catalog.tax_classes.values()))

    def _row(self, table: Table, number: int, words: Mapping[str, Any]) -> None:
        table.put(number, {"id": number, **words})

    def table(self, kind: str) -> Table:
        return self.records.table(kind)
