"""The pages beside the upload: another shop's schedules do not exist, a checked file goes once, and only when it was checked."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from importer.domain.tokens import Scope
from importer.settings import Settings, ShopSettings
from tests.integration.conftest import products, settings, shop, working
from tests.integration.test_access import as_token
from tests.integration.test_web import TOKEN, Products, Site, logged_in

__all__ = ["products", "settings", "shop"]  # fixtures

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def site(settings: Settings, tmp_path: Path) -> AsyncIterator[Site]:
    """Two shops, and a schedule of the first one; the stranger has logged in."""
    second = ShopSettings(base_url="http://127.0.0.1:9", token=SecretStr("none"))
    night = {
        "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin",
        "source": f"{tmp_path.as_uri()}/*.none",
        "mapping": "products",
        "shop": "main",
    }
    changes = {
        "shops": {**settings.shops, "second": second},
        "schedules": {"night": night},
        "source_roots": [tmp_path],
    }
    async with working(settings.model_copy(update=changes)) as run, logged_in(run) as site:
        await site.stranger.post("/login", data={"token": TOKEN})
        yield site


async def test_another_shops_schedule_does_not_exist(site: Site) -> None:
    async with as_token(site, "other", scope=Scope.IMPORT, shops=("second",)) as http:
        assert "night" not in (await http.get("/schedules")).text
        refused = await http.post("/schedules/night/run")
        unknown = await http.post("/schedules/never/run")
        assert (refused.status_code, refused.text.replace("night", "never")) == (404, unknown.text)
    async with as_token(site, "own", scope=Scope.READ, shops=("main",)) as http:
        assert "night" in (await http.get("/schedules")).text


async def test_a_checked_file_goes_once_however_often_it_is_pressed(site: Site, products: Products) -> None:
    checked = await site.finished(products(3).read_bytes(), shop="main", mode="check")
    assert "Import these 3 rows now" in (await site.stranger.get(f"/imports/{checked['id']}")).text

    pressed = [await site.stranger.post(f"/imports/{checked['id']}/go", headers=OWN) for _ in range(2)]

    [address] = {answer.headers["location"] for answer in pressed}
    state = await site.run.finished(address.rpartition("/")[2])
    assert (state.dry_run, state.equation, state.kept.sha256) == (
        False,
        "3 rows read = 3 succeeded",
        checked["file"]["sha256"],
    )
    refused = await site.stranger.post(f"/imports/{state.id}/go", headers=OWN)
    assert (refused.status_code, "Only an import that was checked" in refused.text) == (409, True)
    across = await site.stranger.post(
        f"/imports/{checked['id']}/go", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert across.status_code == httpx.codes.FORBIDDEN


async def test_a_language_is_remembered_and_the_pages_policy_stays_strict(site: Site) -> None:
    chosen = await site.stranger.get("/", params={"lang": "de"})

    assert "Eine Datei importieren" in chosen.text
    assert '<html lang="de">' in (await site.stranger.get("/shops")).text
    policy = chosen.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
