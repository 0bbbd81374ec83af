"""Mappings and shops over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from importer.sandbox.shop import Shop
from importer.web.app import create_app
from tests.integration.conftest import make_settings
from tests.integration.test_web import CSV, TOKEN, Site, problem, serving, site

__all__ = ["site"]  # a fixture

Products = Callable[..., Path]
YAML = {"Content-Type": "application/yaml"}
FAULTY = "importer: 1\nentity: x\nkey: a\ncolumns:\n  a: {to: b, rules: [trimm]}\n"


async def test_a_mapping_is_shown_with_its_document_and_in_words(site: Site) -> None:
    shown = (await site.http.get("/v1/mappings/products")).json()
    mapping = site.run.importer.ports.mappings

    assert (shown["name"], shown["faults"]) == ("products", [])
    assert shown["text"] == mapping.text("products")
    assert "article" in [column["column"] for column in shown["columns"]]
    problem(await site.http.get("/v1/mappings/product"), 404, "unknown_name")
    for odd in ("..%2f..%2fetc%2fpasswd", "%00", "x" * 3000):
        problem(await site.http.get(f"/v1/mappings/{odd}"), 404, "unknown_name")


async def test_a_mapping_with_faults_is_listed_with_them(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FAULTY)
    [mine] = [one for one in (await site.http.get("/v1/mappings")).json()["items"] if one["name"] == "mine"]
    shown = (await site.http.get("/v1/mappings/mine")).json()

    assert [(fault["line"], fault["path"]) for fault in mine["faults"]] == [
        (1, "request"),
        (5, "columns.a.rules.0"),
    ]
    assert (shown["text"], shown["columns"]) == (FAULTY, [])


async def test_a_document_is_checked_and_an_expression_of_a_stranger_is_a_fault(site: Site) -> None:
    async def faults(text: str) -> list[str]:
        answer = await site.http.post("/v1/mappings/check", content=text.encode(), headers=YAML)
        assert answer.status_code == httpx.codes.OK, answer.text
        return [fault["path"] for fault in answer.json()["faults"]]

    good = site.run.importer.ports.mappings.text("products")
    assert await faults(good) == []
    assert await faults(FAULTY) == ["request", "columns.a.rules.0"]
    assert await faults("columns: [") != []
    assert await faults("") != []
    assert "columns.a.expr" in await faults(FAULTY.replace("rules: [trimm]", 'expr: "1"'))
    problem(await site.http.post("/v1/mappings/check", content=b"{}"), 415, "http")


async def test_the_mapping_that_fits_a_sample_comes_first_with_reasons(
    site: Site, products: Products
) -> None:
    async def suggest(content: bytes, **query: str) -> httpx.Response:
        return await site.http.post("/v1/mappings/suggest", params=query, content=content, headers=CSV)

    best = (await suggest(products(3).read_bytes(), name="list.csv")).json()["items"][0]

    assert (best["mapping"], best["ready"], best["score"]) == ("products", True, 1.0)
    assert all(match["reason"] for match in best["matches"])
    problem(await suggest(b""), 422, "file.empty")
    problem(await suggest(b"a,b\n"), 422, "file.no_rows")
    problem(await suggest(b"x", name="a.pdf"), 422, "file.format")
    problem(await suggest(b"a\n1\n", header="perhaps"), 422, "reading.header")
    problem(await suggest(b"a\n" + b"x" * (17 << 20)), 413, "too_large")


async def test_a_shop_is_tried_and_its_secrets_stay_inside(site: Site, shop: Shop) -> None:
    listed = await site.http.get("/v1/shops")
    tried = await site.http.post("/v1/shops/main/test")

    assert [one["name"] for one in listed.json()["items"]] == ["main"]
    assert (tried.status_code, tried.json()["ready"]) == (httpx.codes.OK, True)
    assert {check["found"] for check in tried.json()["checks"]} <= {"good", "warning", "skipped"}
    assert shop.token not in listed.text + tried.text
    problem(await site.http.post("/v1/shops/moon/test"), 404, "unknown_name")


async def test_a_shop_that_does_not_let_us_in_is_not_ready(site: Site, shop: Shop, tmp_path: Path) -> None:
    address = shop.address  # type: ignore[attr-defined]
    refused = make_settings(tmp_path, address, token="another-token")
    own = {"Authorization": f"Bearer {TOKEN}"}
    async with serving(create_app(replace(site.run.importer, settings=refused))) as server:
        answer = await site.stranger.post(f"{server}/v1/shops/main/test", headers=own)

    assert answer.json()["ready"] is False
    assert "shop.token" in [check["code"] for check in answer.json()["checks"]]
    assert "another-token" not in answer.text


@pytest.mark.parametrize("path", ["/v1/mappings/check", "/v1/mappings/suggest"])
async def test_an_address_of_a_command_is_no_mapping(site: Site, path: str) -> None:
    problem(await site.http.get(path), 404, "unknown_name")
