"""Who sees what: scopes, shops, ends of tokens, the cookie of the page, and no route without a rule."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from importer.bootstrap import open_importer
from importer.domain.tokens import Scope
from importer.sandbox.shop import Shop
from importer.settings import Settings, ShopSettings
from importer.web.access import SAFE_METHODS
from importer.web.app import create_app
from importer.web.operations import RULES, Operation
from tests.clocks import HandClock
from tests.integration.conftest import make_settings
from tests.integration.test_web import CSV, TOKEN, Site, problem, serving, site

__all__ = ["site"]  # a fixture

Products = Callable[..., Path]
LOG_OUT = '<form method="post" action="/logout">'


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    """Two shops; the second one's name and address must never be seen with a token of the first, or the other way round."""
    settings = make_settings(tmp_path, shop.address)  # type: ignore[attr-defined]
    second = ShopSettings(base_url="http://127.0.0.1:9/second-shop-address", token=SecretStr("x"))
    return settings.model_copy(update={"shops": {**settings.shops, "second": second}})


@asynccontextmanager
async def as_token(site: Site, name: str, **words: Any) -> AsyncIterator[httpx.AsyncClient]:
    secret = f"imp_{name}"
    await site.run.importer.tokens.add(name, secret, **words)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=site.address, headers=headers) as http:
        yield http


@pytest.fixture
async def other(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """With a token of the second shop, which may import."""
    async with as_token(site, "other", scope=Scope.IMPORT, shops=("second",)) as http:
        yield http


@pytest.fixture
async def done(site: Site, products: Products) -> str:
    """An import into the first shop with a row that failed."""
    state = await site.finished(products(4, {2: {"price": "dear"}}).read_bytes(), shop="main")
    return str(state["id"])


def rules(site: Site) -> list[tuple[str, Operation | None]]:
    """Method and rule of every route, taken from the router itself."""
    app = create_app(site.run.importer)
    return [(route.method, app[RULES].get(route)) for route in app.router.routes()]


async def test_no_route_is_without_a_rule(site: Site) -> None:
    app = create_app(site.run.importer)
    forgotten = [str(route) for route in app.router.routes() if route not in app[RULES]]
    parameters = {word for _, rule in rules(site) if rule for word in _parameters(rule.path)}

    assert forgotten == []
    assert parameters <= {
        "id",
        "token",
        "webhook",
        "message",
        "upload",
        "shop",
        "mapping",
        "verb",
        "layout",
        "schedule",
    }  # a new one needs a rule of who may see it


def _address(rule: Operation, import_id: str, verb: str = "retry", layout: str = "csv") -> str:
    """The path of a rule, with something for each of its parameters."""
    words = {
        "id": import_id, "shop": "main", "mapping": "products", "token": "0", "schedule": "night", "verb": verb, "layout": layout,
        "webhook": "whk_0", "message": "msg_0", "upload": "upl_0",
    }  # fmt: skip
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: words[found[1]], rule.path)


def _parameters(path: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]


async def test_a_route_that_was_forgotten_is_closed_to_all_but_admins(site: Site) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="something")

    app = create_app(site.run.importer)
    app.router.add_get("/v1/forgotten", forgotten)
    async with serving(app) as address:
        url = f"{address}/v1/forgotten"
        problem(await site.stranger.get(url), 401, "unauthorized")
        async with as_token(site, "importer", scope=Scope.IMPORT) as http:
            problem(await http.get(url), 403, "token.scope")
        assert (await site.http.get(url)).text == "something"


async def test_a_token_of_another_shop_sees_nothing_on_any_route(
    site: Site, other: httpx.AsyncClient, done: str, shop: Shop
) -> None:
    """Over every route of the router: what the other shop has does not exist, in the words for what there is not."""
    told = [done, "list.csv", "A-0002", "main", shop.address]  # type: ignore[attr-defined]
    for method, rule in rules(site):
        if rule is None or rule.path == "/static":
            continue
        for verb, layout in (("pause", "csv"), ("retry", "jsonl")):
            url = _address(rule, done, verb, layout)
            answer = await other.request(method, url)
            text = answer.text
            if answer.status_code == httpx.codes.NOT_FOUND:  # it says what it was asked for
                text = text.replace(done, "", 1).replace("`main`", "", 1)
            assert not any(word in text for word in _words(told)), (method, url, answer.text)
            if "{" in rule.path and rule.scope is not Scope.ADMIN and "/imports/" in rule.path:
                assert answer.status_code == httpx.codes.NOT_FOUND, (method, url)
                made_up = await other.request(method, url.replace(done, "imp_0"))
                assert made_up.text == answer.text.replace(done, "imp_0"), (method, url)
            if "{shop}" in rule.path:
                assert answer.status_code == httpx.codes.NOT_FOUND
                assert "There is no shop `main` (known: second)." in answer.text
            if rule.scope is Scope.ADMIN:
                assert answer.status_code == httpx.codes.FORBIDDEN, (method, url)


def _words(told: list[str]) -> list[str]:
    """Words that would give the other shop away; `main` stands in HTML as an element."""
    return [word for word in told if word != "main"] + ["`main`", '"main"', ">main<", "main."]


async def test_lists_hold_only_the_shops_of_the_token(
    site: Site, other: httpx.AsyncClient, done: str, products: Products
) -> None:
    assert (await other.get("/v1/imports")).json() == {"items": [], "next": None}
    assert [one["name"] for one in (await other.get("/v1/shops")).json()["items"]] == ["second"]
    sent = await other.post(
        "/v1/imports", params={"mapping": "products"}, content=products(1).read_bytes(), headers=CSV
    )
    [mine] = (await other.get("/v1/imports")).json()["items"]
    everything = (await site.http.get("/v1/imports")).json()["items"]

    assert (mine["id"], mine["shop"]) == (sent.json()["id"], "second")  # its only shop need not be said
    assert [item["id"] for item in everything] == [mine["id"], done]


async def test_an_import_into_another_shop_is_an_import_into_none(
    site: Site, other: httpx.AsyncClient
) -> None:
    async def refusal(name: str) -> str:
        answer = await other.post(
            "/v1/imports", params={"mapping": "products", "shop": name}, content=b"a\n1\n", headers=CSV
        )
        return problem(answer, 422, "unknown_name").replace(name, "...", 1)

    assert await refusal("main") == await refusal("moon")
    assert await refusal("main") == "There is no shop `...` (known: second)."


async def test_the_same_idempotency_key_of_two_tokens_is_two_requests(
    site: Site, other: httpx.AsyncClient, products: Products
) -> None:
    headers = {**CSV, "Idempotency-Key": "k"}
    content = products(1).read_bytes()
    first = await site.http.post(
        "/v1/imports", params={"mapping": "products", "shop": "main"}, content=content, headers=headers
    )
    second = await other.post("/v1/imports", params={"mapping": "products"}, content=content, headers=headers)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() != second.json()
    for key in ("", "x" * 201):
        wrong = await other.post(
            "/v1/imports?mapping=products", content=content, headers={**CSV, "Idempotency-Key": key}
        )
        problem(wrong, 422, "idempotency.key")


async def test_a_reader_looks_and_changes_nothing(site: Site, done: str) -> None:
    async with as_token(site, "reader", scope=Scope.READ, shops=("main",)) as http:
        assert (await http.get(f"/v1/imports/{done}")).status_code == httpx.codes.OK
        for method, rule in rules(site):
            if rule is None or rule.scope in (None, Scope.READ):
                continue
            url = _address(rule, done)
            answer = await http.request(method, url)
            assert answer.status_code == httpx.codes.FORBIDDEN, (method, url)
        pages = [(await http.get(url)).text for url in ("/", f"/imports/{done}", "/shops", "/schedules")]
        assert not any('<form method="post"' in page.replace(LOG_OUT, "") for page in pages)
        said = problem(await http.post(f"/v1/imports/{done}/retry"), 403, "token.scope")
        assert said == "This token has the scope `read`; this needs `import`."


async def test_tokens_are_made_used_and_taken_back_by_admins(site: Site) -> None:
    body = {"name": "warehouse", "scope": "import", "shops": ["main"], "expires_at": "2099-01-01T00:00:00Z"}
    made = await site.http.post("/v1/tokens", json=body)
    token = made.json()
    listed = (await site.http.get("/v1/tokens")).json()["items"]
    own = {"Authorization": f"Bearer {token['token']}"}

    assert made.status_code == httpx.codes.CREATED
    assert [(one["name"], one["scope"], one["shops"]) for one in listed] == [
        ("tests", "admin", None),
        ("warehouse", "import", ["main"]),
    ]
    assert token["token"] not in (await site.http.get("/v1/tokens")).text
    assert listed[1]["used_at"] is None
    assert (await site.stranger.get("/v1/imports", headers=own)).status_code == httpx.codes.OK
    assert (await site.http.get("/v1/tokens")).json()["items"][1]["used_at"] is not None
    problem(await site.stranger.get("/v1/tokens", headers=own), 403, "token.scope")

    url = f"/v1/tokens/{token['id']}"
    assert (await site.http.delete(url)).status_code == httpx.codes.NO_CONTENT
    problem(await site.http.delete(url), 404, "token.unknown")
    problem(await site.stranger.get("/v1/imports", headers=own), 401, "unauthorized")


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b'{"scope": "read"}', "body.missing", "`name` is missing: a text: whom it is for."),
        (b'{"name": "x", "scope": "root"}', "body.value", "`scope` is read, import or admin"),
        (b'{"name": "x", "scope": "read", "shop": "main"}', "body.unknown", "did you mean `shops`?"),
        (b'{"name": 3, "scope": "read"}', "body.value", "`name` is a text"),
        (b'{"name": " ", "scope": "read"}', "token.name", "needs a name"),
        (b'{"name": "a\\nb", "scope": "read"}', "token.name", "one line"),
        (b'{"name": "x", "scope": "admin", "shops": ["main"]}', "token.shops", "for all shops"),
        (b'{"name": "x", "scope": "read", "shops": []}', "token.shops", "Say which shops"),
        (b'{"name": "x", "scope": "read", "shops": ["moon"]}', "unknown_name", "no shop `moon`"),
        (b'{"name": "x", "scope": "read", "expires_at": "2001-01-01T00:00:00Z"}', "token.expires", "is over"),
        (b'{"name": "x", "scope": "read", "expires_at": "soon"}', "body.value", "a moment such as"),
        (b"[1]", "body.json", "JSON object"),
        (b"{", "body.json", "no JSON"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_in_one_sentence(
    site: Site, body: bytes, code: str, says: str
) -> None:
    answer = await site.http.post("/v1/tokens", content=body)

    assert says in problem(answer, 422, code)
    assert len((await site.http.get("/v1/tokens")).json()["items"]) == 1


async def test_a_token_ends_at_its_moment_and_so_does_its_page(settings: Settings, shop: Shop) -> None:
    clock = HandClock()
    async with open_importer(settings) as importer:
        importer = replace(importer, ports=replace(importer.ports, clock=clock))
        ends = clock.now() + timedelta(days=365 * 20)
        await importer.tokens.add("short", "imp_short", scope=Scope.READ, expires_at=ends)
        async with serving(create_app(importer)) as address, httpx.AsyncClient(base_url=address) as http:
            own = {"Authorization": "Bearer imp_short"}
            assert (await http.get("/v1/imports", headers=own)).status_code == httpx.codes.OK
            assert (await http.post("/login", data={"token": "imp_short"})).is_redirect
            assert (await http.get("/")).status_code == httpx.codes.OK
            clock.moment = ends
            said = problem(await http.get("/v1/imports", headers=own), 401, "token.expired")
            assert said == f"This token ended at {ends:%Y-%m-%d %H:%M} UTC. Ask for a new one."
            assert (await http.get("/")).headers["location"] == "/login"
            assert (await http.post("/login", data={"token": "imp_short"})).status_code == 401


async def test_every_changing_route_refuses_a_form_of_another_site(site: Site, done: str) -> None:
    await site.stranger.post("/login", data={"token": TOKEN})
    for method, rule in rules(site):
        if rule is None or method in SAFE_METHODS:
            continue
        url = _address(rule, done)
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "null"},
        ):
            answer = await site.stranger.request(method, url, headers=headers)
            assert answer.status_code == httpx.codes.FORBIDDEN, (method, url, headers)
        if rule.scope is not None:
            assert (await site.stranger.request(method, url)).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize(
    "cookie",
    ["a.99999999999.b", "..", "a.²³.b", f"a.{'9' * 5000}.b", "é.9.é", "%00.9.x", "a", ""],
    ids=["plain", "empty parts", "odd digits", "huge", "letters", "nul", "one part", "nothing"],
)
async def test_a_cookie_that_nobody_signed_is_no_cookie(site: Site, cookie: str) -> None:
    headers = {"Cookie": f"importer_session={cookie}".encode()}
    problem(await site.stranger.get("/v1/imports", headers=headers), 401, "unauthorized")


@pytest.mark.parametrize("secret", [b"x", b"\xff\xfe", b"imp_" + b"x" * 5000, b"a b"])
async def test_odd_secrets_are_no_secrets(site: Site, secret: bytes) -> None:
    answer = await site.stranger.get("/v1/imports", headers={"Authorization": b"Bearer " + secret})
    problem(answer, 401, "unauthorized")


@pytest.mark.parametrize(
    "import_id", ["%00", "imp_%00", "%ff", "imp_%E2%82%AC", "..%2f..%2fetc", "x" * 5000, "%0a"]
)
async def test_odd_ids_are_unknown(site: Site, import_id: str) -> None:
    assert (await site.http.get(f"/v1/imports/{import_id}")).status_code == httpx.codes.NOT_FOUND


async def test_one_request_too_many_is_told_when_to_come_again(site: Site) -> None:
    importer = site.run.importer
    narrow = replace(importer, settings=importer.settings.model_copy(update={"requests_per_minute": 2}))
    own = {"Authorization": f"Bearer {TOKEN}"}
    async with serving(create_app(narrow)) as address, httpx.AsyncClient(base_url=address) as http:
        first, _, third = [await http.get("/v1/shops", headers=own) for _ in range(3)]
        async with as_token(site, "reader", scope=Scope.READ):
            other = await http.get("/v1/shops", headers={"Authorization": "Bearer imp_reader"})

    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("2", "1")
    assert "More than 2 requests in a minute" in problem(third, 429, "rate.limited")
    assert 0 < int(third.headers["retry-after"]) <= 30
    assert other.status_code == httpx.codes.OK
