"""Duties of the clock: what is done every so often by one of all processes, whichever comes first. There is no leader."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from importer.bootstrap import Importer
from importer.domain.errors import ConfigurationError, ImporterError, StateUnavailable

log = logging.getLogger("importer.duties")

LOOK_SECONDS = 1.0
"""Between two looks whether a duty is due that another process may have been killed in."""


TICK_SECONDS, TICKS_AT_ONCE = 5.0, 4
"""Between two looks at the clock of the schedules, and how many looks may be under way."""


@dataclass(frozen=True)
class Duty:
    """Done about every `seconds`. It may be done twice (by a process that stood still) and must bear that."""

    seconds: float
    do: Callable[[Importer], Awaitable[None]]


async def sweep(importer: Importer) -> None:
    """Publish what the state asks for, and say what is dead."""
    await importer.dispatch.sweep()
    await importer.dead.tell()


async def clean(importer: Importer) -> None:
    """Remove the files whose time is over, and announcements of long ago."""
    await importer.retention.sweep()
    await importer.uploading.sweep()
    await importer.notices.announcing.clean()


async def announce(importer: Importer) -> None:
    """Tell whoever wants to know."""
    await importer.notices.announcing.sweep()


async def digest(importer: Importer) -> None:
    """Make the digests that are due."""
    await importer.notices.digest.look()


DUTIES: dict[str, Duty] = {
    "sweep": Duty(5.0, sweep),
    "clean": Duty(3600.0, clean),
    "announce": Duty(2.0, announce),
    "digest": Duty(30.0, digest),
}


async def on_duty(importer: Importer) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as group:
        for name, duty in DUTIES.items():
            group.create_task(_repeat(importer, name, duty))


async def _repeat(importer: Importer, name: str, duty: Duty) -> None:
    while True:
        try:
            if await importer.ports.duties.take(name, seconds=duty.seconds) is not None:
                await duty.do(importer)
        except ImporterError as error:
            log.warning("action=duty_failed duty=%s why=%s", name, error.text)
        except Exception:
            log.exception("action=duty_crashed duty=%s", name)
        await asyncio.sleep(min(LOOK_SECONDS, duty.seconds))


async def keep_time(importer: Importer) -> None:
    """Look at the clock of the schedules until cancelled; each due time fires once, however many processes look. A long
    look does not hold up the next one: what is worked on is held by its lease. Raises ConfigurationError."""
    async with asyncio.TaskGroup() as ticks:
        places = asyncio.Semaphore(TICKS_AT_ONCE)
        while True:
            await places.acquire()
            ticks.create_task(_tick(importer)).add_done_callback(lambda _done: places.release())
            await asyncio.sleep(TICK_SECONDS)


async def _tick(importer: Importer) -> None:
    """A defect of schedules is logged, and does not stop imports."""
    try:
        await importer.scheduling.tick()
    except (ConfigurationError, asyncio.CancelledError):
        raise
    except StateUnavailable as error:
        log.warning("action=state_unavailable why=%s", error.text)
    except Exception:
        log.exception("action=tick_crashed")
