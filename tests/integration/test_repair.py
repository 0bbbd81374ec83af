"""The way back: rows that failed are taken home, mended in that very file, imported as it is, and all succeed."""

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.web.app import create_app
from tests.integration.conftest import ROOT, Running, make_settings, working

TOKEN = "imp_token-of-the-tests"

GOOD = {
    "sku": "00042", "store_view_code": "", "attribute_set_code": "Top", "product_type": "simple",
    "categories": "Default Category/Men/Tops", "product_websites": "base", "name": 'Größe "XL"; weiß',
    "description": "<p>Erste Zeile;\r\nzweite Zeile</p>", "short_description": "'=nicht rechnen", "weight": "0.5",
    "product_online": "1", "visibility": "Catalog, Search", "price": "12.50", "url_key": "groesse-xl", "meta_title": "=1+1",
    "meta_keywords": "-5", "meta_description": "+49 30 1234567", "additional_attributes": "", "qty": "7", "is_in_stock": "1",
}  # fmt: skip
"""A row as a German Excel keeps it: leading zeros, umlauts, several lines, cells that look like formulas."""

DAMAGED: list[tuple[dict[str, str], str, str]] = [
    ({"sku": "00042", "price": "zwölf fünfzig"}, "zwölf fünfzig", "12.50"),
    ({"sku": "00043", "url_key": "b", "price": "-3"}, "-3", "3"),
    ({"sku": "00044", "url_key": "c", "attribute_set_code": "Töpp"}, "Töpp", "Top"),
    ({"sku": "00045", "url_key": "d", "weight": "=1/2 kg"}, "=1/2 kg", "0.5"),
    ({"sku": "00046", "url_key": "taken"}, "taken", "free"),
]
"""Changes to the good row, the wrong cell, and what mends it. The last one only the shop can refuse."""


def the_file() -> bytes:
    rows = [
        {**GOOD, "sku": f"0{n}", "url_key": f"u-{n}", "name": f"Hübsche Mütze {n}"} for n in range(10, 30)
    ]
    rows.append({**GOOD, "sku": "first", "url_key": "taken"})
    rows += [{**GOOD, **changes} for changes, _, _ in DAMAGED]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, GOOD, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("cp1252")


class Site:
    """The importer and the practice shop with the Luma catalogue, over real HTTP."""

    def __init__(self, run: Running, shop: Shop, address: str) -> None:
        self.run = run
        self.shop = shop
        self.http = httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"})

    async def sent(self, name: str, content: bytes, mapping: str = "magento-products") -> dict[str, Any]:
        answer = await self.http.post(
            "/v1/imports", data={"mapping": mapping, "shop": "main"}, files={"file": (name, content)}
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        assert (await self.run.finished(answer.json()["id"])).equation_holds
        state: dict[str, Any] = (await self.http.get(answer.headers["location"])).json()
        return state


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    shop = Shop(catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token="practice-token")
    async with running(shop) as address, working(make_settings(tmp_path, address, batch_size=30)) as run:
        await run.importer.tokens.add("tests", TOKEN)
        runner = web.AppRunner(create_app(run.importer), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site = Site(run, shop, f"http://127.0.0.1:{runner.addresses[0][1]}")
        try:
            yield site
        finally:
            await site.http.aclose()
            await runner.cleanup()


def mend_text(encoding: str) -> Callable[[bytes], bytes]:
    def mend(content: bytes) -> bytes:
        text = content.decode(encoding)
        for changes, wrong, right in DAMAGED:
            at = text.index(changes["sku"])  # a row begins with its key
            place = re.compile(rf"(?<=[;\"])'?{re.escape(wrong)}(?=[;\"])").search(text, at)
            assert place is not None, wrong
            text = text[: place.start()] + right + text[place.end() :]
        return text.encode(encoding)

    return mend


def mend_workbook(content: bytes) -> bytes:
    """Changes the cells in the sheet's own XML; everything else stays as it was."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.namelist():
            text = before.read(part)
            if part == "xl/worksheets/sheet1.xml":
                sheet = text.decode()
                for changes, wrong, right in DAMAGED:
                    cell = re.compile(rf"(?<=>)'?{re.escape(wrong)}(?=<)")
                    sheet, times = re.subn(
                        rf"(<t[^>]*>{changes['sku']}</t>.*?)({cell.pattern})",
                        rf"\g<1>{right}",
                        sheet,
                        count=1,
                        flags=re.DOTALL,
                    )
                    assert times == 1, wrong
                text = sheet.encode()
            after.writestr(part, text)
    return out.getvalue()


MENDING: dict[str, Callable[[bytes], bytes]] = {
    "csv": mend_text("cp1252"),
    "jsonl": mend_text("utf-8"),
    "xlsx": mend_workbook,
}


@pytest.mark.parametrize("layout", MENDING)
async def test_damaged_rows_are_mended_in_their_own_layout_and_all_succeed(site: Site, layout: str) -> None:
    state = await site.sent("produkte.csv", the_file())
    assert state["equation"] == "26 rows read = 21 succeeded + 4 invalid + 1 failed"
    assert state["file"]["reading"]["encoding"] == "cp1252"

    taken = await site.http.get(f"/v1/imports/{state['id']}/rows.{layout}")
    again = await site.sent(f"rows.{layout}", MENDING[layout](taken.content))

    assert again["equation"] == "5 rows read = 5 succeeded"
    for changes, _, _ in DAMAGED:
        product = site.shop.products.get(changes["sku"])
        values = {entry["attribute_code"]: entry["value"] for entry in product["custom_attributes"]}
        assert product["name"] == GOOD["name"]
        assert {code: values[code] for code in ("short_description", "meta_title", "meta_description")} == {
            code: GOOD[code] for code in ("short_description", "meta_title", "meta_description")
        }
        assert (values["description"], values["meta_keyword"]) == (GOOD["description"], "-5")
        assert float(product["weight"]) == 0.5
    assert {site.shop.products.get(sku)["price"] for sku in ("00042", "00043")} == {12.5, 3}


async def test_a_row_that_is_not_mended_fails_again_as_it_did(site: Site) -> None:
    state = await site.sent("produkte.csv", the_file())
    before = (await site.http.get(f"/v1/imports/{state['id']}/report")).json()["rows"]
    for layout in MENDING:
        taken = await site.http.get(f"/v1/imports/{state['id']}/rows.{layout}")
        again = await site.sent(f"rows.{layout}", taken.content)
        after = (await site.http.get(f"/v1/imports/{again['id']}/report")).json()["rows"]

        said = ("key", "column", "value", "code", "text", "fix", "outcome")
        assert [[row[word] for word in said] for row in after] == [
            [row[word] for word in said] for row in before
        ]


async def test_the_rows_of_chosen_outcomes_alone(site: Site) -> None:
    state = await site.sent("produkte.csv", the_file())
    url = f"/v1/imports/{state['id']}/rows.csv"

    async def skus(query: str) -> list[str]:
        text = (await site.http.get(f"{url}?{query}")).content.decode("cp1252")
        return [row["sku"] for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";")]

    assert await skus("outcome=failed") == ["00046"]
    assert await skus("outcome=invalid") == ["00042", "00043", "00044", "00045"]
    assert len(await skus("outcome=invalid,failed")) == len(await skus("outcome=invalid&outcome=failed")) == 5
    assert await skus("outcome=blocked") == []
    for wrong in ("outcome=succeeded", "outcome=lost"):
        refused = await site.http.get(f"{url}?{wrong}")
        assert (refused.status_code, refused.json()["code"]) == (422, "query.outcome")
    assert (await site.http.get("/v1/imports/imp_x/rows.xlsx")).json()["code"] == "import.unknown"
    assert (await site.http.get(f"/v1/imports/{state['id']}/rows.pdf")).status_code == httpx.codes.NOT_FOUND


async def test_what_the_shop_says_stands_beside_what_we_say(site: Site) -> None:
    state = await site.sent("produkte.csv", the_file())
    report = (await site.http.get(f"/v1/imports/{state['id']}/report")).json()
    refused = report["rows"][-1]

    assert (refused["key"], refused["code"]) == ("00046", "shop.rejected")
    assert refused["sentence"] == "The shop refused this row."
    assert refused["shop_says"] == refused["text"] == "URL key for specified store already exists."
    assert [row["shop_says"] for row in report["rows"][:-1]] == [None] * 4
    assert [(c["code"], c["column"], c["rows"], c["needs_person"]) for c in report["causes"]] == [
        ("number", "price", 1, True), ("number.minimum", "price", 1, True), ("look_up.unknown", "attribute_set_code", 1, True),
        ("number", "weight", 1, True), ("shop.rejected", None, 1, True),
    ]  # fmt: skip
    assert report["equation_in_words"] == (
        "Of 26 rows read: the shop confirmed 21 rows, 4 rows refused by our own check and never sent, the shop refused 1 row. "
        "It adds up: no row is missing and none counts twice."
    )


async def test_the_report_comes_as_what_the_client_wants(site: Site) -> None:
    state = await site.sent("produkte.csv", the_file())
    url = f"/v1/imports/{state['id']}/report"

    async def kind(accept: str) -> str:
        return (
            (await site.http.get(url, headers={"Accept": accept})).headers["content-type"].partition(";")[0]
        )

    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    wishes = {
        "*/*": "application/json", "application/json": "application/json", "text/html": "text/html", browser: "text/html",
        "text/csv": "text/csv", "text/html;q=0.4, application/json;q=0.5": "application/json", "text/*": "text/html",
        "text/html;q=0, */*;q=0.1": "application/json", "application/pdf": "application/problem+json",
    }  # fmt: skip
    assert {accept: await kind(accept) for accept in wishes} == wishes
    page = await site.http.get(url, params={"format": "html"})
    assert page.text.lstrip().startswith("<!doctype html>")
    assert "default-src 'none'; style-src 'sha256-" in page.headers["content-security-policy"]
    assert "26 rows read = 21 succeeded" in page.text
    assert page.headers["vary"] == "Accept"
    assert (await site.http.get(url, params={"format": "pdf"})).json()["code"] == "query.format"
    assert (
        await site.http.get(url, headers={"Accept": "application/pdf"})
    ).status_code == httpx.codes.NOT_ACCEPTABLE


async def test_the_report_tells_batches_time_line_pace_and_time(site: Site) -> None:
    state = await site.sent("produkte.csv", the_file())
    report = (await site.http.get(f"/v1/imports/{state['id']}/report")).json()

    assert sum(line["events"] for line in report["timeline"]) == len(
        await site.run.importer.ports.imports.events(state["id"])
    )
    assert [batch["number"] for batch in report["batches"]] == list(range(1, len(report["batches"]) + 1))
    assert all(batch["receipts"] == [batch["bulk_uuid"]] for batch in report["batches"])
    assert report["pace"]["points"][-1][1:] == [22, 22]
    assert sum(part["seconds"] for part in report["time"]["parts"]) == pytest.approx(
        report["time"]["wall_seconds"]
    )
