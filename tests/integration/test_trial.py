"""`importer shops test`, against the practice shop and its faults: what is found, in words, and the exit code."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from importer.backends.magento.access import Access, Bearer
from importer.backends.magento.trial import Trial, clocks
from importer.cli.shops import exit_code_of
from importer.domain.trials import Check, Found
from importer.sandbox.shop import Shop
from tests.e2e.test_command_line import Terminal

REFUSED = {
    "message": "The consumer isn't authorized to access %resources.",
    "parameters": {"resources": "Magento_Logging::system_magento_logging_bulk_operations"},
}
BATCH_BYTES = 1 << 20


async def checks_of(
    shop: Shop, *, canary: float | None = None, ahead: float = 0.0, **words: Any
) -> dict[str, Check]:
    """Every step by name. Time passes only in the trial's own count."""
    address = words.pop("address", None) or shop.address  # type: ignore[attr-defined]
    access = Access(
        base_url=address, credentials=Bearer(token=words.pop("token", "practice-token")), read_seconds=10
    )

    async def pause(_seconds: float) -> None:
        if not shop.faults.hold_consumers:
            await shop.idle()

    trial = Trial(
        access,
        batch_bytes=BATCH_BYTES,
        pause=pause,
        now=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
    )
    found = [check async for check in trial.checks(canary=canary)]
    await trial.close()
    names = [check.name for check in found]
    assert len(set(names)) == len(names) == 11
    return {check.name: check for check in found}


def bulks_of(shop: Shop) -> list[tuple[str, str]]:
    """What the shop has taken for its consumers: method and path."""
    taken = (entry for entry in shop.journal.requests if entry["status"] == 202)
    return [(entry["method"], entry["path"]) for entry in taken]


def code(checks: dict[str, Check]) -> int:
    return exit_code_of(list(checks.values()))


async def test_a_good_shop_passes_every_step_and_nothing_is_left_in_it(shop: Shop) -> None:
    checks = await checks_of(shop)

    assert {name for name, check in checks.items() if check.found is Found.GOOD} == set(checks) - {"consumer"}
    assert checks["consumer"].found is Found.SKIPPED
    assert code(checks) == 0
    assert shop.journal.writes == []
    assert bulks_of(shop) == []
    assert "2.4.5 or older" in checks["version"].text


async def test_the_canary_proves_a_consumer_and_changes_nothing(shop: Shop) -> None:
    checks = await checks_of(shop, canary=30.0)

    assert checks["consumer"].found is Found.GOOD, checks["consumer"].text
    assert shop.journal.writes == []
    [(method, path)] = bulks_of(shop)
    assert method == "DELETE"
    assert "/async/" in path
    assert "/V1/products/" in path


async def test_a_dead_consumer_is_told_with_the_command_that_starts_it(shop: Shop) -> None:
    shop.faults.hold_consumers = True

    checks = await checks_of(shop, canary=20.0)

    assert checks["consumer"].found is Found.BAD
    assert "bin/magento queue:consumers:start async.operations.all" in checks["consumer"].text
    assert code(checks) == 3


async def test_a_wrong_token_names_the_setting_of_the_shop(shop: Shop) -> None:
    checks = await checks_of(shop, token="wrong")

    assert checks["address"].found is Found.GOOD
    assert checks["login"].found is Found.BAD
    assert "Stores > Configuration > Services > OAuth > Consumer Settings" in checks["login"].text
    assert "wrong" not in checks["login"].text
    assert {checks[name].found for name in ("look-ups", "send", "follow", "limits")} == {Found.SKIPPED}
    assert code(checks) == 4


async def test_a_token_that_may_send_and_not_follow_is_found_out(shop: Shop) -> None:
    """Contract section 4: the permission that integrations lack most often."""
    shop.faults.refuse_next(100, 401, REFUSED, method="GET", path="/rest/all/V1/bulk")

    checks = await checks_of(shop)

    assert checks["send"].found is Found.GOOD
    assert checks["follow"].found is Found.BAD
    assert "System > Action Log > Bulk Actions" in checks["follow"].text
    assert code(checks) == 4


async def test_a_token_that_may_read_and_not_send_is_found_out(shop: Shop) -> None:
    shop.faults.refuse_next(100, 401, REFUSED, method="POST")

    checks = await checks_of(shop)

    assert checks["login"].found is Found.GOOD
    assert checks["send"].found is Found.BAD
    assert code(checks) == 4


async def test_every_look_up_that_is_not_allowed_is_named(shop: Shop) -> None:
    for path in ("/rest/all/V1/taxClasses", "/rest/all/V1/categories"):
        shop.faults.refuse_next(100, 401, REFUSED, method="GET", path=path)

    checks = await checks_of(shop)

    assert checks["look-ups"].found is Found.BAD
    assert "Stores > Taxes > Tax Rules" in checks["look-ups"].text
    assert "Catalog > Inventory > Categories" in checks["look-ups"].text


async def test_a_limit_of_the_web_server_is_measured(shop: Shop) -> None:
    """1 MiB and 512 KiB do not pass, 256 KiB do; the first POST is that of the empty item."""
    shop.faults.refuse_next(1, 400, {"message": '"product" is required.'})
    shop.faults.refuse_next(2, 413, "<h1>413 Request Entity Too Large</h1>")
    checks = await checks_of(shop)

    assert checks["limits"].found is Found.WARNING
    assert f"batch_bytes = {BATCH_BYTES // 4}" in checks["limits"].text
    assert code(checks) == 0


async def test_a_shop_that_takes_an_empty_item_is_not_called_good(shop: Shop) -> None:
    shop.faults.refuse_next(1, 202, {"bulk_uuid": "u", "request_items": [], "errors": False})

    checks = await checks_of(shop)

    assert (checks["send"].found, checks["send"].code) == (Found.BAD, "shop.answer")


async def test_a_web_server_that_hangs_up_on_every_body_is_told(shop: Shop) -> None:
    shop.faults.refuse_next(1, 400, {"message": '"product" is required.'})
    shop.faults.refuse_next(100, 502, "<h1>Bad Gateway</h1>")

    checks = await checks_of(shop)

    assert (checks["limits"].found, checks["limits"].code, code(checks)) == (Found.BAD, "shop.too_large", 3)


async def test_a_put_that_cannot_be_answered_just_now_is_not_called_a_broken_route(shop: Shop) -> None:
    shop.faults.refuse_next(100, 502, "<h1>Bad Gateway</h1>", method="PUT")

    checks = await checks_of(shop)

    assert (checks["routes"].found, checks["routes"].code) == (Found.BAD, "shop.error")
    assert "async" not in checks["routes"].text


async def test_bulk_routes_that_are_broken_are_a_warning_with_the_way_round(shop: Shop) -> None:
    """Contract S1: Magento 2.4.3 and 2.4.4."""
    shop.faults.refuse_next(100, 500, "An error has happened during application run.", method="PUT")

    checks = await checks_of(shop)

    assert checks["routes"].found is Found.WARNING
    assert 'mode = "async"' in checks["routes"].text
    assert code(checks) == 0


@pytest.mark.parametrize(
    ("ahead", "found", "ends"),
    [(0.0, Found.GOOD, 0), (-120.0, Found.WARNING, 0), (1200.0, Found.BAD, 4)],
)
async def test_clocks_that_differ_are_told(shop: Shop, ahead: float, found: Found, ends: int) -> None:
    checks = await checks_of(shop, ahead=ahead)

    assert checks["clock"].found is found
    assert code(checks) == ends


def test_a_second_is_one() -> None:
    assert clocks(-1.2) == "The shop's clock and ours are 1 second apart."
    assert clocks(1200.0) == "The shop's clock and ours are 1,200 seconds apart."


async def test_a_shop_that_is_away_is_unavailable_and_a_shop_in_trouble_likewise(shop: Shop) -> None:
    checks = await checks_of(shop, address="http://127.0.0.1:9")
    assert (checks["address"].found, code(checks)) == (Found.BAD, 3)

    shop.faults.down = True
    checks = await checks_of(shop)
    assert (checks["address"].found, code(checks)) == (Found.BAD, 3)
    assert "503" in checks["address"].text


async def test_an_address_that_is_no_shop_is_a_wrong_setting(shop: Shop) -> None:
    checks = await checks_of(shop, address=f"{shop.address}/elsewhere")  # type: ignore[attr-defined]

    assert (checks["address"].code, code(checks)) == ("shop.address", 4)


async def test_a_firewall_is_told_from_a_wrong_token(shop: Shop) -> None:
    shop.faults.refuse_next(100, 403, "<h1>Access denied</h1>", method="GET")

    checks = await checks_of(shop)

    assert (checks["address"].code, code(checks)) == ("shop.blocked", 4)


async def test_the_command_prints_steps_or_json(shop: Shop, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, shop.address)  # type: ignore[attr-defined]
    listed = await terminal.type("shops", "list")
    shown = await terminal.type("shops", "test", "main", "--canary")
    told = await terminal.type("shops", "test", "main", "--json", IMPORTER_SHOPS__MAIN__TOKEN="wrong")
    unknown = await terminal.type("shops", "test", "mian")

    assert "auth = bearer, mode = bulk" in listed.out
    assert "practice-token" not in listed.out + shown.out + told.out
    assert shown.code == 0, shown.out
    assert shown.out.count("✓") == 11
    document = json.loads(told.out)
    assert (told.code, document["ready"]) == (4, False)
    assert [check["name"] for check in document["checks"] if check["found"] == "bad"] == ["login"]
    assert (unknown.code, "did you mean `main`" in unknown.err) == (2, True)
