"""Two processes on one state, two imports of the same products: no product is written by both at once."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.server import running
from tests.chaos.checker import Shelf, commands
from tests.chaos.mixes import Mix, Row
from tests.chaos.processes import Service, environment, tell

ROWS = 300


def mix_of(name: str, price: str) -> Mix:
    rows = [Row(sku=f"P-{number:03d}", name=f"Thing {number}", price=price) for number in range(ROWS)]
    return Mix(
        name=name, rows=rows, bugs={}, incidents=[], idempotent=True, consumers=3, magento="2.4.6", seed=1
    )


@pytest.mark.parametrize("killed_after", [None, 150])
async def test_two_imports_of_the_same_products_by_two_processes(
    killed_after: int | None, tmp_path: Path
) -> None:
    """One process may be killed in the middle: the other goes on with its work."""
    first, second = mix_of("first", "5.00"), mix_of("second", "7.00")
    shop = first.shop()
    written, killed = 0, asyncio.Event()
    async with running(shop) as address:
        words = environment(tmp_path, {"main": {"BASE_URL": address}})
        one = Service(words)
        await one.start()
        await one.ready()
        other = await one.another()

        def heard(entry: Mapping[str, Any]) -> None:
            nonlocal written
            written += entry["kind"] == "write"
            if written == killed_after and not killed.is_set():
                one.kill()
                killed.set()

        shop.journal.heard = heard
        await other.ready()
        ids = [
            await one.upload(first.write(tmp_path), mapping="products", shop="main"),
            await other.upload(second.write(tmp_path), mapping="products", shop="main"),
        ]
        states = [await other.ended(import_id) for import_id in ids]
        await one.stop()
        await other.stop()
        shelf = Shelf(address)
        held, overlaps, writes = await shelf.held(), await shelf.overlaps(), await shelf.writes()
        told = await tell(words, [commands(import_id)[2] for import_id in ids])
        for story in await tell(words, [commands(import_id)[1] for import_id in ids]):
            print(story.out)  # noqa: T201 - shown when the test fails

    assert [state["counts"]["succeeded"] for state in states] == [ROWS, ROWS]
    assert not overlaps
    assert len(writes) == 2 * ROWS
    assert {held[row.sku] for row in second.rows} == {(row.name, 7.0) for row in second.rows}
    assert [one.code for one in told] == [0, 0]
    assert killed.is_set() == (killed_after is not None)
