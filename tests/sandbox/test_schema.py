"""The shop describes itself as Swagger 2.0; calls made from that description, and wild bodies, never break it."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from schemathesis.specs.openapi.checks import response_schema_conformance

from importer.sandbox.catalog import load_catalog
from importer.sandbox.errors import MASKED
from importer.sandbox.routes import ROUTES, Route
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.conftest import ROOT
from tests.sandbox.conftest import TOKEN, Client, product


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


HEADERS = {"Authorization": f"Bearer {TOKEN}"}
WRITES = [route for route in ROUTES if route.method != "GET"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Served:
    """A shop on a thread of its own, for tests that are not asynchronous."""

    def __init__(self) -> None:
        self.address = ""
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), daemon=True
        )

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._loop.close()

    async def _serve(self) -> None:
        shop = Shop(catalog=load_catalog(), token=TOKEN)
        shop.faults.hold_consumers = True
        async with running(shop) as self.address:
            self._ready.set()
            await self._stop.wait()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as one:
        with httpx.Client(base_url=one.address, headers=HEADERS) as http:
            http.post("/rest/all/V1/products", json=product("a"))
        yield one


@pytest.fixture(scope="module")
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, headers=HEADERS, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def described(served: Served) -> Any:
    answer = httpx.get(f"{served.address}/rest/all/schema", params={"services": "all"})
    schema = schemathesis.openapi.from_dict(answer.json())
    schema.config.update(base_url=f"{served.address}/rest/all")
    return schema


async def test_the_description_has_every_route_once(client: Client) -> None:
    document = (await client.http.get("/rest/all/schema?services=all")).json()

    told = {(method.upper(), url) for url, methods in document["paths"].items() for method in methods}
    assert told == {
        (
            route.method,
            "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in route.url.split("/")),
        )
        for route in ROUTES
    }
    assert (document["swagger"], document["basePath"]) == ("2.0", "/rest/all")
    ids = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))


async def test_the_description_of_bulks_has_converted_urls_and_lists(client: Client) -> None:
    document = (
        await client.http.get("/rest/default/async/bulk/schema?services=catalogProductRepositoryV1")
    ).json()

    assert set(document["paths"]) == {"/async/bulk/V1/products", "/async/bulk/V1/products/bySku"}
    assert document["paths"]["/async/bulk/V1/products"]["post"]["parameters"][0]["schema"]["type"] == "array"
    assert "catalog-data-product-interface" in document["definitions"]


@pytest.mark.parametrize(("method", "url"), sorted((route.method, route.url) for route in ROUTES))
def test_calls_made_from_the_description_are_answered_as_described(
    described: Any, method: str, url: str
) -> None:
    path = "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in url.split("/"))

    @bounded(2)
    @given(case=described[path][method].as_strategy())
    def call(case: Any) -> None:
        answer = case.call(headers=HEADERS)
        [kind] = answer.headers["content-type"]
        _check_magento_shaped(answer.status_code, kind, answer.content)
        if kind.startswith("application/json"):
            case.validate_response(answer, checks=[response_schema_conformance])

    call()


@st.composite
def wild(draw: st.DrawFn) -> tuple[Route, Any]:
    """A writing route, and a body that knows at most the names of its parameters."""
    route = draw(st.sampled_from(WRITES))
    names = st.sampled_from([one.name for one in route.service.parameters])
    body = (
        JSON | st.dictionaries(names, JSON, max_size=3) | st.lists(st.dictionaries(names, JSON), max_size=2)
    )
    return route, draw(body)


@pytest.mark.parametrize("way", ["", "/async", "/async/bulk"])
@bounded(150)
@given(wild())
def test_wild_bodies_get_nothing_but_magento_shaped_answers(
    http: httpx.Client, way: str, sent: tuple[Route, Any]
) -> None:
    route, body = sent
    path = route.bulk_url if way == "/async/bulk" else route.url.replace(":", "")
    content, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}

    answer = http.request(route.method, f"/rest/all{way}{path}", content=content, headers=headers)

    _check_magento_shaped(answer.status_code, answer.headers["Content-Type"], answer.content)


@bounded(60)
@given(raw=st.binary(max_size=60), kind=st.sampled_from(["application/json", "application/xml", "text/xml"]))
def test_bytes_that_are_no_body_are_a_decoding_error(http: httpx.Client, raw: bytes, kind: str) -> None:
    answer = http.post("/rest/all/V1/products", content=raw, headers={"Content-Type": kind})

    _check_magento_shaped(answer.status_code, answer.headers["Content-Type"], answer.content)


@pytest.mark.parametrize(
    "raw",
    [
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x "y">]><r><product><sku>&x;</sku></product></r>',
        b'<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><r><product/></r>',
    ],
)
async def test_xml_with_a_document_type_is_refused(client: Client, raw: bytes) -> None:
    answer = await client.http.post(
        "/rest/all/V1/products", content=raw, headers={"Content-Type": "application/xml"}
    )

    assert (answer.status_code, answer.json()) == (400, {"message": "Decoding error."})


def _check_magento_shaped(status: int, kind: str, content: bytes) -> None:
    """A JSON answer, or an error with a message, or the masked line of a PHP error."""
    if status == httpx.codes.INTERNAL_SERVER_ERROR and kind.startswith("text/plain"):
        assert content.decode() == MASKED
        return
    assert kind.startswith("application/json"), (status, kind, content)
    answer = json.loads(content)
    assert status in (200, 202, 400, 401, 404, 500), (status, answer)
    if status >= httpx.codes.BAD_REQUEST:
        assert isinstance(answer["message"], str)
        assert set(answer) <= {"message", "parameters", "errors", "code", "trace"}


def test_the_page_of_routes_has_exactly_the_routes_of_the_code() -> None:
    section = (ROOT / "docs/sandbox-routes.md").read_text().split("## Routes\n", 1)[1]
    told = [
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| Method")
    ]

    assert told == [
        (route.method, route.url, f"{route.interface}::{route.service_method}", route.resource)
        for route in ROUTES
    ]


def test_every_route_has_a_service_that_takes_what_its_url_holds() -> None:
    """The names in a URL are parameters of the service, or belong into its object (contract 1.4)."""
    for route in ROUTES:
        taken = {one.name for one in route.service.parameters}
        for name in re.findall(r":(\w+)", route.url):
            assert name in taken or route.method in ("PUT", "POST"), (route.method, route.url, name)
