"""The report in a real Chromium: as it is served, and as a file that somebody was sent."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_page import address, begin, browser, open_page
from tests.integration.conftest import products, settings, shop

__all__ = ["address", "browser", "products", "settings", "shop"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


async def uploaded(page: Page, tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    cells = HOSTILE.replace('"', '""')
    rows = [f"P-{n:03d},Thing {n},{chr(34) + cells + chr(34) if n == 7 else '3.50'}" for n in range(1, 31)]
    source.write_text("\n".join(["article,name,price", *rows]) + "\n")
    await begin(page, source)
    await expect(page.locator("#status")).to_have_text("completed")


async def test_the_report_is_one_click_away_and_nothing_in_it_runs(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page, complaints = await open_page(browser, address)
    await uploaded(page, tmp_path)
    await page.get_by_role("link", name="The whole report").click()

    await expect(page.locator("#equation")).to_have_text("30 rows read = 29 succeeded + 1 invalid")
    await expect(page.get_by_role("img", name="Rows sent and rows answered over time")).to_be_visible()
    table = page.get_by_role("table", name="Every reason of every such row, in the order of the file")
    await expect(table).to_contain_text(HOSTILE)
    assert await page.title() == "Report: liste.csv"
    for part in ("Causes", "Rows that need a person", "Attempts", "Time line", "Pace", "Where the time went"):
        await page.get_by_role("navigation").get_by_role("link", name=part, exact=True).click()
        await expect(page.get_by_role("heading", name=part, exact=True)).to_be_in_viewport()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert (await download.value).suggested_filename.endswith("-rows.csv")
    assert complaints == []


async def test_the_links_of_the_page_bring_the_rows_in_every_layout(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page, complaints = await open_page(browser, address)
    await uploaded(page, tmp_path)

    for name, ending in (("XLSX", "xlsx"), ("JSON Lines", "jsonl")):
        async with page.expect_download() as download:
            await page.get_by_role("link", name=name).click()
        taken = await download.value
        assert taken.suggested_filename.endswith(f"-rows.{ending}")
        assert (await taken.path()).stat().st_size > 0
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_file_alone_is_readable_by_day_and_night_on_a_small_screen_and_on_paper(
    browser: Browser, address: str, tmp_path: Path, scheme: str
) -> None:
    page, _ = await open_page(browser, address)
    await uploaded(page, tmp_path)
    link = await page.locator("#report").get_attribute("href")
    content = await (await page.request.get(f"{address}{link}")).text()
    path = tmp_path / "report.html"
    path.write_text(content, encoding="utf-8")

    context = await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 360, "height": 700},
        java_script_enabled=True,
    )
    alone = await context.new_page()
    complaints: list[str] = []
    alone.on("console", lambda message: complaints.append(message.text))
    requests: list[str] = []
    alone.on("request", lambda request: requests.append(request.url))
    await alone.goto(path.as_uri())

    ink, ground = await alone.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (ink, ground) == (
        ("rgb(27, 31, 36)", "rgb(255, 255, 255)")
        if scheme == "light"
        else ("rgb(232, 234, 237)", "rgb(20, 23, 27)")
    )
    assert await alone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert await alone.title() == "Report: liste.csv"
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    await alone.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
    assert await alone.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert await alone.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    await context.close()
