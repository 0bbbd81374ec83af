"""The shop's edge: every way a call can go wrong becomes the error that says who must act."""

import inspect
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from importer.backends.magento.access import Access, Bearer
from importer.backends.magento.backend import MagentoBackend, MagentoReader
from importer.backends.magento.client import NOT_CONNECTED, ReadingClient
from importer.domain.batches import Operation, Receipt
from importer.domain.errors import (
    AnswerLost,
    BackendDenied,
    BackendError,
    BackendRefused,
    BackendUnavailable,
)
from importer.sources.mappings import MappingFolders

ADDRESS = "https://shop.example"
BULK = f"{ADDRESS}/rest/all/async/bulk/V1/products"
MAPPINGS = MappingFolders([Path(__file__).parents[3] / "mappings"])
MAPPING = MAPPINGS.parse("products", MAPPINGS.text("products"))
OPERATIONS = [
    Operation(
        row=n,
        line=n + 1,
        key=f"S-{n}",
        payload=json.dumps({"product": {"sku": f"S-{n}", "price": n}}).encode(),
    )
    for n in (1, 2)
]
WEBSITES = f"{ADDRESS}/rest/all/V1/store/websites"
UUID = "c4cb072b-e7fe-4885-87fc-cf0e6a036192"
SINCE = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@pytest.fixture
async def backend() -> AsyncIterator[MagentoBackend]:
    backend = MagentoBackend(Access(base_url=f"{ADDRESS}/", credentials=Bearer(token="secret")))
    yield backend
    await backend.close()


@pytest.fixture
def net() -> Any:
    with respx.mock(assert_all_called=False) as router:
        yield router


async def test_a_batch_is_one_request_with_the_token_and_gives_a_receipt(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    route = net.post(BULK).respond(202, json={"bulk_uuid": UUID, "request_items": [], "errors": False})

    assert await backend.submit(MAPPING, OPERATIONS) == Receipt(bulk_uuid=UUID)
    request = route.calls.last.request
    assert request.headers["authorization"] == "Bearer secret"
    assert json.loads(request.content) == [{"product": {"sku": f"S-{n}", "price": n}} for n in (1, 2)]


@pytest.mark.parametrize(
    ("status", "body", "error", "code", "says"),
    [
        (400, {"message": '"%fieldName" is required.', "parameters": {"fieldName": "product"}}, BackendRefused,
         "shop.refused", '"product" is required.'),
        (400, {"message": "Invalid product data: %1", "parameters": ["no set"]}, BackendRefused,
         "shop.refused", "Invalid product data: no set"),
        (400, {"message": "One or more", "errors": [{"message": "a %1", "parameters": ["b"]}]}, BackendRefused,
         "shop.refused", "One or more a b"),
        (400, {"message": "Something went wrong while processing the request."}, BackendUnavailable,
         "shop.queue", "message queue may be down"),
        (400, {"message": "Operation allowed only in HTTPS"}, BackendDenied, "shop.address", "https"),
        (401, {"message": "The consumer isn't authorized to access %resources.",
               "parameters": {"resources": "Magento_Catalog::products"}}, BackendDenied,
         "shop.token", "Magento_Catalog::products"),
        (403, "<h1>Forbidden</h1>", BackendDenied, "shop.blocked", "403: Forbidden"),
        (403, "<title>Access denied | error 1015</title> You are being rate limited", BackendUnavailable,
         "shop.busy", "rate limited"),
        (400, {"message": "Specified request cannot be processed."}, BackendDenied, "shop.address", ADDRESS),
        (400, {"message": "SQLSTATE[HY000]: General error: 1366"}, AnswerLost, "shop.error", "1366"),
        (400, "<h1>Bad Request</h1>", BackendRefused, "shop.refused", "Bad Request"),
        (400, ["x"], BackendRefused, "shop.refused", "['x']"),
        (408, "", BackendUnavailable, "shop.unavailable", "408"),
        (418, "", BackendDenied, "shop.unexpected", "proxy"),
        (404, {"message": "Request does not match any route."}, BackendDenied, "shop.address", ADDRESS),
        (302, "", BackendDenied, "shop.address", "302"),
        (413, "<html>too large</html>", BackendRefused, "shop.too_large", "413: too large"),
        (429, {"message": "slow down"}, BackendUnavailable, "shop.busy", "slow down"),
        (500, {"message": "Internal Error. Report ID: webapi-1"}, AnswerLost, "shop.error", "webapi-1"),
        (502, "<html>bad gateway</html>", AnswerLost, "shop.error", "bad gateway"),
        (503, "<html>unavailable</html>", AnswerLost, "shop.error", "503"),
        (503, "<p>due to maintenance downtime</p>", AnswerLost, "shop.maintenance", "maintenance:status"),
        (504, "", AnswerLost, "shop.error", "504"),
        (520, "", AnswerLost, "shop.error", "520"),
        (521, "", BackendUnavailable, "shop.unavailable", "521"),
        (522, "", AnswerLost, "shop.error", "522"),
        (523, "", BackendUnavailable, "shop.unavailable", "523"),
        (524, "", AnswerLost, "shop.error", "524"),
        (202, "<html>", AnswerLost, "shop.answer_lost", "not JSON"),
        (202, {"no": "uuid"}, AnswerLost, "shop.answer_lost", "no bulk_uuid"),
        (202, {"bulk_uuid": None}, AnswerLost, "shop.answer_lost", "no bulk_uuid"),
        (202, [], AnswerLost, "shop.answer_lost", "no bulk_uuid"),
    ],
)  # fmt: skip
async def test_each_bad_answer_to_a_submission_has_its_error(
    net: respx.MockRouter,
    backend: MagentoBackend,
    status: int,
    body: Any,
    error: type[BackendError],
    code: str,
    says: str,
) -> None:
    content = {"text": body} if isinstance(body, str) else {"json": body}
    net.post(BULK).respond(status, **content)
    net.get(WEBSITES).respond(status, **content)

    with pytest.raises(error) as caught:
        await backend.submit(MAPPING, OPERATIONS)

    assert caught.value.code == code
    assert says in caught.value.text
    assert "secret" not in caught.value.text


async def test_the_shops_own_waiting_time_is_kept(net: respx.MockRouter, backend: MagentoBackend) -> None:
    net.post(BULK).respond(429, json={"message": "slow"}, headers={"Retry-After": "17"})

    with pytest.raises(BackendUnavailable) as caught:
        await backend.submit(MAPPING, OPERATIONS)
    assert caught.value.retry_after == 17.0


def transport_faults() -> list[type[httpx.TransportError]]:
    """Every fault the library can raise, found in its own namespace: a new one cannot slip by unmapped."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.TransportError)
    ]
    return [kind for kind in kinds if not kind.__subclasses__()]


@pytest.mark.parametrize("fault", transport_faults())
async def test_every_transport_fault_is_either_not_sent_or_in_doubt(
    net: respx.MockRouter, backend: MagentoBackend, fault: type[httpx.TransportError]
) -> None:
    net.post(BULK).mock(side_effect=fault("x"))
    net.get(f"{ADDRESS}/rest/all/V1/store/websites").mock(side_effect=fault("x"))
    address = issubclass(fault, httpx.UnsupportedProtocol)
    submitting = (
        BackendDenied if address else BackendUnavailable if issubclass(fault, NOT_CONNECTED) else AnswerLost
    )

    with pytest.raises(submitting):
        await backend.submit(MAPPING, OPERATIONS)
    with pytest.raises(BackendDenied if address else BackendUnavailable):
        await backend.probe()


def serialized(operation: Operation) -> str:
    return json.dumps({"entity_id": None, "entity_link": "", "meta_information": operation.payload.decode()})


def shop_with(net: respx.MockRouter, details: list[dict[str, Any]], count: int) -> None:
    """One bulk in the shop: its operation 0 is found by the search, its details by its uuid."""
    first = {**details[0], "bulk_uuid": UUID, "id": 0}
    net.get(f"{ADDRESS}/rest/all/V1/bulk").respond(json={"items": [first], "total_count": 1})
    net.get(f"{ADDRESS}/rest/all/V1/bulk/{UUID}/detailed-status").respond(
        json={"operations_list": details, "operation_count": count}
    )


OPEN = [
    {"id": n, "serialized_data": serialized(op), "result_serialized_data": None}
    for n, op in enumerate(OPERATIONS)
]
DONE = [
    {"id": n, "serialized_data": None, "result_serialized_data": json.dumps({"sku": op.key.lower()})}
    for n, op in enumerate(OPERATIONS)
]
TRUE = [{**done, "result_serialized_data": "true"} for done in DONE]
OTHER = [OPEN[0], {**OPEN[1], "serialized_data": serialized(OPERATIONS[0])}]


LONG = [{**OPEN[0], "serialized_data": ('{"x": "S-1' + "y" * 70_000)[:65_535]}, OPEN[1]]


@pytest.mark.parametrize(
    ("details", "count", "known", "found"),
    [
        (OPEN, 2, set(), True),
        (DONE, 2, set(), True),
        ([OPEN[0], DONE[1]], 2, set(), True),
        (OPEN, 2, {UUID}, False),  # it belongs to another batch
        (OPEN, 3, set(), False),  # a larger bulk with the same beginning
        (LONG, 2, set(), True),  # the table has cut it off
        (OTHER, 2, set(), False),
        ([{**OPEN[0], "serialized_data": None}, OPEN[1]], 2, set(), False),  # nothing left to compare
        ([TRUE[0], OPEN[1]], 2, set(), True),  # a service whose result is `true`: the other one tells
        ([TRUE[0], OTHER[1]], 2, set(), False),
        (TRUE, 2, set(), False),  # all done: nothing tells, and nothing is on its way
        ([OPEN[0]], 2, set(), True),  # contract S9: the row of the other comes later, or never
        ([OTHER[0]], 3, set(), False),
    ],
    ids=[
        "open",
        "done",
        "half done",
        "known",
        "larger",
        "cut off",
        "other payload",
        "nothing left",
        "true and open",
        "true and other",
        "true",
        "late row",
        "late row of a larger",
    ],
)
async def test_a_lost_bulk_is_found_by_its_whole_content(
    net: respx.MockRouter,
    backend: MagentoBackend,
    details: list[dict[str, Any]],
    count: int,
    known: set[str],
    *,
    found: bool,
) -> None:
    shop_with(net, details, count)

    receipt = await backend.find(MAPPING, OPERATIONS, since=SINCE, known=known)

    assert (receipt == Receipt(bulk_uuid=UUID)) is found


async def test_a_bulk_whose_first_row_is_late_is_found_by_its_second(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    """Contract S9: the shop publishes messages first and writes rows then."""
    shop_with(net, [OPEN[1]], 2)

    def answer(request: httpx.Request) -> httpx.Response:
        place = request.url.params["searchCriteria[filter_groups][1][filters][0][value]"]
        items = [{**OPEN[1], "bulk_uuid": UUID}] if place == "1" else []
        return httpx.Response(200, json={"items": items, "total_count": len(items)})

    net.get(f"{ADDRESS}/rest/all/V1/bulk").mock(side_effect=answer)

    assert await backend.find(MAPPING, OPERATIONS, since=SINCE, known=set()) == Receipt(bulk_uuid=UUID)


async def test_the_search_asks_for_first_operations_since_then(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    shop_with(net, OPEN, 2)
    await backend.find(MAPPING, OPERATIONS, since=SINCE, known=set())

    query = dict(net.calls[0].request.url.params)
    assert query["searchCriteria[filter_groups][0][filters][0][value]"] == "2026-11-24 05:00:00"
    assert query["searchCriteria[filter_groups][1][filters][0][field]"] == "operation_key"


async def test_a_version_that_cannot_show_several_bulks_on_a_page_is_asked_one_by_one(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    """Contract S8: 2.4.0 to 2.4.4 answer 500 for a page with operations 0 of two bulks."""
    shop_with(net, OPEN, 2)
    others = [{**OPEN[1], "id": 0, "bulk_uuid": "other"}, {**OPEN[0], "id": 0, "bulk_uuid": UUID}]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["searchCriteria[pageSize]"] != "1":
            return httpx.Response(500, json={"message": 'Item with the same ID "0" already exists.'})
        place = int(request.url.params["searchCriteria[currentPage]"]) - 1
        return httpx.Response(200, json={"items": [others[place]], "total_count": 2})

    net.get(f"{ADDRESS}/rest/all/V1/bulk").mock(side_effect=answer)

    assert await backend.find(MAPPING, OPERATIONS, since=SINCE, known=set()) == Receipt(bulk_uuid=UUID)


async def test_a_search_one_by_one_goes_on_where_it_found_the_shop_in_trouble(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    """Every second question is refused: forty questions in a row would never all be answered."""
    shop_with(net, OPEN, 2)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.params["searchCriteria[currentPage]"]
        if request.url.params["searchCriteria[pageSize]"] != "1":
            return httpx.Response(500, json={"message": 'Item with the same ID "0" already exists.'})
        asked.append(page)
        if asked.count(page) % 2:
            return httpx.Response(503, text="Service Temporarily Unavailable")
        uuid = UUID if page == "2" else "other"
        return httpx.Response(
            200, json={"items": [{**OPEN[0], "id": 0, "bulk_uuid": uuid}], "total_count": 3}
        )

    net.get(f"{ADDRESS}/rest/all/V1/bulk").mock(side_effect=answer)

    assert await backend.find(MAPPING, OPERATIONS, since=SINCE, known={"other"}) == Receipt(bulk_uuid=UUID)
    assert asked == ["1", "1", "3", "3", "2", "2"]


async def test_a_search_that_fails_altogether_is_no_proof_that_nothing_was_taken(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    net.get(f"{ADDRESS}/rest/all/V1/bulk").respond(500, json={"message": "Internal Error."})

    with pytest.raises(BackendUnavailable):
        await backend.find(MAPPING, OPERATIONS, since=SINCE, known=set())


async def test_a_list_is_read_to_its_total_though_pages_past_the_end_repeat(net: respx.MockRouter) -> None:
    pages = {"1": [{"n": 1}, {"n": 2}], "2": [{"n": 3}]}

    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.params["searchCriteria[currentPage]"]
        return httpx.Response(200, json={"items": pages.get(page, pages["2"]), "total_count": 3})

    net.get(f"{ADDRESS}/rest/all/V1/things").mock(side_effect=answer)
    client = ReadingClient(Access(base_url=ADDRESS, credentials=Bearer(token="secret")))

    assert [item["n"] async for item in client.pages("/V1/things")] == [1, 2, 3]
    await client.close()


def test_what_a_dry_run_holds_has_no_way_to_write() -> None:
    reader = MagentoReader(Access(base_url=ADDRESS, credentials=Bearer(token="secret")))

    assert not hasattr(reader, "submit")
    assert type(reader._client) is ReadingClient
    assert not any(hasattr(reader._client, name) for name in ("send", "post", "put", "delete"))


LISTS = {
    "/V1/products/attribute-sets/sets/list": [],
    "/V1/taxClasses/search": [],
    "/V1/products/attributes": [],
    "/V1/customerGroups/search": [{"id": 0, "code": "NOT LOGGED IN"}, {"id": 2, "code": "Wholesale"}],
}


def tell_tables(net: respx.MockRouter) -> None:
    """A shop that answers every look-up."""
    for path, items in LISTS.items():
        net.get(url__startswith=f"{ADDRESS}/rest/all{path}").respond(
            json={"items": items, "total_count": len(items)}
        )
    net.get(f"{ADDRESS}/rest/all/V1/categories").respond(json={"id": 1, "name": "Root"})
    net.get(f"{ADDRESS}/rest/all/V1/store/websites").respond(json=[{"id": 0, "code": "admin"}])
    net.get(f"{ADDRESS}/rest/all/V1/store/storeViews").respond(
        json=[{"id": 0, "code": "admin"}, {"id": 3, "code": "german"}]
    )


async def test_customer_groups_and_store_views_are_looked_up_by_their_codes(net: respx.MockRouter) -> None:
    tell_tables(net)
    reader = MagentoReader(Access(base_url=ADDRESS, credentials=Bearer(token="secret")))
    tables = await reader.look_ups()
    await reader.close()

    assert tables["customer_group"] == {"NOT LOGGED IN": 0, "Wholesale": 2}
    assert tables["store_view"] == {"german": 3}


async def test_a_token_that_may_not_read_customer_groups_has_all_other_tables(net: respx.MockRouter) -> None:
    tell_tables(net)
    net.get(url__startswith=f"{ADDRESS}/rest/all/V1/customerGroups/search").respond(
        403, json={"message": "no"}
    )
    reader = MagentoReader(Access(base_url=ADDRESS, credentials=Bearer(token="secret")))
    tables = await reader.look_ups()
    await reader.close()

    assert "customer_group" not in tables
    assert tables["website"] == {}
