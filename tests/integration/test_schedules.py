"""Schedules from the due time to the archive: the clock is moved by hand, files, state and practice shop are real."""

import asyncio
import hashlib
import logging
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importer.bootstrap import Importer, open_importer
from importer.domain.commands import Command
from importer.domain.errors import Untimely
from importer.domain.fires import Due, Fire, FireStatus
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome
from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.web import metrics
from importer.worker import Worker
from tests.clocks import MovedClock
from tests.integration.conftest import PATIENCE, let_go

EVENING = datetime(2026, 5, 4, 20, tzinfo=UTC)
"""22:00 in Berlin; the night's run is due at 02:30 there, which is 00:30 UTC."""
TO_DUE = 4.5 * 3600 + 1
DAY = 24 * 3600.0
HEAD = "article,name,price\n"


class Night:
    """An importer whose clock and schedules a test moves."""

    def __init__(self, importer: Importer, clock: MovedClock, folder: Path) -> None:
        self.importer, self.clock, self.folder = importer, clock, folder

    async def tick(self, forward: float = 0.0) -> None:
        self.clock.forward(forward)
        await self.importer.scheduling.tick()

    async def fires(self) -> list[Fire]:
        """Oldest first."""
        return (await self.importer.nights.fires.latest("night", limit=1000))[::-1]

    async def due(self, name: str = "night") -> Due:
        [due] = [due for due in await self.importer.nights.dues.all() if due.name == name]
        return due

    async def imports(self) -> list[Import]:
        return (await self.importer.ports.imports.latest(limit=1000))[::-1]

    async def fall_due(self) -> None:
        """The clock is looked at in the evening, and then at the due time."""
        await self.tick()
        await self.tick(TO_DUE)

    async def taken(self) -> None:
        """Two looks: the files are stable."""
        await self.fall_due()
        await self.tick(11)

    def write(self, name: str, *rows: str) -> Path:
        path = self.folder / name
        path.write_text(HEAD + "\n".join(rows or ("A-1,Thing,9.90",)) + "\n", encoding="utf-8")
        return path

    async def end(self, state: Import, status: ImportStatus = ImportStatus.CANCELLED) -> None:
        reason = Reason(code="interrupted", text="Ended.")
        await self.importer.closing.abandon(state.id, status, reason)


Opened = Callable[..., Any]


@pytest.fixture
async def opened(settings: Settings, tmp_path: Path) -> AsyncIterator[Opened]:
    """`await opened(after="archive")`: an importer with the schedule `night`; called again, a second one on its state.
    `more` are documents of further ones."""
    folder, clock = tmp_path / "out", MovedClock(EVENING)
    folder.mkdir()
    async with AsyncExitStack() as stack:

        async def make(more: dict[str, Any] | None = None, **words: Any) -> Night:
            document = {
                "cron": "30 2 * * *",
                "time_zone": "Europe/Berlin",
                "source": f"file://{folder}/list_*.csv",
                "mapping": "products",
                **words,
            }
            changed = {"schedules": {"night": document, **(more or {})}, "source_roots": [tmp_path]}
            importer = await stack.enter_async_context(
                open_importer(settings.model_copy(update=changed), clock=clock)
            )
            return Night(importer, clock, folder)

        yield make


@pytest.fixture
async def night(opened: Opened) -> Night:
    made: Night = await opened()
    return made


async def worked(night: Night) -> None:
    """A worker is at work until every import has ended."""
    stepped = asyncio.Event()
    worker = asyncio.create_task(Worker(night.importer, on_step=lambda _step: stepped.set()).run())
    async with asyncio.timeout(PATIENCE):
        while await night.importer.ports.imports.unfinished():
            await stepped.wait()
            stepped.clear()
    worker.cancel()
    await asyncio.wait({worker})


async def test_a_night_from_the_due_time_to_the_archive(opened: Opened) -> None:
    night = await opened(after="archive", archive="done/%Y-%m")
    night.write("list_süd.csv", "A-1,Thing,9.90", "A-2,Other,7.50")
    await night.taken()
    [fire] = await night.fires()
    assert (fire.status, fire.fire_at) == (FireStatus.IMPORTING, datetime(2026, 5, 5, 0, 30, tzinfo=UTC))

    await worked(night)
    await night.tick(6)
    [fire], [state] = await night.fires(), await night.imports()
    assert (fire.status, state.counts) == (FireStatus.DONE, {Outcome.SUCCEEDED: 2})
    assert state.id in fire.text
    assert [path.name for path in night.folder.rglob("*.csv")] == ["list_süd.csv"]
    assert (night.folder / "done/2026-05/list_süd.csv").exists()
    due = await night.due()
    assert (due.alarm, due.import_id) == (None, state.id)
    assert due.next_at == datetime(2026, 5, 6, 0, 30, tzinfo=UTC)
    figures = (await metrics.exposition(night.importer, ""))[0].decode()
    [told] = re.findall(
        r'^importer_schedule_last_success_seconds{schedule="night"} (\S+)$', figures, re.MULTILINE
    )
    assert float(told) == pytest.approx(due.succeeded_at.timestamp())
    assert 'importer_schedule_alarm{schedule="night"} 0.0' in figures


async def test_files_are_imported_the_oldest_first_each_by_itself(night: Night) -> None:
    for age, name in ((50, "list_b.csv"), (90, "list_a.csv")):
        path = night.write(name, f"{name},Thing,1.00")
        stamp = night.clock.now().timestamp() - age
        os.utime(path, (stamp, stamp))
    await night.taken()

    assert [state.kept.name for state in await night.imports()] == ["list_a.csv", "list_b.csv"]


async def test_a_file_that_grows_while_it_is_seen_is_taken_when_it_is_whole(night: Night) -> None:
    path = night.write("list_1.csv")
    await night.fall_due()
    with path.open("a") as file:
        file.write("A-2,Other,1.00\n")
    await night.tick(11)
    [fire] = await night.fires()
    assert (fire.status, await night.imports()) == (FireStatus.LOOKING, [])
    assert "still growing" in fire.text

    await night.tick(11)
    [state] = await night.imports()
    assert state.kept.size == path.stat().st_size


async def test_a_missing_file_is_an_alarm_once_and_over_when_it_comes(
    night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "importer.schedules")
    await night.fall_due()
    assert (await night.due()).alarm is None
    for _ in range(3):
        await night.tick(1800)
    alarm = (await night.due()).alarm
    assert alarm is not None
    assert alarm.code == "source.missing"

    night.write("list_1.csv")
    await night.tick(31)
    await night.tick(11)
    await worked(night)
    await night.tick(6)
    [fire] = await night.fires()
    assert (fire.status, (await night.due()).alarm) == (FireStatus.DONE, None)
    lines = [record.getMessage().split()[0] for record in caplog.records]
    assert lines == ["action=schedule_alarm", "action=schedule_recovered"]


async def test_a_file_that_did_not_come_until_the_next_due_time_is_missing(night: Night) -> None:
    await night.fall_due()
    await night.tick(DAY)
    await night.tick(31)

    assert [fire.status for fire in await night.fires()] == [FireStatus.MISSING, FireStatus.LOOKING]


async def test_a_file_that_need_not_come_is_no_alarm(opened: Opened) -> None:
    night = await opened(late_after="never")
    await night.fall_due()

    [fire] = await night.fires()
    assert (fire.status, (await night.due()).alarm) == (FireStatus.NOTHING, None)


async def test_a_folder_that_is_gone_is_an_alarm_even_if_no_file_need_come(opened: Opened) -> None:
    night = await opened(late_after="never")
    night.folder.rmdir()
    await night.fall_due()

    [fire] = await night.fires()
    alarm = (await night.due()).alarm
    assert fire.status is FireStatus.MISSING
    assert alarm is not None
    assert str(night.folder) in alarm.text


async def test_the_same_content_never_goes_in_twice_whatever_its_name(night: Night) -> None:
    night.write("list_1.csv")
    night.write("list_copy.csv")
    await night.taken()
    [state] = await night.imports()
    await worked(night)
    await night.tick(6)

    night.write("list_3.csv")
    await night.tick(DAY)
    await night.tick(11)
    await night.tick(1801)
    assert await night.imports() == [await night.importer.ports.imports.get(state.id)]
    fire = (await night.fires())[-1]
    alarm = (await night.due()).alarm
    assert (fire.status, len(fire.left)) == (FireStatus.LOOKING, 3)
    assert alarm is not None
    assert alarm.code == "source.old"
    assert state.id in alarm.text


async def test_a_file_that_cannot_be_imported_is_told_and_does_not_hold_up_another(night: Night) -> None:
    night.write("list_good.csv")
    (night.folder / "list_bad.csv").write_text("colour,size\nred,1\n")
    await night.taken()
    await worked(night)
    await night.tick(6)

    [fire], [state] = await night.fires(), await night.imports()
    alarm = (await night.due()).alarm
    assert (fire.status, state.status) == (FireStatus.FAILED, ImportStatus.COMPLETED)
    assert alarm is not None
    assert "list_bad.csv was not taken" in fire.text


async def test_a_refused_file_is_tried_again_at_the_next_due_time(night: Night) -> None:
    path = night.folder / "list_1.csv"
    path.write_text("colour,size\nred,1\n")
    await night.taken()
    assert [fire.status for fire in await night.fires()] == [FireStatus.FAILED]

    await night.tick(DAY)
    await night.tick(11)
    assert [fire.status for fire in await night.fires()] == [FireStatus.FAILED, FireStatus.FAILED]


@pytest.mark.parametrize(("said", "status"), [("right", FireStatus.IMPORTING), ("wrong", FireStatus.FAILED)])
async def test_a_checksum_beside_the_file_decides(opened: Opened, said: str, status: FireStatus) -> None:
    night = await opened(ready="checksum")
    path = night.write("list_1.csv")
    await night.fall_due()
    [fire] = await night.fires()
    assert "list_1.csv.sha256" in fire.text

    digest = hashlib.sha256(path.read_bytes()).hexdigest() if said == "right" else "0" * 64
    (night.folder / "list_1.csv.sha256").write_text(f"{digest.upper()}  list_1.csv\n")
    await night.tick(31)
    [fire] = await night.fires()
    assert fire.status is status


async def test_companions_are_put_away_with_their_file(opened: Opened) -> None:
    night = await opened(ready="ok", after="delete")
    night.write("list_1.csv")
    (night.folder / "list_1.ok").touch()
    (night.folder / "list_2.ok").touch()
    await night.fall_due()
    await worked(night)
    await night.tick(6)

    assert [path.name for path in night.folder.iterdir()] == ["list_2.ok"]


async def test_a_file_whose_import_did_not_complete_stays(opened: Opened) -> None:
    night = await opened(after="delete")
    path = night.write("list_1.csv")
    await night.taken()
    [state] = await night.imports()
    await night.end(state)
    await night.tick(6)

    [fire] = await night.fires()
    alarm = (await night.due()).alarm
    assert (fire.status, path.exists()) == (FireStatus.FAILED, True)
    assert alarm is not None
    assert alarm.code == "schedule.failed"


async def test_a_new_file_of_the_same_name_is_not_put_away_with_the_old_one(opened: Opened) -> None:
    night = await opened(after="delete")
    path = night.write("list_1.csv")
    await night.taken()
    night.write("list_1.csv", "A-9,Another,1.00")
    await worked(night)
    await night.tick(6)

    assert path.exists()
    assert [fire.status for fire in await night.fires()] == [FireStatus.DONE]


async def test_a_due_time_waits_for_the_end_of_the_run_before_it(night: Night) -> None:
    night.write("list_1.csv")
    await night.taken()
    night.write("list_2.csv", "A-2,Other,1.00")
    await night.tick(DAY)
    await night.tick(11)
    assert [fire.status for fire in await night.fires()] == [FireStatus.IMPORTING, FireStatus.LOOKING]

    await worked(night)
    for _ in range(3):
        await night.tick(11)
    assert [fire.status for fire in await night.fires()] == [FireStatus.DONE, FireStatus.IMPORTING]
    assert [state.kept.name for state in await night.imports()] == ["list_1.csv", "list_2.csv"]


async def test_a_due_time_is_skipped_while_the_run_before_it_is_under_way(opened: Opened) -> None:
    night = await opened(overlap="skip")
    night.write("list_1.csv")
    await night.taken()
    night.write("list_2.csv", "A-2,Other,1.00")
    await night.tick(DAY)

    assert [fire.status for fire in await night.fires()] == [FireStatus.IMPORTING, FireStatus.SKIPPED]


@pytest.mark.parametrize(
    ("missed", "status"), [("run-once", FireStatus.LOOKING), ("skip", FireStatus.MISSED)]
)
async def test_due_times_at_which_nobody_was_there_are_one_fire(
    opened: Opened, missed: str, status: FireStatus
) -> None:
    night = await opened(missed=missed)
    await night.tick()
    await night.tick(3 * DAY)
    await night.tick(1)

    [fire] = await night.fires()
    assert (fire.status, fire.fire_at) == (status, datetime(2026, 5, 7, 0, 30, tzinfo=UTC))
    assert (await night.due()).next_at == datetime(2026, 5, 8, 0, 30, tzinfo=UTC)


async def test_the_window_pauses_and_resumes_an_import(opened: Opened, shop: Shop) -> None:
    shop.faults.hold_consumers = True
    night = await opened(window="02:00-03:00")
    night.write("list_1.csv")
    await night.taken()
    [state] = await night.imports()
    await night.tick(1800)
    assert (await night.importer.ports.imports.get(state.id)).status is ImportStatus.PAUSED

    await night.tick(23 * 3600)
    assert (await night.importer.ports.imports.get(state.id)).status is not ImportStatus.PAUSED
    let_go(shop)


async def test_what_a_person_says_outside_the_window_stands(opened: Opened) -> None:
    night = await opened(window="02:00-03:00")
    night.write("list_1.csv")
    await night.taken()
    [state] = await night.imports()
    await night.tick(1800)
    await night.importer.steering.resume(state.id, Command(by="Nils"))
    await night.tick(60)
    assert (await night.importer.ports.imports.get(state.id)).status is not ImportStatus.PAUSED

    await night.importer.steering.pause(state.id, Command(by="Nils"))
    await night.tick(22.5 * 3600)
    assert (await night.importer.ports.imports.get(state.id)).status is ImportStatus.PAUSED


async def test_nothing_is_begun_outside_the_window(opened: Opened) -> None:
    night = await opened(window="04:00-05:00")
    night.write("list_1.csv")
    await night.taken()
    [fire] = await night.fires()
    assert (await night.imports(), fire.look_at) == ([], datetime(2026, 5, 5, 2, tzinfo=UTC))

    await night.tick(1.5 * 3600)
    await night.tick(11)
    assert len(await night.imports()) == 1


async def test_two_nodes_that_look_at_the_clock_at_once_import_a_file_once(opened: Opened) -> None:
    one, two = await opened(), await opened()
    one.write("list_1.csv")
    for forward in (0.0, TO_DUE, 11.0, 6.0):
        one.clock.forward(forward)
        await asyncio.gather(*(node.tick() for node in (one, two) for _ in range(3)))

    assert len(await one.imports()) == 1
    assert len(await two.fires()) == 1


async def test_a_person_runs_it_now_and_not_while_it_runs(night: Night) -> None:
    await night.tick()
    night.write("list_1.csv")
    begun = await night.importer.scheduling.begin("night")
    await night.importer.scheduling.go_on(begun)
    night.clock.forward(11)
    fire = await night.importer.scheduling.go_on(begun)
    assert (fire.status, fire.manual) == (FireStatus.IMPORTING, True)
    with pytest.raises(Untimely, match="under way"):
        await night.importer.scheduling.begin("night")

    await worked(night)
    night.clock.forward(6)
    assert (await night.importer.scheduling.go_on(begun)).status is FireStatus.DONE
    assert (await night.due()).next_at == datetime(2026, 5, 5, 0, 30, tzinfo=UTC)


async def test_a_run_now_without_a_file_ends_at_once(night: Night) -> None:
    begun = await night.importer.scheduling.begin("night")

    fire = await night.importer.scheduling.go_on(begun)
    assert fire.status is FireStatus.MISSING
    assert "There is no file" in fire.text


async def test_what_a_dry_run_took_can_still_be_imported(opened: Opened) -> None:
    dry = await opened(dry_run=True)
    dry.write("list_1.csv")
    await dry.taken()
    await worked(dry)
    await dry.tick(6)
    real = await opened()
    await real.tick(DAY)
    await real.tick(11)

    assert [state.dry_run for state in await real.imports()] == [True, False]


async def test_a_mapping_that_is_gone_is_an_alarm_and_no_crash(opened: Opened) -> None:
    night = await opened(mapping="gone")
    night.write("list_1.csv")
    await night.taken()

    [fire] = await night.fires()
    assert fire.status is FireStatus.FAILED
    assert "gone" in fire.text


async def test_a_folder_that_may_not_be_read_any_more_is_an_alarm_and_tried_again(opened: Opened) -> None:
    night = await opened(source="file:///srv/elsewhere/*.csv")
    await night.fall_due()

    [fire] = await night.fires()
    alarm = (await night.due()).alarm
    assert fire.status is FireStatus.LOOKING
    assert alarm is not None
    assert alarm.code == "source.root"


async def test_a_plan_takes_nothing_and_tells_what_would_be_taken(night: Night) -> None:
    night.write("list_1.csv")
    (night.folder / "list_2.csv.part").touch()
    plan = await night.importer.planning.plan("night")
    assert [entry.name for entry in plan.takes] == ["list_1.csv"]
    assert len(plan.runs) == 5
    assert (await night.imports(), await night.fires()) == ([], [])

    await night.taken()
    plan = await night.importer.planning.plan("night")
    assert (plan.takes, list(plan.leaves)) == ([], ["list_1.csv"])
    assert plan.missing is not None
