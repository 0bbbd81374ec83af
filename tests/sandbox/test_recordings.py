"""The practice shop answers recorded requests of a real Magento 2.4.4 with the same status and the same sentence."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import SHARED
from tests.sandbox.conftest import TOKEN, Client, product, values

pytestmark = pytest.mark.magento_data

RECORDINGS = SHARED / "magento" / "transcripts"

NOT_YET: dict[str, dict[int, str]] = {
    "02-auth-bearer": {
        4: "the recorded token stands in the header",
        7: "this shop has one token, which may do everything",
        8: "likewise",
        9: "likewise",
        10: "likewise",
        12: "likewise",
        13: "customers are not served, and there is one token",
    },
    "04-routing-errors": {
        23: "XML bodies are not read",
        24: "an Accept header that asks for HTML is not looked at",
        27: "answers in XML are not given",
        28: "likewise",
    },
    "10-sync-products": {
        44: "a SKU with blanks around it is answered in the long form; the reason is not known"
    },
    "20-async-single": {
        48: "tokens of administrators are not served",
        50: "customers are not served",
        51: "likewise",
        52: "likewise",
    },
    "21-bulk-basic": {
        45: "the recording lost the bytes of the BOM; the shop's own tests send them",
    },
}
"""Recording -> place of a request -> why the small shop does not answer it alike."""


def sentence(body: Any) -> Any:
    """What is compared: the message with its parameters, without the number of a report."""
    if isinstance(body, dict) and "message" in body:
        return body["message"].partition("Report ID")[0], body.get("parameters")
    return None


def content(request: dict[str, Any]) -> bytes | None:
    """The bytes that were sent: the recording keeps JSON as values, other bodies as text or base64."""
    body, note = request["request_body"], request.get("note")
    if isinstance(body, dict) and "base64" in body:
        return base64.b64decode(body["base64"])
    if isinstance(body, str) and note != "string":
        return body.encode()
    if body is None and note != "null":
        return None
    return json.dumps(body).encode()


async def replay(http: httpx.AsyncClient, request: dict[str, Any]) -> httpx.Response:
    sent = request["request_headers"]
    headers = {name: sent[name] for name in ("Content-Type", "Accept") if name in sent}
    known = {"Bearer <token>": f"Bearer {TOKEN}"}
    if "Authorization" in sent:
        headers["Authorization"] = known.get(sent["Authorization"], sent["Authorization"])
    async with httpx.AsyncClient(base_url=http.base_url) as stranger:
        return await stranger.request(
            request["method"], request["url"], content=content(request), headers=headers
        )


@pytest.mark.parametrize("name", NOT_YET)
async def test_status_and_sentence_are_the_recorded_ones(client: Client, name: str) -> None:
    await client.save(product("24-MB01"))  # a product of the sample data that the recordings read
    requests = json.loads((RECORDINGS / f"{name}.json").read_text())["requests"]
    uuids: dict[str, str] = {}
    for place, request in enumerate(requests):
        if place in NOT_YET[name]:
            continue
        for recorded, ours in uuids.items():
            request["url"] = request["url"].replace(recorded, ours)
        notes = [entry.get("note") for entry in requests[place : place + 2]]
        client.shop.faults.hold_consumers = "immediately" in notes
        client.shop.wake()
        if "immediately" not in notes:
            await client.shop.idle()
        answer = await replay(client.http, request)
        assert answer.status_code == request["status"], (place, request["url"], answer.text)
        _compare(place, answer, request["response_body"], uuids)


def _compare(place: int, answer: httpx.Response, recorded: Any, uuids: dict[str, str]) -> None:
    if not isinstance(recorded, dict):
        assert answer.text == (recorded if isinstance(recorded, str) else json.dumps(recorded)), place
        return
    ours = answer.json()
    assert sentence(ours) == sentence(recorded), place
    assert list(ours) == list(recorded), place
    if "bulk_uuid" in recorded:
        uuids[recorded["bulk_uuid"]] = ours["bulk_uuid"]
        assert [item["id"] for item in ours["request_items"]] == [
            item["id"] for item in recorded["request_items"]
        ]
    if "operations_list" in recorded:
        _compare_operations(place, ours, recorded)
    if "custom_attributes" in recorded:
        assert _comparable(ours) == _comparable(recorded), place


def _comparable(saved: dict[str, Any]) -> dict[str, Any]:
    """A product without its numbers and times."""
    stock = {
        name: value
        for name, value in saved["extension_attributes"]["stock_item"].items()
        if name not in ("item_id", "product_id")
    }
    changing = ("id", "created_at", "updated_at", "custom_attributes")
    rest = {name: value for name, value in saved.items() if name not in changing}
    return {
        **rest,
        "extension_attributes": {**rest["extension_attributes"], "stock_item": stock},
        **values(saved),
    }


def _compare_operations(place: int, ours: dict[str, Any], recorded: dict[str, Any]) -> None:
    def told(answer: dict[str, Any]) -> list[Any]:
        rows = sorted(answer["operations_list"], key=lambda row: row["id"])
        return [(row["id"], row["status"], row["result_message"], row["error_code"]) for row in rows]

    assert told(ours) == told(recorded), place
    assert ours["operation_count"] == recorded["operation_count"]
    assert list(ours) == list(recorded)


def test_the_recordings_are_where_we_look() -> None:
    assert isinstance(RECORDINGS, Path)
    assert all((RECORDINGS / f"{name}.json").is_file() for name in NOT_YET)
