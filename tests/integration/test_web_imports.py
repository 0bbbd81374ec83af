"""Imports over HTTP: lists with filters, states with ETags, the log as a list and as a stream, repeated requests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from importer.domain.tokens import Scope
from importer.sandbox.shop import Shop
from importer.web.app import create_app
from importer.web.keys import Rhythm
from tests.integration.conftest import let_go
from tests.integration.test_web import CSV, TOKEN, Products, Site, problem, serving, site
from tests.integration.test_web_commands import begun, settings

__all__ = ["begun", "settings", "site"]  # fixtures

STREAM = {"Accept": "text/event-stream"}


async def listed(site: Site, **query: Any) -> list[str]:
    answer = await site.http.get("/v1/imports", params=query)
    assert answer.status_code == httpx.codes.OK, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_imports_are_chosen_by_status_shop_mapping_and_time(site: Site, products: Products) -> None:
    first = await site.finished(products(2).read_bytes(), mode="dry-run")
    no_rows = await site.finished(b"article,name,price\n")
    both = [no_rows["id"], first["id"]]

    assert await listed(site, status="completed") == [first["id"]]
    assert await listed(site, status="completed,failed") == both
    assert await listed(site, status=["completed", "failed"]) == both
    assert await listed(site, mapping="products", shop="main") == both
    assert await listed(site, mapping="stock-sources") == []
    assert await listed(site, shop="moon") == []
    assert await listed(site, since=no_rows["accepted_at"]) == [no_rows["id"]]
    assert await listed(site, since="2099-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"status": "done"}, "query.status"),
        ({"since": "yesterday"}, "query.since"),
        ({"since": "2026-11-25T00:00:00"}, "query.since"),
        ({"limit": "9" * 5000}, "query.limit"),
        ({"cursor": "imp_\x00"}, "query.cursor"),
        ({"mapping": "a\x00"}, "query.mapping"),
    ],
)
async def test_a_wrong_choice_is_told_in_one_sentence(site: Site, query: dict[str, str], code: str) -> None:
    said = problem(await site.http.get("/v1/imports", params=query), 422, code)

    assert said.startswith(f"`{next(iter(query))}` is ")


async def test_a_state_that_is_known_is_not_sent_again(site: Site, begun: str, shop: Shop) -> None:
    url = f"/v1/imports/{begun}"
    first = await site.http.get(url)
    etag = first.headers["etag"]
    again = await site.http.get(url, headers={"If-None-Match": f'"x", W/{etag}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert first.headers["retry-after"] == again.headers["retry-after"] == "1"
    let_go(shop)
    await site.run.finished(begun)
    ended = await site.http.get(url, headers={"If-None-Match": etag})
    assert (ended.status_code, "retry-after" in ended.headers) == (200, False)


async def test_mode_and_dry_run_say_one_thing(site: Site, products: Products) -> None:
    content = products(1).read_bytes()
    for mode, dry in (("check", True), ("dry-run", True), ("apply", False)):
        state = await site.finished(content, mode=mode)
        assert (state["mode"], state["dry_run"]) == (mode, dry)
    for query in ({"mode": "apply", "dry_run": "true"}, {"mode": "check", "dry_run": "no"}, {"mode": "try"}):
        answer = await site.http.post(
            "/v1/imports?mapping=products", params=query, content=content, headers=CSV
        )
        problem(answer, 422, "form.value")


async def test_the_log_is_a_list_of_sentences(site: Site, products: Products) -> None:
    state = await site.finished(products(3).read_bytes())
    url = f"/v1/imports/{state['id']}/events"
    told = (await site.http.get(url)).json()["items"]
    rest = (await site.http.get(url, params={"after": "2"})).json()["items"]

    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert (told[0]["kind"], told[-1]["kind"]) == ("accepted", "ended")
    assert all(event["text"] for event in told)
    assert rest == told[2:]
    problem(await site.http.get(url, params={"after": "-1"}), 422, "query.after")


async def messages(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Messages of a stream; a heartbeat is one with a `comment`."""
    message: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line:
            message[name or "comment"] = value
        else:
            yield message
            message = {}


async def test_a_stream_tells_every_event_as_it_comes_and_ends_with_the_import(
    site: Site, shop: Shop, begun: str
) -> None:
    url = f"/v1/imports/{begun}/events"
    seen: list[dict[str, str]] = []
    async with asyncio.timeout(60), site.http.stream("GET", url, headers=STREAM, timeout=60) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for message in messages(answer):
            seen.append(message)
            if message["event"] == "read_whole":
                let_go(shop)
    log = (await site.http.get(url)).json()["items"]

    assert [orjson.loads(message["data"]) for message in seen] == log
    assert [int(message["id"]) for message in seen] == [event["seq"] for event in log]

    last = {**STREAM, "Last-Event-ID": str(log[-3]["seq"])}
    rest = (await site.http.get(url, headers=last)).text
    assert rest.count("\nevent: ") == 2
    done = await site.http.get(url, headers={**STREAM, "Last-Event-ID": str(log[-1]["seq"])})
    assert done.status_code == httpx.codes.NO_CONTENT
    problem(await site.http.get(url, headers={**STREAM, "Last-Event-ID": "x"}), 422, "query.after")


async def test_a_quiet_stream_shows_that_it_lives_and_ends_with_its_token(site: Site, begun: str) -> None:
    token = await site.run.importer.tokens.add("watcher", "imp_watcher", scope=Scope.READ)
    own = {**STREAM, "Authorization": "Bearer imp_watcher"}
    quick = create_app(site.run.importer, Rhythm(look=0.01, heartbeat=0.0))
    comments = 0
    async with serving(quick) as address, asyncio.timeout(30):
        url = f"{address}/v1/imports/{begun}/events"
        async with site.stranger.stream("GET", url, headers=own) as answer:
            async for message in messages(answer):
                comments += "comment" in message
                if comments == 3:
                    await site.run.importer.tokens.remove(token)
                    comments += 1

    assert comments > 3


async def test_a_service_that_ends_ends_its_streams(site: Site, begun: str) -> None:
    """Else it would wait for them in vain."""
    own = {**STREAM, "Authorization": f"Bearer {TOKEN}"}
    async with asyncio.timeout(30):
        async with serving(create_app(site.run.importer, Rhythm(look=3600.0))) as address:
            url = f"{address}/v1/imports/{begun}/events"
            stream = site.stranger.stream("GET", url, headers=own)
            answer = await stream.__aenter__()
            assert await anext(messages(answer))
        await stream.__aexit__(None, None, None)


async def test_the_same_request_twice_at_once_is_refused_until_the_first_is_answered(
    site: Site, products: Products
) -> None:
    content = products(3).read_bytes()
    first_half, second_half = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield content[:10]
        first_half.set()
        await second_half.wait()
        yield content[10:]

    headers = {**CSV, "Idempotency-Key": "night-1"}
    url = "/v1/imports?mapping=products"
    running = asyncio.create_task(site.http.post(url, content=slowly(), headers=headers))
    await first_half.wait()
    kept = site.run.importer.settings.data_dir / "files" / "imports"
    async with asyncio.timeout(30):
        while not list(kept.glob("*/*.part")):  # until the server has begun with the first one
            await asyncio.sleep(0)
    again = await site.http.post(url, content=content, headers=headers)
    problem(again, 409, "idempotency.running")
    second_half.set()
    first = await running
    repeated = await site.http.post(url, content=content, headers=headers)

    assert first.status_code == repeated.status_code == httpx.codes.ACCEPTED
    assert first.json() == repeated.json()
