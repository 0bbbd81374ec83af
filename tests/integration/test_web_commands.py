"""Commands over HTTP, and the buttons of the page."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.domain.history import EventKind
from importer.sandbox.shop import Shop
from importer.settings import Settings
from tests.integration.conftest import let_go, make_settings
from tests.integration.test_web import TOKEN, Site, problem, site

__all__ = ["site"]  # a fixture

Products = Callable[..., Path]


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, shop.address, batches_in_flight=2)  # type: ignore[attr-defined]


@pytest.fixture
async def begun(site: Site, shop: Shop, products: Products) -> AsyncIterator[str]:
    """An import of 40 rows, 20 of which are with the shop."""
    shop.faults.hold_consumers = True
    import_id = await site.send(products(40).read_bytes(), policy="check-first")
    await site.run.until(lambda state: state.sent == 20 and state.read_whole, import_id)
    yield import_id
    let_go(shop)


async def status(site: Site, import_id: str) -> str:
    return str((await site.http.get(f"/v1/imports/{import_id}")).json()["status"])


async def data(site: Site, import_id: str, kind: EventKind) -> list[dict[str, Any]]:
    events = await site.run.importer.ports.imports.events(import_id)
    return [dict(event.data) for event in events if event.kind is kind]


async def test_a_command_is_answered_with_the_id_and_repeated_it_is_the_same(site: Site, begun: str) -> None:
    for _ in range(2):
        answer = await site.http.post(f"/v1/imports/{begun}/pause", json={"note": "stock-taking"})
        assert answer.status_code == httpx.codes.ACCEPTED
        assert answer.json() == {"id": begun}
        assert answer.headers["location"] == f"/v1/imports/{begun}"

    assert await status(site, begun) == "paused"
    [paused] = await data(site, begun, EventKind.PAUSED)
    assert paused["note"] == "stock-taking"
    assert paused["by"].startswith("tests (token ")


async def test_resume_cancel_and_retry(site: Site, shop: Shop, begun: str) -> None:
    post = site.http.post
    assert (await post(f"/v1/imports/{begun}/pause")).status_code == httpx.codes.ACCEPTED
    assert (await post(f"/v1/imports/{begun}/resume")).status_code == httpx.codes.ACCEPTED
    assert await status(site, begun) == "delivering"
    assert (await post(f"/v1/imports/{begun}/cancel", json={})).status_code == httpx.codes.ACCEPTED
    problem(await post(f"/v1/imports/{begun}/resume"), 409, "resume.untimely")
    problem(await post(f"/v1/imports/{begun}/retry"), 409, "retry.untimely")
    let_go(shop)
    assert (await site.run.finished(begun)).equation == "40 rows read = 20 succeeded + 20 not sent"

    body = {"outcomes": ["not_sent", "failed"], "note": "all of it", "attempt": 2}
    for _ in range(2):
        answer = await post(f"/v1/imports/{begun}/retry", json=body)
        assert (answer.status_code, answer.json()) == (httpx.codes.ACCEPTED, {"id": begun})
        await site.run.finished(begun)
    shown = (await site.http.get(f"/v1/imports/{begun}")).json()
    assert (shown["attempt"], shown["equation"]) == (2, "40 rows read = 40 succeeded")


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("pause", b'{"notes": "x"}', "body.unknown"),
        ("pause", b'{"outcomes": ["failed"]}', "body.unknown"),
        ("pause", b'{"note": 3}', "body.value"),
        ("pause", b"[]", "body.json"),
        ("pause", b"{", "body.json"),
        ("cancel", b'{"note": "%s"}' % (b"x" * 501), "command.note"),
        ("retry", b'{"outcomes": "failed"}', "body.value"),
        ("retry", b'{"outcomes": [3]}', "body.value"),
        ("retry", b'{"outcomes": ["invalid"]}', "retry.outcome"),
        ("retry", b'{"outcomes": ["succeeded"]}', "retry.outcome"),
        ("retry", b'{"even_unsafe": 1}', "body.value"),
        ("retry", b'{"attempt": true}', "body.value"),
        ("retry", b'{"attempt": 1}', "retry.attempt"),
    ],
)
async def test_a_body_that_says_something_else_is_refused_and_nothing_happens(
    site: Site, begun: str, verb: str, body: bytes, code: str
) -> None:
    problem(await site.http.post(f"/v1/imports/{begun}/{verb}", content=body), 422, code)
    assert await status(site, begun) == "delivering"


async def test_what_is_not_possible_is_said(site: Site, shop: Shop, begun: str) -> None:
    problem(await site.http.post("/v1/imports/imp_0/pause"), 404, "import.unknown")
    problem(await site.http.post(f"/v1/imports/{begun}/explode"), 404, "http")
    problem(await site.http.get(f"/v1/imports/{begun}/pause"), 405, "http")
    problem(await site.stranger.post(f"/v1/imports/{begun}/cancel"), 401, "unauthorized")
    let_go(shop)
    await site.run.finished(begun)
    said = problem(await site.http.post(f"/v1/imports/{begun}/pause"), 409, "pause.untimely")
    assert said == f"Import {begun} has ended (completed): there is nothing left to pause."
    problem(await site.http.post(f"/v1/imports/{begun}/retry"), 409, "retry.nothing")


async def test_the_page_offers_what_fits_and_only_to_its_own_forms(
    site: Site, shop: Shop, begun: str
) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}
    assert (await site.stranger.post("/login", data={"token": TOKEN})).is_redirect

    async def buttons() -> list[str]:
        text = (await site.stranger.get(f"/imports/{begun}")).text
        return [
            verb
            for verb in ("pause", "resume", "cancel", "retry")
            if f'action="/imports/{begun}/{verb}"' in text
        ]

    async def press(verb: str, headers: dict[str, str] = own) -> httpx.Response:
        return await site.stranger.post(f"/imports/{begun}/{verb}", headers=headers)

    assert await buttons() == ["pause", "cancel"]
    assert (await press("cancel", {"Sec-Fetch-Site": "cross-site"})).status_code == httpx.codes.FORBIDDEN
    pressed = await press("pause")
    assert (pressed.status_code, pressed.headers["location"]) == (303, f"/imports/{begun}")
    assert await buttons() == ["resume", "cancel"]
    await press("cancel")
    assert await buttons() == []
    let_go(shop)
    await site.run.finished(begun)
    assert await buttons() == ["retry"]
    assert "Retry 20 rows" in (await site.stranger.get(f"/imports/{begun}")).text
    refused = await press("pause")
    assert (refused.status_code, "there is nothing left to pause" in refused.text) == (409, True)
    await press("retry")
    assert (await site.run.finished(begun)).equation == "40 rows read = 40 succeeded"
    assert "attempt 2" in (await site.stranger.get(f"/imports/{begun}")).text


async def test_a_page_that_is_open_hears_of_other_buttons_and_of_the_end(
    site: Site, shop: Shop, begun: str
) -> None:
    await site.stranger.post("/login", data={"token": TOKEN})
    seen: list[str] = []
    async with site.stranger.stream("GET", f"/imports/{begun}/live") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and "/pause" in line and not seen:
                seen.append("pause")
                await site.http.post(f"/v1/imports/{begun}/pause")
            if line.startswith("data: ") and "/resume" in line and seen == ["pause"]:
                seen.append("resume")
                await site.http.post(f"/v1/imports/{begun}/cancel")
                let_go(shop)
            if line == "event: end":
                seen.append("end")

    assert seen == ["pause", "resume", "end"]
