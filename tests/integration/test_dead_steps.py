"""A step that always fails is set aside: its import says so, everything else goes on, and it can be given back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import update

from importer.bootstrap import open_importer
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.domain.steps import MOST_CRASHES, Step, StepKind
from importer.settings import Settings
from importer.store.database import open_database
from importer.store.tables import steps
from importer.worker import Worker
from tests.integration.conftest import Running

Products = Callable[..., Path]


class Poison(Worker):
    """A worker that breaks at some steps, as by a defect."""

    def __init__(self, run: Running, kind: StepKind, *targets: str) -> None:
        super().__init__(run.importer, on_step=run.stepped)
        self.targets = set(targets)
        self._healthy = self._handlers
        self._handlers = {**self._handlers, kind: self._break}

    async def _break(self, step: Step) -> float | None:
        if any(step.target.endswith(target) for target in self.targets):
            raise ValueError("the customer's secret")
        return await self._healthy[step.kind](step)


@asynccontextmanager
async def poisoned(settings: Settings, kind: StepKind, target: str) -> AsyncIterator[tuple[Running, Poison]]:
    """All steps have had their defects but one: growing delays between them are shown elsewhere."""
    async with open_importer(settings) as importer:
        run = Running(importer)
        worker = Poison(run, kind, target)
        task = asyncio.create_task(worker.run())
        try:
            yield run, worker
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def age(settings: Settings) -> None:
    """Whatever has failed once has failed as often as it may, but once."""
    async with open_database(settings.database_address) as database, database.writing() as connection:
        failed = steps.c.crashes > 0, steps.c.dead_at.is_(None)
        await connection.execute(update(steps).where(*failed).values(crashes=MOST_CRASHES - 1, due_at=0))


async def stuck(run: Running, settings: Settings, import_id: str) -> Import:
    """The import, once it says that it waits for a dead step."""

    def dead(state: Import) -> bool:
        return state.ended or (state.waiting is not None and state.waiting.code == "defect")

    async with asyncio.timeout(30):
        while not dead(state := await run.importer.ports.imports.get(import_id)):
            await age(settings)
            await asyncio.sleep(0.05)
    return state


def others(number: int) -> dict[int, dict[str, str]]:
    """Products that no other file of the test holds."""
    return {row: {"article": f"B-{row}", "name": f"Other {row}"} for row in range(1, number + 1)}


async def test_an_import_with_a_dead_step_waits_and_says_so_and_goes_on_when_it_is_given_back(
    settings: Settings, products: Products
) -> None:
    async with poisoned(settings, StepKind.DELIVER, ".11") as (run, worker):
        accepted = await run.accept(products(30))
        await stuck(run, settings, accepted.id)
        state = await run.until(lambda state: state.counts.get(Outcome.SUCCEEDED) == 20, accepted.id)
        beside = await run.run(products(10, others(10), name="other.csv"))
        [dead] = await run.importer.ports.ledger.dead()
        waits = await stuck(run, settings, accepted.id)
        worker.targets.clear()
        await run.importer.ports.ledger.requeue([dead.step])
        done = await run.finished(accepted.id)

    assert state.equation == "30 rows read = 10 pending + 20 succeeded"
    assert beside.equation == "10 rows read = 10 succeeded"
    assert waits.waiting is not None
    assert "importer consumers dead" in waits.waiting.text
    assert "ValueError (test_dead_steps.py, line" in dead.reason
    assert "secret" not in dead.reason + waits.waiting.text
    assert done.equation == "30 rows read = 30 succeeded"
    assert done.waiting is None


async def test_batches_that_nobody_follows_any_more_keep_no_place_of_the_shop(
    settings: Settings, products: Products
) -> None:
    one = {"main": settings.shops["main"].model_copy(update={"batches_in_flight": 1, "pace": "fixed"})}
    narrow = settings.model_copy(update={"shops": one})
    async with poisoned(narrow, StepKind.TRACK, ".1") as (run, worker):
        accepted = await run.accept(products(30))
        state = await stuck(run, narrow, accepted.id)
        state = await run.until(lambda state: state.counts.get(Outcome.SUCCEEDED) == 20, accepted.id)
        worker.targets.clear()
        dead = await run.importer.ports.ledger.dead()
        await run.importer.ports.ledger.requeue([one.step for one in dead])
        done = await run.finished(accepted.id)

    assert state.equation == "30 rows read = 10 pending + 20 succeeded"
    assert done.equation == "30 rows read = 30 succeeded"


async def test_a_run_with_limited_patience_ends_with_the_defect_and_leaves_no_dead_step(
    settings: Settings, products: Products
) -> None:
    impatient = settings.model_copy(update={"patience_seconds": 60.0})
    async with poisoned(impatient, StepKind.DELIVER, ".11") as (run, _):
        state = await stuck(run, impatient, (await run.accept(products(30))).id)
        async with asyncio.timeout(10):
            while await run.importer.ports.ledger.dead():
                await asyncio.sleep(0.05)  # it is struck off after the import's end

    assert state.status is ImportStatus.FAILED
    assert state.failure is not None
    assert state.failure.code == "defect"
    assert state.equation_holds
