"""The HTTP API and the page, over real HTTP in one process with worker and practice shop."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.web.app import create_app
from tests.integration.conftest import Running, working

Products = Callable[..., Path]

TOKEN = "imp_token-of-the-tests"
CSV = {"Content-Type": "text/csv"}


class Site:
    """A client that is logged in, and the service behind it."""

    def __init__(self, run: Running, address: str) -> None:
        self.run = run
        self.address = address
        self.http = httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"})
        self.stranger = httpx.AsyncClient(base_url=address)

    async def send(self, content: bytes, **query: str) -> str:
        answer = await self.http.post(
            "/v1/imports", params={"mapping": "products", **query}, content=content, headers=CSV
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return str(answer.json()["id"])

    async def finished(self, content: bytes, **query: str) -> dict[str, Any]:
        import_id = await self.send(content, **query)
        await self.run.finished(import_id)
        state: dict[str, Any] = (await self.http.get(f"/v1/imports/{import_id}")).json()
        return state


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def logged_in(run: Running) -> AsyncIterator[Site]:
    await run.importer.tokens.add("tests", TOKEN)
    async with serving(create_app(run.importer)) as address:
        site = Site(run, address)
        try:
            yield site
        finally:
            await site.http.aclose()
            await site.stranger.aclose()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    small = settings.model_copy(update={"upload_mib": 1})
    async with working(small) as run, logged_in(run) as site:
        yield site


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """The answer is an RFC 9457 problem of this code; its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    return str(document["detail"])


async def test_a_file_in_and_202_out_with_the_id_only(site: Site, products: Products) -> None:
    answer = await site.http.post(
        "/v1/imports", params={"mapping": "products"}, content=products(3).read_bytes(), headers=CSV
    )

    assert answer.status_code == httpx.codes.ACCEPTED
    assert list(answer.json()) == ["id"]
    assert answer.headers["location"] == f"/v1/imports/{answer.json()['id']}"
    assert answer.headers["retry-after"]


async def test_a_form_works_as_well_and_the_state_can_be_watched(site: Site, products: Products) -> None:
    form = {"mapping": "products", "shop": "main", "dry_run": "true"}
    answer = await site.http.post(
        "/v1/imports", data=form, files={"file": ("liste.csv", products(5).read_bytes(), "text/csv")}
    )
    await site.run.finished(answer.json()["id"])
    state = (await site.http.get(answer.headers["location"])).json()

    assert (state["file"]["name"], state["dry_run"], state["status"]) == ("liste.csv", True, "completed")
    assert state["equation"] == "5 rows read = 5 not sent"
    assert state["equation_holds"]


async def test_rows_are_listed_by_outcome_and_page_by_page(site: Site, products: Products) -> None:
    faults = {number: {"price": "x"} for number in (2, 4, 6)}
    state = await site.finished(products(8, faults).read_bytes())
    url = f"/v1/imports/{state['id']}/rows"

    first = (await site.http.get(url, params={"outcome": "failed,invalid", "limit": "2"})).json()
    rest = (
        await site.http.get(url, params={"outcome": "invalid", "limit": "2", "cursor": first["next"]})
    ).json()

    assert [row["row"] for row in first["items"] + rest["items"]] == [2, 4, 6]
    assert rest["next"] is None
    assert first["items"][0]["column"] == "price"
    assert (await site.http.get(url, params={"outcome": "failed"})).json()["items"] == []
    problem(await site.http.get(url, params={"outcome": "bad"}), 422, "query.outcome")
    problem(await site.http.get(url, params={"limit": "0"}), 422, "query.limit")
    problem(await site.http.get(url, params={"cursor": "x"}), 422, "query.cursor")


async def test_the_report_is_json_or_the_rows_in_the_files_own_layout(site: Site, products: Products) -> None:
    state = await site.finished(products(4, {3: {"price": "x"}}).read_bytes())
    url = f"/v1/imports/{state['id']}/report"

    report = (await site.http.get(url)).json()
    by_accept = await site.http.get(url, headers={"Accept": "text/csv"})
    by_query = await site.http.get(url, params={"format": "csv"})
    [row] = csv.DictReader(io.StringIO(by_accept.text))

    [cause] = report["causes"]
    assert (cause["outcome"], cause["code"], cause["rows"], cause["needs_person"]) == (
        "invalid",
        "number",
        1,
        True,
    )
    assert cause["example"] == "'x' is not a number."
    assert report["batches"][0]["bulk_uuid"]
    assert by_accept.content == by_query.content
    assert list(row) == ["article", "name", "price", "_row", "_line", "_outcome", "_code", "_message"]


async def test_imports_are_listed_newest_first_with_a_cursor(site: Site, products: Products) -> None:
    ids = [await site.send(products(1).read_bytes(), name=f"{n}.csv") for n in range(3)]

    first = (await site.http.get("/v1/imports", params={"limit": "2"})).json()
    rest = (await site.http.get("/v1/imports", params={"limit": "2", "cursor": first["next"]})).json()

    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


async def test_an_idempotency_key_gives_the_same_import_and_refuses_another_request(
    site: Site, products: Products
) -> None:
    async def send(rows: int) -> httpx.Response:
        headers = {**CSV, "Idempotency-Key": "k"}
        return await site.http.post(
            "/v1/imports",
            params={"mapping": "products"},
            content=products(rows).read_bytes(),
            headers=headers,
        )

    first, again, other = await send(2), await send(2), await send(3)

    assert first.json() == again.json()
    problem(other, 422, "idempotency.reused")


@pytest.mark.parametrize("path", ["/v1/imports", "/v1/imports/x", "/v1/mappings", "/v1/nothing"])
async def test_without_a_token_there_is_nothing_to_see(site: Site, path: str) -> None:
    for client, headers in [
        (site.stranger, {}),
        (site.stranger, {"Authorization": "Bearer wrong"}),
        (site.stranger, {"Authorization": "Basic eDp5"}),
        (site.stranger, {"Cookie": "importer_session=a.9999999999.b"}),
    ]:
        answer = await client.get(path, headers=headers)
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("query", "content", "status", "code"),
    [
        ({"mapping": "product"}, b"a\n1\n", 422, "unknown_name"),
        ({"mapping": "products", "shop": "moon"}, b"a\n1\n", 422, "unknown_name"),
        ({}, b"a\n1\n", 422, "form.no_mapping"),
        ({"mapping": "products"}, b"", 422, "file.empty"),
        ({"mapping": "products"}, b"colour\nred\n", 422, "columns.missing"),
        ({"mapping": "products", "name": "a.pdf"}, b"a\n1\n", 422, "file.format"),
        ({"mapping": "products"}, b"article,name,price\n" + b"x" * (1 << 20), 413, "too_large"),
        ({"mapping": "../../etc/passwd"}, b"a\n1\n", 422, "unknown_name"),
        ({"mapping": "x" * 3000}, b"a\n1\n", 422, "unknown_name"),
    ],
    ids=["mapping", "shop", "no mapping", "empty", "columns", "format", "too large", "path", "long"],
)
async def test_a_bad_request_is_refused_at_once_and_nothing_is_kept(
    site: Site, query: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = await site.http.post("/v1/imports", params=query, content=content, headers=CSV)

    problem(answer, status, code)
    assert (await site.http.get("/v1/imports")).json()["items"] == []
    kept = site.run.importer.settings.data_dir / "files" / "imports"
    assert not kept.exists() or list(kept.iterdir()) == []


async def test_a_form_must_name_its_mapping_before_the_file(site: Site) -> None:
    answer = await site.http.post("/v1/imports", files={"file": ("a.csv", b"a\n", "text/csv")})
    assert "before the file" in problem(answer, 422, "form.no_mapping")

    answer = await site.http.post("/v1/imports", data={"mapping": "products"}, files={"x": (None, b"y")})
    problem(answer, 422, "form.no_file")

    answer = await site.http.post("/v1/imports", content=b"{}", headers={"Content-Type": "application/xml"})
    problem(answer, 415, "http")


async def test_a_faulty_mapping_is_told_with_all_its_faults(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "importer: 1\nentity: x\nkey: a\ncolumns:\n  a: {to: b, rules: [trimm]}\n"
    )
    answer = await site.http.post("/v1/imports", params={"mapping": "mine"}, content=b"a\n1\n", headers=CSV)

    problem(answer, 422, "mapping_invalid")
    assert [(fault["line"], fault["path"]) for fault in answer.json()["errors"]] == [
        (1, "request"),
        (5, "columns.a.rules.0"),
    ]


async def test_unknown_things_are_problems_and_wrong_methods_name_the_right_ones(site: Site) -> None:
    problem(await site.http.get("/v1/imports/imp_nothing"), 404, "import.unknown")
    problem(
        await site.http.get("/v1/imports/imp_nothing/report", params={"format": "csv"}), 404, "import.unknown"
    )
    answer = await site.http.delete("/v1/imports")
    problem(answer, 405, "http")
    assert "POST" in answer.headers["allow"]


async def test_a_file_that_turns_out_bad_later_fails_its_import_with_a_sentence(site: Site) -> None:
    no_rows = await site.finished(b"article,name,price\n")

    assert (no_rows["status"], no_rows["failure"]["code"]) == ("failed", "file.no_rows")
    assert no_rows["equation_holds"]


async def test_alive_needs_no_token_and_lists_show_names(site: Site) -> None:
    assert (await site.stranger.get("/livez")).status_code == httpx.codes.OK
    for path, name in (("/v1/mappings", "magento-products"), ("/v1/shops", "main")):
        assert name in [one["name"] for one in (await site.http.get(path)).json()["items"]]


async def test_the_page_asks_for_a_token_and_keeps_it_in_a_strict_cookie(site: Site) -> None:
    assert (await site.stranger.get("/")).headers["location"] == "/login"
    assert (
        await site.stranger.post("/login", data={"token": "wrong"})
    ).status_code == httpx.codes.UNAUTHORIZED

    answer = await site.stranger.post("/login", data={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie

    home = await site.stranger.get("/")
    assert home.status_code == httpx.codes.OK
    assert "default-src 'none'" in home.headers["content-security-policy"]
    assert "Nothing was imported yet" in home.text


async def test_another_site_cannot_use_the_cookie(site: Site, products: Products) -> None:
    await site.stranger.post("/login", data={"token": TOKEN})
    form = {"mapping": "products"}
    files = {"file": ("a.csv", products(1).read_bytes(), "text/csv")}

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = await site.stranger.post("/imports", data=form, files=files, headers=headers)
        assert answer.status_code == httpx.codes.FORBIDDEN
    answer = await site.stranger.post("/imports", data=form, files=files, headers={"Origin": site.address})
    assert answer.status_code == httpx.codes.SEE_OTHER


async def test_a_forged_or_ended_session_is_no_session(site: Site) -> None:
    await site.stranger.post("/login", data={"token": TOKEN})
    value = site.stranger.cookies["importer_session"]
    token_id, ends, signature = value.split(".")
    site.stranger.cookies.clear()

    for forged in (
        f"{token_id}.{int(ends) + 1}.{signature}",
        f"{token_id}.1.{signature}",
        f"other.{ends}.{signature}",
    ):
        answer = await site.stranger.get("/", headers={"Cookie": f"importer_session={forged}"})
        assert answer.headers["location"] == "/login"


async def test_text_from_the_file_is_shown_as_text(site: Site) -> None:
    bad = "article,name,price\n<script>alert(1)</script>,A,x\n"
    state = await site.finished(bad.encode(), name="<img src=x>.csv")
    await site.stranger.post("/login", data={"token": TOKEN})

    page = (await site.stranger.get(f"/imports/{state['id']}")).text

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


async def test_an_upload_that_breaks_off_leaves_nothing(site: Site) -> None:
    host, port = site.address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/imports?mapping=products HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
    writer.write(f"{head}Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\narticle,name".encode())
    await writer.drain()
    kept = site.run.importer.settings.data_dir / "files" / "imports"
    async with asyncio.timeout(5):
        while not list(kept.glob("*/*.part")):
            await asyncio.sleep(0)
        writer.close()
        while list(kept.glob("*")):
            await asyncio.sleep(0)

    assert (await site.http.get("/v1/imports")).json()["items"] == []


async def test_the_shop_is_never_named_by_its_token(site: Site, shop: Shop, products: Products) -> None:
    state = await site.finished(products(1).read_bytes())
    report = (await site.http.get(f"/v1/imports/{state['id']}/report")).text

    assert shop.token not in report


async def test_policies_are_kept_with_the_import_and_wrong_ones_refused(
    site: Site, products: Products
) -> None:
    form = {"mapping": "products", "shop": "main", "policy": "check-first", "max_errors": "3"}
    file = {"file": ("liste.csv", products(2).read_bytes(), "text/csv")}
    taken = await site.http.post("/v1/imports", data=form, files=file)
    await site.run.finished(taken.json()["id"])
    state = (await site.http.get(taken.headers["location"])).json()
    refused = [
        (await site.http.post("/v1/imports", data={**form, **wrong}, files=file)).json()["code"]
        for wrong in ({"policy": "later"}, {"max_errors": "-1"})
    ]

    assert (state["check_first"], state["max_errors"], state["status"]) == (True, 3, "completed")
    assert refused == ["form.policy", "form.max_errors"]


async def test_the_reading_can_be_said_in_the_query(site: Site) -> None:
    state = await site.finished(
        b"article|name|price\na|A;B;C;D|1\n", delimiter="|", header="yes", quote="none"
    )

    assert state["equation"] == "1 row read = 1 succeeded"
    assert state["file"]["reading"] == {
        "format": "csv", "encoding": "utf-8", "delimiter": "|", "quote": "", "header": True,
    }  # fmt: skip
    answer = await site.http.post("/v1/imports?mapping=products&header=perhaps", content=b"a", headers=CSV)
    assert "yes or no, not perhaps" in problem(answer, 422, "reading.header")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"dry_run": "maybe"}, (422, "form.value")),
        ({"dryrun": "true"}, (400, "form.unknown")),
        ({"dry-run": "true"}, (400, "form.unknown")),
    ],
)
async def test_what_a_request_says_is_obeyed_or_refused(
    site: Site, products: Products, fields: dict[str, str], refusal: tuple[int, str]
) -> None:
    """A dry run that is misspelt must not become an import."""
    file = {"file": ("liste.csv", products(2).read_bytes(), "text/csv")}
    as_form = await site.http.post("/v1/imports", data={"mapping": "products", **fields}, files=file)
    as_query = await site.http.post(
        "/v1/imports", params={"mapping": "products", **fields}, content=products(2).read_bytes(), headers=CSV
    )

    assert (as_form.status_code, as_form.json()["code"]) == refusal
    assert (as_query.status_code, as_query.json()["code"]) == refusal
    assert (await site.http.get("/v1/imports")).json()["items"] == []


async def test_a_field_behind_the_file_comes_too_late(site: Site, products: Products) -> None:
    parts = [
        ("mapping", (None, "products")),
        ("file", ("liste.csv", products(2).read_bytes(), "text/csv")),
        ("dry_run", (None, "true")),
    ]
    answer = await site.http.post("/v1/imports", files=parts)

    assert (answer.status_code, answer.json()["code"]) == (422, "form.late")
    assert (await site.http.get("/v1/imports")).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "parameter", "hint"),
    [
        ("/v1/imports", "limits", "did you mean `limit`?"),
        ("/v1/imports/{id}", "limit", "this route takes none."),
        ("/v1/imports/{id}/rows", "outcom", "did you mean `outcome`?"),
        ("/v1/imports/{id}/report", "fromat", "did you mean `format`?"),
        ("/v1/mappings", "x", "this route takes none."),
        ("/v1/shops", "x", "this route takes none."),
    ],
)
async def test_a_query_with_an_unknown_parameter_is_refused_with_the_right_one(
    site: Site, path: str, parameter: str, hint: str
) -> None:
    state = await site.finished(b"article,name,price\na,b,1\n")
    url = path.replace("{id}", str(state["id"]))
    answer = await site.http.get(url, params={parameter: "1"})

    assert hint in problem(answer, 400, "form.unknown")
    assert f"`{parameter}`" in answer.json()["detail"]
    assert (await site.http.get(url)).status_code == httpx.codes.OK


async def test_a_name_in_the_body_that_does_not_exist_is_told_with_the_nearest(site: Site) -> None:
    content = b"article,name,price\na,b,1\n"
    url = "/v1/imports"
    mapping = await site.http.post(url, params={"mapping": "product"}, content=content, headers=CSV)
    shop = await site.http.post(
        url, params={"mapping": "products", "shop": "mian"}, content=content, headers=CSV
    )

    assert problem(mapping, 422, "unknown_name").endswith("did you mean `products`?")
    assert problem(shop, 422, "unknown_name").endswith("did you mean `main`?")
