"""Pictures of the page for the README, taken from the real thing: `python -m tests.browser.screens`."""

import asyncio
import tempfile
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page, async_playwright, expect

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.web.app import create_app
from importer.web.keys import Rhythm
from tests.browser.test_page import FILE, FLAGS, TOKEN
from tests.conftest import CHROMIUM
from tests.integration.conftest import ROOT, make_settings, working

FOLDER = ROOT / "docs/screens"
SAMPLE = ROOT / "samples/coffee.csv"
SIZE = (1024, 900)
PACE = 12.0
"""Rows a second of the practice shop's consumer: the bars are caught on their way."""


async def _drop(page: Page, label: str) -> None:
    await page.get_by_label(label).set_input_files(SAMPLE)
    await expect(page.locator("#look h2")).to_be_visible()


async def _tour(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Log in").click()
    await _drop(page, FILE)
    await page.locator("#look").scroll_into_view_if_needed()
    await _picture(page, "drop", top="#drop")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#ready")).to_be_visible()
    await _picture(page, "check")
    await page.get_by_role("button", name="Import these").click()
    await expect(page.locator("#figures")).to_contain_text("rows confirmed in a second", timeout=60_000)
    await _picture(page, "live")
    await page.get_by_role("link", name="Deutsch").click()
    await expect(page.locator("#status")).to_have_text("abgeschlossen", timeout=120_000)
    await _picture(page, "result-german")


async def _picture(page: Page, name: str, *, top: str = "main") -> None:
    await page.evaluate("top => document.querySelector(top).scrollIntoView()", top)
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    shop = Shop(catalog=load_catalog(None), pace=PACE)
    with tempfile.TemporaryDirectory(prefix="importer-screens-") as folder:
        async with running(shop) as address:
            settings = make_settings(
                Path(folder), address, token=shop.token, batch_size=20, settle_seconds=1.0
            )
            async with working(settings) as run:
                await run.importer.tokens.add("screens", TOKEN)
                runner = web.AppRunner(create_app(run.importer, Rhythm(look=0.2)), access_log=None)
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                async with async_playwright() as playwright:
                    browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
                    page = await browser.new_page(
                        viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-GB"
                    )
                    await _tour(page, f"http://127.0.0.1:{runner.addresses[0][1]}")
                    await browser.close()
                await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
