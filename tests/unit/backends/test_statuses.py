"""What became of a bulk: counted while it works, read once, and never guessed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import respx

from importer.backends.magento.access import Access, Bearer
from importer.backends.magento.backend import MagentoBackend
from importer.domain.batches import OperationStatus, Progress, Receipt
from importer.domain.errors import BackendUnavailable
from importer.domain.failures import Verdict, classify

UUID = "c4cb072b-e7fe-4885-87fc-cf0e6a036192"
BULK = f"https://shop.example/rest/all/V1/bulk/{UUID}"
RECEIPT = Receipt(bulk_uuid=UUID)


@pytest.fixture
async def backend() -> AsyncIterator[MagentoBackend]:
    backend = MagentoBackend(Access(base_url="https://shop.example", credentials=Bearer(token="t")))
    yield backend
    await backend.close()


@pytest.fixture
def net() -> Any:
    with respx.mock(assert_all_called=False) as router:
        yield router


def shop_says(net: respx.MockRouter, still_open: Any, rows: Any = None, status: int = 200) -> None:
    net.get(f"{BULK}/operation-status/4").respond(json=still_open)
    net.get(f"{BULK}/detailed-status").respond(status, json=rows)


def row(number: int, status: Any = 1, **words: Any) -> dict[str, Any]:
    return {"id": number, "status": status, "result_message": "said", "error_code": None, **words}


async def test_while_operations_are_open_one_small_request_tells_how_many(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    shop_says(net, 3)

    assert await backend.poll(RECEIPT, operations=10) == Progress(done=7)
    assert len(net.calls) == 1


async def test_when_none_is_open_the_details_are_read_in_any_order(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    shop_says(net, 0, {"operations_list": [row(1, 3, error_code=0), row(0)], "operation_count": 2})

    seen = await backend.poll(RECEIPT, operations=2)

    assert seen.done == 2
    assert seen.statuses == [
        OperationStatus(position=1, status=3, error_code=0, text="said"),
        OperationStatus(position=0, status=1, error_code=None, text="said"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(0)],  # the other row is not inserted yet (S9, S19)
        [row(0), row(0)],  # two rows of one operation are no two operations
        [row(0), row(7)],  # an operation that was never sent
        [row(0), row(1, 4)],  # open after all
    ],
)
async def test_a_bulk_is_done_only_when_as_many_are_final_as_were_sent(
    net: respx.MockRouter, backend: MagentoBackend, rows: list[dict[str, Any]]
) -> None:
    shop_says(net, 0, {"operations_list": rows})

    seen = await backend.poll(RECEIPT, operations=2)

    assert seen.statuses is None
    assert seen.known


async def test_a_bulk_that_the_shop_does_not_know_is_told_apart_from_an_open_one(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    shop_says(net, 0, {"message": "Bulk uuid %bulkUuid not exist"}, 404)

    assert await backend.poll(RECEIPT, operations=2) == Progress(done=0, known=False)
    assert await backend.details(RECEIPT) == []


@pytest.mark.parametrize(
    "words", ["Bulk uuid %bulkUuid not exist", "No such entity with bulkUuid = %bulkUuid"]
)
async def test_a_count_of_a_bulk_that_is_not_known_tells_the_same(
    net: respx.MockRouter, backend: MagentoBackend, words: str
) -> None:
    body = {"message": words, "parameters": {"bulkUuid": UUID}}
    net.get(f"{BULK}/operation-status/4").respond(404, json=body)

    assert await backend.poll(RECEIPT, operations=2) == Progress(done=0, known=False)


@pytest.mark.parametrize("route", ["operation-status/4", "detailed-status"])
async def test_another_404_of_magento_is_told_in_its_words_and_means_no_lost_bulk(
    net: respx.MockRouter, backend: MagentoBackend, route: str
) -> None:
    shop_says(net, 0)
    net.get(f"{BULK}/{route}").respond(404, json={"message": "The %1 is resting.", "parameters": ["table"]})

    with pytest.raises(BackendUnavailable) as caught:
        await backend.poll(RECEIPT, operations=2)
    assert caught.value.text.startswith(
        "The shop answered 404: The table is resting. It was asked for /V1/bulk/"
    )


@pytest.mark.parametrize("answer", [None, True, "3", {"message": "x"}, [3], 1.5])
async def test_a_count_that_is_no_number_is_no_answer(
    net: respx.MockRouter, backend: MagentoBackend, answer: Any
) -> None:
    shop_says(net, answer)

    with pytest.raises(BackendUnavailable) as caught:
        await backend.poll(RECEIPT, operations=2)
    assert caught.value.code == "shop.answer"


@pytest.mark.parametrize(
    "answer",
    [None, [], "x", 3, {"operations_list": None}, {"operations_list": {"0": 1}}, {"operations_list": [3]},
     {"operations_list": [{"status": 1}]}, {"operations_list": [row("x")]}],
)  # fmt: skip
async def test_details_of_another_shape_are_no_answer(
    net: respx.MockRouter, backend: MagentoBackend, answer: Any
) -> None:
    shop_says(net, 0, answer)

    with pytest.raises(BackendUnavailable) as caught:
        await backend.poll(RECEIPT, operations=2)
    assert caught.value.code == "shop.answer"


@pytest.mark.parametrize("status", ["complete", None, [], 1.0, True, 7, 0])
async def test_a_status_that_is_not_magentos_is_unknown(
    net: respx.MockRouter, backend: MagentoBackend, status: Any
) -> None:
    shop_says(net, 0, {"operations_list": [row(0, status)]})

    seen = await backend.poll(RECEIPT, operations=1)

    assert seen.statuses is not None
    assert [classify(one) for one in seen.statuses] == [Verdict.UNKNOWN]
    told = f"The shop reports status {status!r}, which Magento does not define."
    assert [one.text for one in seen.statuses] == [told]


@pytest.mark.parametrize(
    ("result", "verdict", "says"),
    [
        ([{"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": ["SKU", "nosuch"]}],
         "failed", "Invalid attribute %fieldName = %fieldValue. (SKU, nosuch)"),  # recording 11, as it stands
        ([{"message": "Invalid %1 and %2.", "parameters": ["a", "b"]}, {"message": "Second."}],
         "failed", "Invalid a and b. Second."),
        ([], "succeeded", "said"),
        ([1, 2], "succeeded", "said"),
        ({"sku": "a"}, "succeeded", "said"),
        (True, "succeeded", "said"),
    ],
)  # fmt: skip
async def test_refusals_inside_a_success_are_found(
    net: respx.MockRouter, backend: MagentoBackend, result: Any, verdict: str, says: str
) -> None:
    shop_says(net, 0, {"operations_list": [row(0, result_serialized_data=json.dumps(result))]})

    seen = await backend.poll(RECEIPT, operations=1)

    assert seen.statuses is not None
    [one] = seen.statuses
    assert (classify(one), one.text) == (Verdict(verdict), says)


async def test_a_null_is_no_forgotten_bulk(net: respx.MockRouter, backend: MagentoBackend) -> None:
    net.get(f"{BULK}/operation-status/4").respond(json=0)
    net.get(f"{BULK}/detailed-status").respond(text="null")

    with pytest.raises(BackendUnavailable):
        await backend.poll(RECEIPT, operations=2)


async def test_a_result_that_the_shops_table_cut_off_is_no_defect_of_ours(
    net: respx.MockRouter, backend: MagentoBackend
) -> None:
    shop_says(net, 0, {"operations_list": [row(0, result_serialized_data='[{"message": "Inval')]})

    seen = await backend.poll(RECEIPT, operations=1)

    assert seen.statuses is not None
    assert seen.statuses[0].status == 1
