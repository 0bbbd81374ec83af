"""The look-up tables of the benchmarks' shop."""

from typing import Any

from bench.data import COLORS, SIZES

TABLES: dict[str, dict[str, Any]] = {
    "attribute_set": {"Default": 4, "Bag": 15},
    "tax_class": {"None": "0", "Taxable Goods": "2"},
    "website": {"base": 1, "outlet": 2},
    "category": {
        "Default Category": "2",
        "Default Category/Gear": "3",
        "Default Category/Gear/Bags": "4",
        "Default Category/Men": "5",
    },
    "customer_group": {"General": 1, "Wholesale": 2, "Retailer": 3},
    "attributes": {},
    "option:color": {name: str(49 + place) for place, name in enumerate(COLORS)},
    "option:size": {name: str(90 + place) for place, name in enumerate(SIZES)},
}
