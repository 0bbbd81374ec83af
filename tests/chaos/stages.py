"""A shop on its stage: what a mix lets happen there, and who hears of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.chaos.checker import Shelf
from tests.chaos.mixes import KNOWN, Director, Mix


@asynccontextmanager
async def played(
    mix: Mix, listener: Callable[[Mapping[str, Any]], None]
) -> AsyncIterator[tuple[Shop, Shelf, int]]:
    """The mix's shop with some of its products at another price, how a client sees it, and how much was written so."""
    shop = mix.shop()
    async with running(shop) as address:
        shelf = Shelf(address)
        await shelf.fill(mix.rows[:KNOWN])
        await shop.idle()
        director = Director(shop, mix)

        def heard(entry: Mapping[str, Any]) -> None:
            director.heard(entry)
            listener(entry)

        mark = len(await shelf.writes())
        director.begin()
        shop.journal.heard = heard
        yield shop, shelf, mark


async def calm(shop: Shop) -> None:
    """Its incidents and bugs are over, and what lay in its queue is done."""
    shop.faults.change({"cut_connections": False, "hold_consumers": False})
    shop.bugs.off()
    await shop.idle()
