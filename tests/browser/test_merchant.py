"""A merchant's day on the page, in a real Chromium: drop, check, go, a stalled shop, German; axe finds nothing to mend."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from importer.domain.tokens import NewToken, Scope
from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.web.app import create_app
from importer.web.keys import Rhythm
from tests.browser.test_page import FILE, MAPPING, TOKEN, begin, browser, open_page
from tests.integration.conftest import let_go, make_settings, products, shop, working

__all__ = ["browser", "products", "shop"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NIGHT = {
    "cron": "30 2 * * *",
    "time_zone": "Europe/Berlin",
    "mapping": "products",
    "ready": "ok",
    "late_after": "never",
}


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    """With a schedule, and a shop that is said to stall soon."""
    (tmp_path / "out").mkdir()
    night = {"night": {**NIGHT, "source": f"{(tmp_path / 'out').as_uri()}/*.csv"}}
    made = make_settings(tmp_path, shop.address, stall_seconds=0.5)  # type: ignore[attr-defined]
    return made.model_copy(update={"schedules": night, "source_roots": [tmp_path]})


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    async with working(settings) as run:
        await run.importer.tokens.add("tests", TOKEN)
        await run.importer.tokens.create(NewToken(name="warehouse", scope=Scope.IMPORT, shops=("main",)))
        runner = web.AppRunner(create_app(run.importer, Rhythm(look=0.1)), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def listing(folder: Path, *, wrong: int = 1, rows: int = 40) -> Path:
    path = folder / "liste.csv"
    lines = [f"P-{n:03d};Thing {n};{'cheap' if n <= wrong else '3.50'};red" for n in range(1, rows + 1)]
    path.write_text("\n".join(["article;name;price;my colour", *lines]) + "\n")
    return path


async def violations(page: Page) -> list[str]:
    """What axe has against the page, each with its place; evaluated by the debugger, so the page's policy stays on."""
    await page.evaluate(AXE)
    found: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{page.url} {one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def test_a_file_is_recognised_checked_and_imported_as_it_was_checked(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page, complaints = await open_page(browser, address)
    source = listing(tmp_path, wrong=2)

    await page.get_by_label(FILE).set_input_files(source)
    look = page.locator("#look")
    await expect(look).to_contain_text("liste.csv: 40 rows, 4 columns")
    await expect(look).to_contain_text('";" (semicolon) fits 41 of 41 records')
    await expect(look).to_contain_text("utf-8")
    await page.locator(MAPPING).select_option("products")
    used = page.get_by_role("table", name="Columns that are used").locator("visible=true")
    await expect(used).to_contain_text("P-001 P-002 P-003")
    unused = page.get_by_role("table", name="Columns that are not used").locator("visible=true")
    await expect(unused).to_contain_text("my colour")
    assert await violations(page) == []

    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#ready")).to_have_text("38 ready, 2 need you")
    await expect(page.locator("#causes")).to_contain_text("2")
    await expect(page.locator("#rows tbody tr")).to_have_count(2)
    assert await violations(page) == []

    await page.get_by_role("button", name="Import these 38 rows now").click()
    await expect(page.locator("#equation")).to_have_text("40 rows read = 38 succeeded + 2 invalid")
    await expect(page.locator("#timeline")).to_contain_text("The import is completed")
    assert complaints == []


async def test_a_file_that_is_dropped_is_looked_at_and_one_that_is_none_is_refused_in_a_sentence(
    browser: Browser, address: str
) -> None:
    page, _ = await open_page(browser, address)
    drop = """([name, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text], name));
        document.querySelector("#drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, cancelable: true}));
    }"""

    await page.evaluate(drop, ["a.csv", "article,name,price\nA,B,1\n"])
    await expect(page.locator("#look")).to_contain_text("a.csv: 1 row, 3 columns")
    await page.evaluate(drop, ["a.pdf", "%PDF"])
    await expect(page.get_by_role("alert")).to_contain_text("a.pdf: files of the type `.pdf` are not read")
    await expect(page.locator("#look")).to_be_empty()


async def test_a_stalled_shop_shows_two_bars_and_the_command_to_copy(
    browser: Browser, address: str, shop: Shop, tmp_path: Path
) -> None:
    shop.faults.hold_consumers = True
    page, complaints = await open_page(browser, address)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await begin(page, listing(tmp_path))

    await expect(page.get_by_text("Sent: 20 of 39")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("confirmed nothing for")
    await expect(page.locator("#figures")).to_contain_text("up to 2 batches of 10 rows at once")
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == (
        "bin/magento queue:consumers:start async.operations.all"
    )
    assert await violations(page) == []
    let_go(shop)
    await expect(page.locator("#status")).to_have_text("completed")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("img", name="Rows sent and rows answered over time")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_anything_that_axe_would_mend(
    browser: Browser, address: str, tmp_path: Path, scheme: Any
) -> None:
    page, complaints = await open_page(browser, address)
    await page.emulate_media(color_scheme=scheme)
    await begin(page, listing(tmp_path))
    await expect(page.locator("#status")).to_have_text("completed")
    found = await violations(page)
    paths = ("/", "/?status=failed", "/?status=huh", "/schedules", "/shops", "/mappings", "/mappings/products", "/tokens",
             "/docs", "/imports/none", "/login", "/?lang=de", "/tokens?lang=de")  # fmt: skip
    for path in paths:
        await page.goto(f"{address}{path}")
        found += await violations(page)

    assert found == []
    assert [one for one in complaints if "404" not in one] == []


async def test_the_page_speaks_german_and_keeps_to_it(browser: Browser, address: str, tmp_path: Path) -> None:
    context = await browser.new_context(locale="de-DE")
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_label("Zugangsschlüssel").fill(TOKEN)
    await page.get_by_role("button", name="Anmelden").click()
    await page.get_by_label("Datei: hierher ziehen").set_input_files(listing(tmp_path))
    await expect(page.locator("#look")).to_contain_text("liste.csv: 40 Zeilen, 4 Spalten")
    await page.locator(MAPPING).select_option("products")
    await page.get_by_role("button", name="Weiter").click()
    await expect(page.locator("#ready")).to_have_text("39 bereit, 1 zu klären")

    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#ready")).to_have_text("39 ready, 1 need you")
    await page.get_by_role("link", name="Schedules").click()
    await expect(page.get_by_role("heading", name="Schedules")).to_be_visible()
    await context.close()


async def test_lists_can_be_filtered_tested_and_run(browser: Browser, address: str, tmp_path: Path) -> None:
    page, complaints = await open_page(browser, address)
    await begin(page, listing(tmp_path))
    await expect(page.locator("#status")).to_have_text("completed")

    await page.get_by_role("link", name="importer").click()
    await page.get_by_label("Only: Status").select_option("failed")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_text("No import fits this filter.")).to_be_visible()
    await page.get_by_label("Only: Status").select_option("completed")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator("#imports")).to_contain_text("40 rows read = 39 succeeded + 1 invalid")

    await page.get_by_role("link", name="Shops").click()
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_role("status")).to_contain_text("main is ready for imports.")

    await page.get_by_role("link", name="Schedules").click()
    await expect(page.get_by_role("listitem").filter(has_text="02:30")).to_have_count(5)
    await page.get_by_role("button", name="Run now").click()
    await expect(page.get_by_text("run by hand")).to_be_visible()

    await page.get_by_role("link", name="Tokens").click()
    await page.get_by_label("Whom it is for").fill("night")
    await page.get_by_label("Last day").fill("2020-01-01")
    await page.get_by_role("button", name="Make it").click()
    await expect(page.get_by_role("alert")).to_contain_text("is over")
    await expect(page.get_by_label("Whom it is for")).to_have_value("night")
    await page.get_by_label("Last day").fill("")
    await page.get_by_role("button", name="Make it").click()
    await expect(page.locator("#secret")).to_contain_text("imp_")
    await page.get_by_role("button", name="Take back night").click()
    await expect(page.locator("#tokens")).not_to_contain_text("night")
    assert [one for one in complaints if "422" not in one] == []


@pytest.mark.parametrize("path", ["/", "/schedules", "/shops", "/mappings/products", "/tokens"])
async def test_every_page_fits_a_phone(browser: Browser, address: str, path: str) -> None:
    page, _ = await open_page(browser, address)
    await page.set_viewport_size({"width": 360, "height": 700})
    await page.goto(f"{address}{path}")

    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
