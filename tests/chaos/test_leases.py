"""A lease that runs out while its work goes on: a machine that stood still for a moment sends nothing twice."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from importer.bootstrap import join_services, open_importer
from importer.domain.batches import Batch, BatchStatus, Sending
from importer.domain.rows import Outcome
from importer.domain.steps import StepKind
from importer.ports import Batches
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.services.dispatch import batch_step
from importer.services.intake import prepare_step
from importer.store.database import open_database
from tests.chaos.processes import TOKEN
from tests.clocks import HandClock
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


class Standing:
    """The batches, for a machine that stands still as soon as it has recorded an intent."""

    def __init__(self, batches: Batches, stand_still: Callable[[], None]) -> None:
        self._batches, self._stand_still = batches, stand_still

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batches, name)

    async def record_sending(self, batch: Batch, **words: Any) -> Sending:
        sending = await self._batches.record_sending(batch, **words)
        self._stand_still()
        return sending


async def test_a_machine_that_stood_still_before_its_request_does_not_send_what_others_look_for(
    tmp_path: Path,
) -> None:
    """They find no bulk and send the batch; when it wakes, its own request must not follow."""
    path = tmp_path / "list.csv"
    path.write_text("article,name,price\nS-1,Thing,5\n")
    shop, clock = Shop(catalog=load_catalog(), token=TOKEN), HandClock()
    async with (
        running(shop) as address,
        open_importer(make_settings(tmp_path, address, settle_seconds=30)) as importer,
    ):
        ports, settings = importer.ports, importer.settings
        asleep = replace(
            ports,
            batches=Standing(ports.batches, lambda: clock.forward(60)),
            clock=clock,  # type: ignore[arg-type]
        )
        state = await Running(importer).accept(path)
        await importer.preparation.prepare(prepare_step(state))
        [batch] = await ports.batches.of(state.id, {BatchStatus.WAITING})
        step = batch_step(StepKind.DELIVER, batch, state)
        again = await join_services(
            settings, asleep, importer.nights, importer.tokens, importer.notices
        ).delivery.deliver(step)
        sent = len(shop.journal.writes)
        await importer.delivery.deliver(step)
        await shop.idle()

    assert (again, sent) == (0.0, 0)
    assert len(shop.journal.writes) == 1
