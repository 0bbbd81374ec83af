"""Schedules that follow others, and schedules whose imports are held: the clock is moved by hand, the rest is real."""

import asyncio
from pathlib import Path

from importer.domain.commands import Command
from importer.domain.fires import Fire, FireStatus
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.worker import Worker
from tests.integration.conftest import PATIENCE
from tests.integration.test_schedules import DAY, TO_DUE, Night, Opened, opened, worked

__all__ = ["opened"]  # a fixture

GATE = "invalid < 1%"
GOOD, BAD = "A-1,Thing,9.90", "A-2,Third,x"


def chained(folder: Path, **words: str) -> dict[str, str]:
    """A schedule without due times of its own."""
    return {
        "follows": "night",
        "time_zone": "Europe/Berlin",
        "source": f"file://{folder}/out/stock_*.csv",
        "mapping": "products",
        "ready": "ok",
        **words,
    }


async def held(night: Night) -> Import:
    """A worker is at work until an import is held."""
    stepped = asyncio.Event()
    worker = asyncio.create_task(Worker(night.importer, on_step=lambda _step: stepped.set()).run())
    async with asyncio.timeout(PATIENCE):
        while (state := (await night.imports())[-1]).status is not ImportStatus.HELD:
            await stepped.wait()
            stepped.clear()
    worker.cancel()
    await asyncio.wait({worker})
    return state


async def followers(night: Night) -> list[Fire]:
    """Oldest first."""
    return (await night.importer.nights.fires.latest("stock", limit=100))[::-1]


async def products_imported(night: Night, *rows: str) -> None:
    """The night's run has ended."""
    night.write("list_1.csv", *rows)
    await night.taken()
    await worked(night)
    await night.tick(6)


def stock_comes(night: Night) -> None:
    night.write("stock_1.csv", "S-1,Other,1.00")
    (night.folder / "stock_1.ok").touch()


async def test_a_schedule_is_due_when_the_run_that_it_follows_has_ended_and_the_gate_holds(
    opened: Opened, tmp_path: Path
) -> None:
    night = await opened(more={"stock": chained(tmp_path, gate=GATE)})
    stock_comes(night)
    night.write("list_1.csv", GOOD)
    await night.taken()
    await night.tick(60)
    assert await followers(night) == []

    await worked(night)
    await night.tick(6)
    for _ in range(3):
        await night.tick(1)
    [run], [follower] = await night.fires(), await followers(night)
    assert (run.status, follower.status) == (FireStatus.DONE, FireStatus.IMPORTING)
    assert follower.follows_at == run.fire_at
    await worked(night)
    await night.tick(6)
    assert [fire.status for fire in await followers(night)] == [FireStatus.DONE]
    assert [state.counts for state in await night.imports()] == [{Outcome.SUCCEEDED: 1}] * 2


async def test_a_gate_that_does_not_hold_is_told_with_its_figures(opened: Opened, tmp_path: Path) -> None:
    night = await opened(more={"stock": chained(tmp_path, gate=GATE)})
    stock_comes(night)
    await products_imported(night, GOOD, BAD)
    for _ in range(3):
        await night.tick(1)

    [follower] = await followers(night)
    assert follower.status is FireStatus.GATED
    assert "1 of 2 rows (50 %) are invalid, and the gate is invalid < 1%" in follower.text
    alarm = (await night.due("stock")).alarm
    assert alarm is not None
    assert (alarm.code, alarm.text) == ("schedule.gated", follower.text)
    assert len(await night.imports()) == 1


async def test_what_follows_a_run_that_failed_is_gated_and_so_is_what_follows_that(
    opened: Opened, tmp_path: Path
) -> None:
    night = await opened(more={"stock": chained(tmp_path), "last": chained(tmp_path, follows="stock")})
    (night.folder / "list_bad.csv").write_text("colour,size\nred,1\n")
    await night.taken()
    for _ in range(3):
        await night.tick(1)

    [run], [follower] = await night.fires(), await followers(night)
    [last] = await night.importer.nights.fires.latest("last", limit=9)
    assert [run.status, follower.status, last.status] == [
        FireStatus.FAILED, FireStatus.GATED, FireStatus.GATED]  # fmt: skip
    assert "list_bad.csv was not taken" in last.text


async def test_a_run_that_had_nothing_to_do_is_followed(opened: Opened, tmp_path: Path) -> None:
    night = await opened(late_after="never", more={"stock": chained(tmp_path, gate=GATE)})
    stock_comes(night)
    await night.fall_due()
    for _ in range(3):
        await night.tick(1)

    assert [fire.status for fire in await night.fires()] == [FireStatus.NOTHING]
    assert [fire.status for fire in await followers(night)] == [FireStatus.IMPORTING]


async def test_each_run_is_followed_once_though_two_nodes_look_at_the_clock(
    opened: Opened, tmp_path: Path
) -> None:
    one, two = (
        await opened(more={"stock": chained(tmp_path, gate=GATE)}),
        await opened(more={"stock": chained(tmp_path, gate=GATE)}),
    )
    stock_comes(one)
    await products_imported(one, GOOD)
    for forward in (1.0, 1.0, 1.0, 6.0):
        one.clock.forward(forward)
        await asyncio.gather(*(node.tick() for node in (one, two) for _ in range(3)))

    assert len(await followers(two)) == 1
    assert len(await one.imports()) == 2


async def test_a_schedule_may_have_due_times_of_its_own_as_well(opened: Opened, tmp_path: Path) -> None:
    night = await opened(more={"stock": chained(tmp_path, cron="30 2 * * *", ready="stable")})
    night.write("list_1.csv", GOOD)
    await night.fall_due()
    night.write("stock_1.csv", "S-1,Other,1.00")
    await night.tick(11)
    await worked(night)
    for _ in range(4):
        await night.tick(6)

    assert [fire.follows_at is None for fire in await followers(night)] == [True, False]


async def test_runs_before_a_schedule_followed_them_are_not_followed(opened: Opened, tmp_path: Path) -> None:
    await products_imported(await opened(), GOOD)
    night = await opened(more={"stock": chained(tmp_path, gate=GATE)})
    for _ in range(3):
        await night.tick(1)

    assert await followers(night) == []


async def test_an_import_that_breaks_a_limit_is_an_alarm_until_a_person_has_decided(opened: Opened) -> None:
    night = await opened(rows_within="50%", cron="30 2 * * *")
    await night.tick()
    for number in range(4):
        night.write(f"list_{number}.csv", *(f"A-{number}{row},Thing {number}{row},1.00" for row in range(4)))
        await night.tick(DAY if number else TO_DUE)
        await night.tick(11)
        await worked(night)
        await night.tick(6)
    night.write("list_9.csv", "A-99,Thing,1.00")
    await night.tick(DAY)
    await night.tick(11)
    state = await held(night)
    assert state.held is not None
    assert "The file has 1 row; the median of the 4 imports" in state.held.text
    await night.tick(6)
    alarm = (await night.due()).alarm
    assert alarm is not None
    assert alarm.code == "schedule.held"
    assert state.id in alarm.text

    await night.importer.steering.release(state.id, Command(by="nils"))
    await night.tick(6)
    assert (await night.due()).alarm is None
    await worked(night)
    await night.tick(6)
    assert [fire.status for fire in await night.fires()][-1] is FireStatus.DONE
