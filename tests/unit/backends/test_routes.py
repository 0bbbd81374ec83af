"""From the ordinary route of a mapping to the ways of calling it (contract 1.2, 1.4)."""

import json
from typing import Any

import pytest

from importer.backends.magento.routes import bulk_body, bulk_path, single_path
from importer.domain.batches import Operation
from importer.domain.errors import BackendRefused


def operation(payload: Any, key: str = "24-MB01") -> Operation:
    return Operation(row=1, line=2, key=key, payload=json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/V1/products", "/async/bulk/V1/products"),
        ("/V1/products/:sku", "/async/bulk/V1/products/bySku"),
        ("/V1/cmsBlock/:blockId", "/async/bulk/V1/cmsBlock/byBlockId"),
        (
            "/V1/products/:productSku/stockItems/:itemId",
            "/async/bulk/V1/products/byProductSku/stockItems/byItemId",
        ),
        (
            "/V1/products/:sku/group-prices/:customerGroupId/tiers/:qty/price/:price",
            "/async/bulk/V1/products/bySku/group-prices/byCustomerGroupId/tiers/byQty/price/byPrice",
        ),
        ("/V1/orders/:parent_id", "/async/bulk/V1/orders/byParent_id"),
    ],
)
def test_the_bulk_route_follows_from_the_ordinary_one(route: str, path: str) -> None:
    assert bulk_path(route) == path


@pytest.mark.parametrize(
    ("route", "payload", "path"),
    [
        ("/V1/products", {"product": {"sku": "a"}}, "/V1/products"),
        ("/V1/products/:sku", {"product": {"sku": "a"}}, "/V1/products/a"),
        ("/V1/products/:sku", {"sku": "a"}, "/V1/products/a"),
        ("/V1/products/:sku", {}, "/V1/products/24-MB01"),  # the key
        ("/V1/products/:sku", {"product": {"sku": "a/b é%"}}, "/V1/products/a%2Fb%20%C3%A9%25"),
        ("/V1/customers/:customerId", {"customer": {"id": 7}}, "/V1/customers/7"),
        ("/V1/cmsBlock/:blockId", {"block_id": 7}, "/V1/cmsBlock/7"),
        ("/V1/categories/:id", {"category": {"id": 7}}, "/V1/categories/7"),
        (
            "/V1/products/:productSku/stockItems/:itemId",
            {"productSku": "a", "stockItem": {"item_id": 0, "qty": 3}},
            "/V1/products/a/stockItems/0",
        ),
    ],
)
def test_called_alone_the_path_is_filled_from_the_payload(route: str, payload: Any, path: str) -> None:
    assert single_path(route, operation(payload), way="/async") == f"/async{path}"


def test_a_parameter_that_is_nowhere_is_named() -> None:
    with pytest.raises(BackendRefused, match="needs itemId, which the payload does not hold"):
        single_path("/V1/products/:productSku/stockItems/:itemId", operation({"productSku": "a"}), way="")


@pytest.mark.parametrize(
    ("route", "payload", "item"),
    [
        ("/V1/products/:sku", {"product": {"sku": "a"}}, {"product": {"sku": "a"}}),
        ("/V1/products/:sku", {"sku": "a"}, {"sku": "a"}),
        ("/V1/products/:sku", {}, {"sku": "24-MB01"}),
        ("/V1/products/:sku/media", {"entry": {"label": "x"}}, {"sku": "24-MB01", "entry": {"label": "x"}}),
        ("/V1/products", {"product": {}}, {"product": {}}),
    ],
)
def test_a_bulk_item_carries_the_parameter_that_the_path_cannot(route: str, payload: Any, item: Any) -> None:
    assert json.loads(bulk_body(route, [operation(payload)])) == [item]
