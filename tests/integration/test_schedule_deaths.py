"""A process dies before and after every single thing that it does for a schedule and one that follows it: nothing is lost,
nothing goes in twice, and each run is followed once."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from importer.bootstrap import join_services, open_importer
from importer.domain.fires import FireStatus
from importer.domain.imports import ImportStatus, Reason
from importer.settings import Settings
from tests.clocks import MovedClock
from tests.integration.test_schedules import EVENING, TO_DUE, Night

AT_LEAST = 30
"""Moments of one night; fewer would mean that this test does not look where it should."""


class Killed(BaseException):
    """Nothing catches it."""


class Life:
    def __init__(self, moments: int) -> None:
        self.moments = moments

    def pass_moment(self) -> None:
        """What is dead stays dead: clean-up does not run either."""
        self.moments -= 1
        if self.moments < 0:
            raise Killed


class Mortal:
    """A port whose user may die before each call and after it."""

    def __init__(self, port: Any, life: Life) -> None:
        self._port, self._life = port, life

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._port, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **words: Any) -> Any:
            self._life.pass_moment()
            result = await method(*args, **words)
            self._life.pass_moment()
            return result

        return call


def mortal(night: Night, settings: Settings, life: Life) -> Night:
    """The same state, clock and files in the hands of a process with a short life."""
    ports, nights = night.importer.ports, night.importer.nights
    doomed = replace(
        nights,
        **{name: Mortal(getattr(nights, name), life) for name in ("dues", "fires", "taken_files")},
    )
    bodies = replace(
        ports, **{name: Mortal(getattr(ports, name), life) for name in ("imports", "files", "queue")}
    )
    return Night(
        join_services(settings, bodies, doomed, night.importer.tokens, night.importer.notices),
        night.clock,
        night.folder,
    )


async def imported(night: Night) -> None:
    """What the worker would do."""
    for state in await night.importer.ports.imports.unfinished():
        reason = Reason(code="interrupted", text="Done.")
        await night.importer.closing.abandon(state.id, ImportStatus.COMPLETED, reason)


async def run_through(night: Night, due: datetime) -> None:
    """From the due time to the end of the import, the file's deletion, and the end of the run that follows."""
    night.clock.forward((due - night.clock.now()).total_seconds())
    await night.tick()
    await imported(night)
    for _ in range(3):
        await night.tick(6)


async def test_a_death_at_any_moment_loses_no_file_and_imports_none_twice(
    settings: Settings, tmp_path: Path
) -> None:
    folder, clock = tmp_path / "out", MovedClock(EVENING)
    folder.mkdir()
    document = {
        "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin",
        "source": f"file://{folder}/list_*.csv",
        "mapping": "products",
        "ready": "ok",
        "after": "delete",
    }
    own = {
        "source": f"file://{folder}/stock_*.csv",
        "late_after": "never",
        "follows": "night",
        "gate": "failed = 0",
    }
    follower = {word: value for word, value in document.items() if word not in ("cron", "after")} | own
    changed = settings.model_copy(
        update={"schedules": {"night": document, "stock": follower}, "source_roots": [tmp_path]}
    )
    async with open_importer(changed, clock=clock) as importer:
        night = Night(importer, clock, folder)
        await night.tick()
        moments, alive = 0, False
        while not alive:
            due = EVENING + timedelta(days=moments, seconds=TO_DUE)
            night.write("list_1.csv", f"A-{moments},Thing,1.00")
            (folder / "list_1.csv.ok").touch()
            try:
                await run_through(mortal(night, changed, Life(moments)), due)
                alive = True
            except Killed:
                await run_through(night, max(due, clock.now()) + timedelta(seconds=changed.lease_seconds + 1))
            moments += 1
            fires, imports = await night.fires(), await night.imports()
            assert [fire.status for fire in fires] == [FireStatus.DONE] * len(fires), moments
            assert len({state.kept.sha256 for state in imports}) == len(imports) == moments, moments
            assert not list(folder.iterdir()), moments
            followers = (await importer.nights.fires.latest("stock", limit=1000))[::-1]
            assert [one.follows_at for one in followers] == [fire.fire_at for fire in fires], moments
            assert {one.status for one in followers} == {FireStatus.NOTHING}, moments

    assert moments >= AT_LEAST
    assert not [path for path in (settings.data_dir / "files/schedules").rglob("*") if path.is_file()]
