"""Every recorded exchange of a real Magento 2.4.4 is sent to the practice shop, and the answers are compared.

Status, content type, caching, keys, types and values must agree, but for MASKED; nothing is skipped but what SKIPPED
gives a reason for. The last test prints how many were replayed.
"""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.conftest import ROOT, SHARED
from tests.sandbox.conftest import TOKEN, product

pytestmark = pytest.mark.magento_data

RECORDINGS = SHARED / "magento" / "transcripts"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
MASKED = {
    "id": "numbers are given in the order of creation", "item_id": "likewise", "product_id": "likewise",
    "customer_id": "likewise", "default_billing": "likewise", "path": "holds the number of a category",
    "created_at": "a time", "updated_at": "a time", "start_time": "a time",
    "data_hash": "an HMAC with the shop's own key", "bulk_uuid": "made at random", "bulk_id": "made at random",
    "base_static_url": "holds the time of a deployment", "secure_base_static_url": "likewise",
}  # fmt: skip
"""Fields whose value is not compared, only its type."""

SKIPPED: dict[str, dict[int, str]] = {
    "21-bulk-basic": {
        45: "the recording lost the bytes of the BOM; test_shop sends them",
    },
}
"""Recording -> place of an exchange -> why it is not sent."""

SHAPE_ONLY: dict[str, dict[int, str]] = {
    "23-bulk-150": {
        **dict.fromkeys(range(1, 13), "how far a slower shop had come at that moment"),
        14: "the recording cut the body off",
    },
    "21-bulk-basic": {
        51: "two consumers of the recorded shop wrote one SKU at the same time; ours does one after the other",
        52: "likewise",
    },
}
"""Recording -> place of an exchange -> why only its status, headers and top keys are compared."""

WITHOUT_CACHING = ("text/html; charset=UTF-8", "text/plain;charset=UTF-8")
REPORT = re.compile(r"webapi-[0-9a-f]{13}")
BEFORE = {"customer": 1, "customer_address": 1, "category": 40, "product": 2053, "picture": 3416}
"""What the sample data of the recorded shop had used up."""

counted: dict[str, tuple[int, int]] = {}


class Replay:
    """One recording against one shop: tokens and numbers of the recorded shop become those of ours."""

    def __init__(self, shop: Shop, http: httpx.AsyncClient, name: str) -> None:
        self.shop, self.http, self.name = shop, http, name
        self.known: dict[str, str] = {}
        self.limited = shop.access.grant(["Magento_Customer::manage"]).token
        self.masked = 0

    async def run(self) -> None:
        exchanges = json.loads((RECORDINGS / f"{self.name}.json").read_text())["requests"]
        self.shop.access.add_admin("admin", "Admin123456")
        for place, exchange in enumerate(exchanges):
            if place in SKIPPED.get(self.name, {}):
                continue
            following = [entry.get("note") for entry in exchanges[place : place + 2]]
            self.shop.faults.hold_consumers = "immediately" in following
            self.shop.wake()
            if not self.shop.faults.hold_consumers:
                await self.shop.idle()
            answer = await self._send(exchange, place)
            where = f"{self.name} {place} {exchange['method']} {exchange['url']}"
            self._compare(exchange, answer, where, loose=place in SHAPE_ONLY.get(self.name, {}))
        sent = len(exchanges) - len(SKIPPED.get(self.name, {}))
        counted[self.name] = (sent, self.masked)

    async def _send(self, exchange: dict[str, Any], place: int) -> httpx.Response:
        sent = exchange["request_headers"]
        headers = {name: sent[name] for name in ("Content-Type", "Accept") if name in sent}
        if "Authorization" in sent:
            headers["Authorization"] = self._authorization(sent["Authorization"], place)
        url = re.sub(r"[^/?]+", lambda part: self.known.get(part[0], part[0]), exchange["url"])
        async with httpx.AsyncClient(base_url=self.http.base_url) as stranger:
            stranger.headers.pop("Accept")
            return await stranger.request(
                exchange["method"], url, content=self._content(exchange), headers=headers
            )

    def _authorization(self, recorded: str, place: int) -> str:
        """In recording 02 the fifth request shows the recorded token itself; in 01 the JWT is the one just given."""
        if self.name == "02-auth-bearer" and place == 4:
            return f"bearer {TOKEN}"
        given = {"Bearer <token>": TOKEN, "Bearer <token> (limited)": self.limited}
        if recorded == "Bearer <jwt>" and self.name == "01-auth-admin-token":
            return f"Bearer {self.known['<jwt>']}"
        return f"Bearer {given[recorded]}" if recorded in given else recorded

    def _content(self, exchange: dict[str, Any]) -> bytes | None:
        body, note = exchange["request_body"], exchange.get("note")
        if isinstance(body, dict) and "base64" in body:
            return base64.b64decode(body["base64"])
        if isinstance(body, dict) and "truncated" in body:
            return json.dumps(list(hundred_and_fifty())).encode()
        if isinstance(body, str) and note != "string":
            return body.encode()
        if body is None and note != "null":
            return None
        return json.dumps(self._translated(body)).encode()

    def _translated(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: int(self.known[str(inner)])
                if name == "id" and str(inner) in self.known
                else self._translated(inner)
                for name, inner in value.items()
            }
        return [self._translated(inner) for inner in value] if isinstance(value, list) else value

    def _compare(self, exchange: dict[str, Any], answer: httpx.Response, where: str, *, loose: bool) -> None:
        assert answer.status_code == exchange["status"], f"{where}: {answer.text}"
        recorded = exchange["response_headers"]
        assert answer.headers["Content-Type"] == recorded["Content-Type"], where
        if recorded["Content-Type"] not in WITHOUT_CACHING:
            assert answer.headers.get("Cache-Control") == recorded["Cache-Control"], where
        body = exchange["response_body"]
        if loose:
            self._alike(body, answer.json(), where)
        elif isinstance(body, str) and body.startswith("<!doctype"):
            assert answer.text.startswith("<!doctype"), where
        elif recorded["Content-Type"].startswith("application/json") and answer.content:
            self._same(body, answer.json(), where)
        else:
            assert answer.text == body, where

    def _alike(self, recorded: Any, ours: Any, where: str) -> None:
        self.masked += 1
        assert type(ours) is type(recorded), where
        if isinstance(recorded, dict) and "truncated" not in recorded:
            assert list(ours) == list(recorded), where

    def _same(self, recorded: Any, ours: Any, where: str, field: str = "") -> None:
        if (
            field in MASKED
            or recorded == "<jwt>"
            or where.endswith(("stockItems/2068", "stockItems/1", "stockItems/999999"))
        ):
            self.masked += 1
            assert type(ours) is type(recorded), f"{where}.{field}"
            self.known[str(recorded)] = str(ours)
        elif isinstance(recorded, dict) and isinstance(ours, dict):
            assert list(ours) == list(recorded), where
            for name, inner in recorded.items():
                self._same(inner, ours[name], f"{where}.{name}", name)
        elif isinstance(recorded, list) and isinstance(ours, list):
            self._same_lists(recorded, ours, where)
        else:
            self._same_scalars(recorded, ours, where)

    def _same_lists(self, recorded: list[Any], ours: list[Any], where: str) -> None:
        """Operations and attributes have no order of their own."""
        for key in ("attribute_code", "id", "sku"):
            if all(isinstance(one, dict) and key in one for one in [*recorded, *ours]):
                recorded, ours = (sorted(rows, key=lambda row: str(row[key])) for rows in (recorded, ours))
                break
        assert len(ours) == len(recorded), (where, ours)
        for place, (one, other) in enumerate(zip(recorded, ours, strict=True)):
            self._same(one, other, f"{where}[{place}]")

    def _same_scalars(self, recorded: Any, ours: Any, where: str) -> None:
        if isinstance(recorded, str) and isinstance(ours, str):
            if recorded.startswith(("{", "[")):
                self._same(json.loads(recorded), json.loads(ours), where)
                return
            self.masked += len(REPORT.findall(recorded))
            recorded, ours = REPORT.sub("webapi-", recorded), REPORT.sub("webapi-", ours)
            recorded = recorded.replace("http://127.0.0.1:8082", str(self.http.base_url).rstrip("/"))
        assert (type(ours), ours) == (type(recorded), recorded), where


def hundred_and_fifty() -> Iterator[dict[str, Any]]:
    """The body of recording 23, which was cut off: its statuses tell which three were refused, and why."""
    for place in range(150):
        stock = {"stock_item": {"qty": 10, "is_in_stock": True}}
        price = -1 if place in (10, 75, 140) else 9.99
        yield product(f"b2-ehgbjw-c{place}", price=price, weight=1, extension_attributes=stock)


@pytest.fixture
async def replay(request: pytest.FixtureRequest) -> AsyncIterator[Replay]:
    """A shop as the recorded one was: the sample data's catalogue, and its numbers used up."""
    shop = Shop(
        catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token=TOKEN, setup=Setup(magento="2.4.4")
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=headers) as http:
        await http.post("/rest/all/V1/products", json=product("24-MB01"))
        for name in ("Training", "Gear"):
            await http.post("/rest/all/V1/categories", json={"category": {"name": name, "parent_id": 2}})
        for kind, used in BEFORE.items():
            shop.entities.table(kind).next_id(used)
        if request.param.startswith("11"):
            await http.post("/rest/all/V1/products", json=auxiliary())
        if request.param.startswith("02"):
            person = {"email": "one@example.com", "firstname": "A", "lastname": "B"}
            await http.post("/rest/all/V1/customers", json={"customer": person})
        yield Replay(shop, http, request.param)


def auxiliary() -> dict[str, Any]:
    """The product that recording 11 works with; it was made before the recording began."""
    stock = {"stock_item": {"qty": 10, "is_in_stock": True}}
    return product("aux-4oo6mu", weight=1, extension_attributes=stock)


@pytest.mark.parametrize("replay", NAMES, indirect=True)
async def test_a_recording_is_answered_as_the_real_shop_did(
    replay: Replay, capsys: pytest.CaptureFixture[str]
) -> None:
    await replay.run()

    sent, masked = counted[replay.name]
    skipped = SKIPPED.get(replay.name, {})
    with capsys.disabled():
        print(  # noqa: T201 - the counts are to be read
            f"\n{replay.name}: {sent} replayed, {masked} values masked, {len(skipped)} skipped"
        )
    assert sent > 0


def test_only_recorded_exchanges_are_skipped_and_each_has_a_reason() -> None:
    assert isinstance(RECORDINGS, Path)
    for name, reasons in [*SKIPPED.items(), *SHAPE_ONLY.items()]:
        exchanges = json.loads((RECORDINGS / f"{name}.json").read_text())["requests"]
        assert all(place < len(exchanges) and reason for place, reason in reasons.items())
