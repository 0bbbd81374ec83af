"""The page as a person uses it, in a real Chromium: upload, watch, read the report, take the failed rows home."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.web.app import create_app
from tests.conftest import CHROMIUM
from tests.integration.conftest import products, settings, shop, working

__all__ = ["products", "settings", "shop"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TOKEN = "imp_token-of-the-tests"
FILE = "File: drop it here, or choose it"
MAPPING = "#upload select[name=mapping]"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    async with working(settings) as run:
        await run.importer.tokens.add("tests", TOKEN)
        runner = web.AppRunner(create_app(run.importer), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def open_page(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """Logged in; the list fills with everything the browser complains about, the page's own policy included."""
    page = await (await browser.new_context(accept_downloads=True)).new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Import a file")).to_be_visible()
    return page, complaints


async def begin(page: Page, source: Path, *, how: str = "Import it at once") -> None:
    """Fill the form of the first page and send it."""
    await page.get_by_label(FILE).set_input_files(source)
    await expect(page.get_by_role("heading", name="What this file is")).to_be_visible()
    await page.locator(MAPPING).select_option("products")
    await page.get_by_label(how).check()
    await page.get_by_role("button", name="Go on").click()


async def test_upload_progress_report_download(
    browser: Browser, address: str, shop: Shop, tmp_path: Path
) -> None:
    source = tmp_path / "liste.csv"
    rows = [f"P-{n:03d},Thing {n},{'cheap' if n == 7 else '3.50'}" for n in range(1, 41)]
    source.write_text("\n".join(["article,name,price", *rows]) + "\n")
    shop.faults.hold_consumers = True
    page, complaints = await open_page(browser, address)

    await begin(page, source)

    # Sent, not yet confirmed: the two bars tell the truth, and move without a reload. A shop of which nothing is known gets
    # two batches.
    await expect(page.get_by_text("Sent: 20 of 39")).to_be_visible()
    await expect(page.get_by_text("Confirmed by the shop: 0 of 39")).to_be_visible()
    await page.evaluate("window.notReloaded = true")
    shop.faults.hold_consumers = False
    shop.wake()
    await expect(page.locator("#status")).to_have_text("completed")
    await expect(page.locator("#equation")).to_have_text("40 rows read = 39 succeeded + 1 invalid")
    assert await page.evaluate("window.notReloaded")

    await expect(page.locator("#rows")).to_contain_text("'cheap' is not a number.")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download them in the file's own layout").click()
    taken = (await (await download.value).path()).read_text(encoding="utf-8")
    [row] = csv.DictReader(io.StringIO(taken))
    assert (row["article"], row["price"], row["_row"], row["_line"]) == ("P-007", "cheap", "7", "8")
    assert complaints == []


async def test_a_refused_file_is_told_above_the_form(browser: Browser, address: str, tmp_path: Path) -> None:
    source = tmp_path / "colours.csv"
    source.write_text("colour\nred\n")
    page, _ = await open_page(browser, address)

    await begin(page, source)

    await expect(page.get_by_role("alert")).to_contain_text("The file has no column article")
    await expect(page.get_by_role("heading", name="Import a file")).to_be_visible()


async def test_the_page_can_be_used_by_keyboard_and_left_again(browser: Browser, address: str) -> None:
    page, complaints = await open_page(browser, address)

    names = []
    for _ in range(16):
        await page.keyboard.press("Tab")
        names.append(await page.evaluate("document.activeElement.textContent + document.activeElement.name"))
        await asyncio.sleep(0)
    assert any("Log out" in name for name in names)
    assert any("mapping" in name for name in names)
    assert any("file" in name for name in names)

    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert complaints == []
