"""What can stand between us and a shop, over real sockets: TLS faults, redirects, HTML, half an answer, a firewall."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import respx
import trustme
from aiohttp import web

from importer.backends.magento.access import Access, Bearer
from importer.backends.magento.backend import MagentoBackend
from importer.backends.magento.trial import Trial
from importer.domain.batches import Operation
from importer.domain.errors import (
    AnswerLost,
    BackendDenied,
    BackendError,
    BackendRefused,
    BackendUnavailable,
)
from importer.domain.trials import Check, Found
from importer.sources.mappings import MappingFolders

MAPPINGS = MappingFolders([Path(__file__).parents[3] / "mappings"])
MAPPING = MAPPINGS.parse("products", MAPPINGS.text("products"))
OPERATION = Operation(row=1, line=2, key="A-1", payload=b'{"product":{"sku":"A-1"}}')
ADDRESS = "https://shop.example"
BULK = f"{ADDRESS}/rest/all/async/bulk/V1/products"
WEBSITES = f"{ADDRESS}/rest/all/V1/store/websites"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port; the port."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def backend_at(address: str) -> AsyncIterator[MagentoBackend]:
    backend = MagentoBackend(Access(base_url=address, credentials=Bearer(token="secret"), read_seconds=5))
    try:
        yield backend
    finally:
        await backend.close()


async def refusal_of(call: Awaitable[object]) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await call
    assert "secret" not in caught.value.text
    return caught.value


def certificate(name: str) -> tuple[trustme.CA, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return authority, context


async def hello(_request: web.Request) -> web.StreamResponse:
    return web.json_response([])


async def test_a_certificate_nobody_vouches_for_is_told_in_words() -> None:
    _, context = certificate("127.0.0.1")
    async with serving(hello, context) as port, backend_at(f"https://127.0.0.1:{port}") as backend:
        for call in (backend.probe(), backend.submit(MAPPING, [OPERATION])):
            error = await refusal_of(call)
            assert (type(error), error.code) == (BackendDenied, "shop.tls")
            assert "certificate is not accepted (" in error.text
            assert "SSL_CERT_FILE" in error.text
            assert "_ssl.c" not in error.text


async def test_a_certificate_of_another_host_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, context = certificate("other.example")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with serving(hello, context) as port, backend_at(f"https://127.0.0.1:{port}") as backend:
        error = await refusal_of(backend.probe())

    assert error.code == "shop.tls"
    assert "mismatch" in error.text


async def test_a_private_authority_can_be_named_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, context = certificate("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with serving(hello, context) as port, backend_at(f"https://127.0.0.1:{port}") as backend:
        await backend.probe()


async def test_an_address_that_speaks_no_tls_is_told_in_words() -> None:
    async with serving(hello) as port, backend_at(f"https://127.0.0.1:{port}") as backend:
        error = await refusal_of(backend.probe())

    assert error.code == "shop.tls"
    assert "Is it an http:// address?" in error.text


async def test_a_redirect_to_another_host_is_refused_and_our_token_never_goes_there() -> None:
    visits: list[str] = []

    async def stranger(request: web.Request) -> web.StreamResponse:
        visits.append(request.headers.get("Authorization", ""))
        return web.json_response([])

    async with serving(stranger) as other:

        async def moved(request: web.Request) -> web.StreamResponse:
            raise web.HTTPPermanentRedirect(f"http://localhost:{other}{request.path}")

        async with serving(moved) as port, backend_at(f"http://127.0.0.1:{port}") as backend:
            for call in (backend.probe(), backend.submit(MAPPING, [OPERATION])):
                error = await refusal_of(call)
                assert (type(error), error.code) == (BackendDenied, "shop.address")
                assert "another host, localhost" in error.text

    assert visits == []


async def test_a_redirect_within_the_shop_names_the_right_address() -> None:
    with respx.mock as net:
        net.get(WEBSITES).respond(301, headers={"Location": "https://shop.example/shop/rest/all"})
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.probe())

    assert "write the one it names into base_url" in error.text


async def test_half_an_answer_leaves_a_batch_in_doubt_and_a_question_unanswered() -> None:
    async def broken_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"bulk_uuid": "c4cb')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(broken_off) as port, backend_at(f"http://127.0.0.1:{port}") as backend:
        assert type(await refusal_of(backend.submit(MAPPING, [OPERATION]))) is AnswerLost
        assert type(await refusal_of(backend.probe())) is BackendUnavailable


async def test_a_storefront_instead_of_an_api_is_no_answer_to_a_question() -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><title>Luma</title></html>", content_type="text/html")

    async with serving(page) as port, backend_at(f"http://127.0.0.1:{port}") as backend:
        error = await refusal_of(backend.probe())
        assert (type(error), error.code) == (BackendUnavailable, "shop.answer")
        assert "Luma" in error.text
        assert type(await refusal_of(backend.submit(MAPPING, [OPERATION]))) is AnswerLost


@pytest.mark.parametrize("answer", [{"websites": []}, [{"code": "x"}], ["x"], 3, [{"id": "x", "code": "y"}]])
async def test_look_ups_of_another_shape_are_a_shop_that_cannot_be_read(answer: object) -> None:
    with respx.mock as net:
        net.get(url__startswith=ADDRESS).respond(json=answer)
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.look_ups())

    assert (type(error), error.code) == (BackendUnavailable, "shop.answer")


async def test_a_firewall_that_lets_others_pass_blames_the_rows() -> None:
    with respx.mock as net:
        net.post(BULK).respond(403, text="<h1>Request blocked</h1>")
        net.get(WEBSITES).respond(json=[])
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.submit(MAPPING, [OPERATION]))

    assert (type(error), error.code) == (BackendRefused, "shop.blocked")
    assert "looks like an attack" in error.text


async def test_a_firewall_that_lets_nobody_pass_needs_a_person() -> None:
    with respx.mock as net:
        net.route().respond(403, text="<h1>Request blocked</h1>")
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.submit(MAPPING, [OPERATION]))

    assert (type(error), error.code) == (BackendDenied, "shop.blocked")


async def test_pages_are_as_large_as_the_shop_allows() -> None:
    """Contract section 10: a shop may have set a lower limit than Magento's own."""

    def answer(request: httpx.Request) -> httpx.Response:
        size, page = (
            int(request.url.params[f"searchCriteria[{name}]"]) for name in ("pageSize", "currentPage")
        )
        if size > 2:
            text = {"message": "Maximum SearchCriteria pageSize is %max", "parameters": {"max": 2}}
            return httpx.Response(400, json=text)
        items = [{"n": n} for n in range(5)][(page - 1) * size : page * size]
        return httpx.Response(200, json={"items": items, "total_count": 5})

    with respx.mock as net:
        net.get(f"{ADDRESS}/rest/all/V1/things").mock(side_effect=answer)
        async with backend_at(ADDRESS) as backend:
            assert [item["n"] async for item in backend._client.pages("/V1/things")] == list(range(5))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("Wed, 25 Nov 2026 10:01:00 GMT", 60.0),  # against the shop's clock, not ours
        ("Wed, 25 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_the_shops_own_waiting_time_is_read_in_seconds_or_as_a_date(
    header: str, seconds: float | None
) -> None:
    with respx.mock as net:
        headers = {"Retry-After": header, "Date": "Wed, 25 Nov 2026 10:00:00 GMT"}
        net.post(BULK).respond(429, json={"message": "slow"}, headers=headers)
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.submit(MAPPING, [OPERATION]))

    assert error.retry_after == seconds


async def test_the_known_fault_of_bulk_routes_with_a_parameter_is_told_with_its_way_round() -> None:
    """Contract S1."""
    put = MAPPINGS.parse(
        "x",
        MAPPINGS.text("products").replace(
            "method: POST, path: /V1/products", "method: PUT, path: '/V1/products/:sku'"
        ),
    )
    assert put.request.path == "/V1/products/:sku"
    with respx.mock as net:
        net.put(f"{BULK}/bySku").respond(500, text="An error has happened during application run.")
        async with backend_at(ADDRESS) as backend:
            error = await refusal_of(backend.submit(put, [OPERATION]))

    assert isinstance(error, AnswerLost)
    assert error.settled
    assert 'mode = "async"' in error.text


async def test_a_slow_answer_to_a_batch_is_awaited_longer_than_one_to_a_question() -> None:
    gate = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            await gate.wait()  # until the question has run into its time-out
        return web.json_response({"bulk_uuid": "u"}, status=202)

    access = Access(base_url="", credentials=Bearer(token="t"), read_seconds=0.05, submit_seconds=30)
    async with serving(slow) as port:
        address = f"http://127.0.0.1:{port}"
        backend = MagentoBackend(Access(**{**vars(access), "base_url": address}))
        assert type(await refusal_of(backend.probe())) is BackendUnavailable
        gate.set()
        assert (await backend.submit(MAPPING, [OPERATION])).bulk_uuid == "u"
        await backend.close()


async def test_the_trial_tells_how_long_a_certificate_is_good(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def magento(request: web.Request) -> web.StreamResponse:
        assert "Authorization" not in request.headers  # a stranger's call
        return web.json_response(
            {"message": "The consumer isn't authorized to access %resources."}, status=401
        )

    now = datetime.now(UTC)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=now + timedelta(days=10, hours=1)).configure_cert(context)
    async with serving(magento, context) as port:
        access = Access(base_url=f"https://127.0.0.1:{port}", credentials=Bearer(token="secret"))
        trial = Trial(access, batch_bytes=1024, pause=asyncio.sleep)
        found = {check.name: check async for check in _first(trial, 3)}
        await trial.close()

    assert found["address"].found is Found.GOOD
    assert found["tls"] == Check(
        name="tls", found=Found.WARNING, text="The certificate is accepted and good for 10 more days."
    )


async def _first(trial: Trial, number: int) -> AsyncIterator[Check]:
    """The first steps only: what answers here is no whole shop."""
    steps = trial.checks(canary=None)
    for _ in range(number):
        yield await anext(steps)


async def test_a_page_instead_of_an_api_is_told_by_the_trial() -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<title>Luma</title>", content_type="text/html")

    async with serving(page) as port:
        access = Access(base_url=f"http://127.0.0.1:{port}", credentials=Bearer(token="secret"))
        trial = Trial(access, batch_bytes=1024, pause=asyncio.sleep)
        [check] = [check async for check in _first(trial, 1)]
        await trial.close()

    assert (check.found, check.code) == (Found.BAD, "shop.address")
    assert "Luma" in check.text
