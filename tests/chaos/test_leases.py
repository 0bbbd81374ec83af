"""A lease that runs out while its work goes on: a machine that stood still for a moment sends nothing twice."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from importer.domain.batches import BatchStatus
from importer.domain.rows import Outcome
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.store.database import open_database
from tests.chaos.processes import TOKEN
from tests.integration.conftest import Running, make_settings, working

ROWS = 5


async def _sending(run: Running, import_id: str) -> bool:
    return bool(await run.importer.ports.batches.of(import_id, {BatchStatus.SENDING}))


async def test_a_request_under_way_is_not_taken_for_lost_by_its_own_process(tmp_path: Path) -> None:
    """The shop needs a second to take the bulk; meanwhile the step becomes due again, as after a long stand-still."""
    path = tmp_path / "list.csv"
    path.write_text(
        "\n".join(["article,name,price", *(f"S-{number},Thing {number},5" for number in range(ROWS))])
    )
    shop = Shop(catalog=load_catalog(), token=TOKEN, setup=Setup(latency={"submit": 1.0}))
    async with running(shop) as address:
        settings = make_settings(tmp_path, address, settle_seconds=0.01)
        settings = settings.model_copy(update={"lease_seconds": 60.0})  # nobody prolongs a lease in that time
        async with working(settings) as run, open_database(settings.database_address) as database:
            state = await run.accept(path)
            while not await _sending(run, state.id):
                await asyncio.sleep(
                    0.01
                )  # the request is on its way then: the shop says nothing before it is taken
            async with database.writing() as connection:
                await connection.execute(text("UPDATE steps SET due_at = 0"))
            state = await run.finished(state.id)

    assert state.counts[Outcome.SUCCEEDED] == ROWS
    assert len(shop.journal.writes) == ROWS
    assert not shop.journal.repeated()
