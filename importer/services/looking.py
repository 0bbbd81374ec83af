"""A fire looks at its source: files that are whole and new are kept and handed to the intake, each content once for ever."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from statistics import median

from importer.domain import arrivals
from importer.domain.arrivals import Entry
from importer.domain.errors import FileDamaged, RequestError, SourceMissing
from importer.domain.fires import Fire, FireStatus, Left, Taken
from importer.domain.imports import Reason
from importer.domain.limits import DAYS, Limits
from importer.domain.schedules import Ready, Schedule
from importer.ports import Ports, SchedulePorts, Source
from importer.services import rhythms
from importer.services.alarms import SOURCE, Alarms
from importer.services.intake import Intake, Order

log = logging.getLogger("importer.schedules")

LOOK_SECONDS = 30.0
"""Between two looks for a file that has not come."""
CHUNK_BYTES = 1 << 20
COMPANION_BYTES = 4096
CHANGED = "file.changed"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a look came to: why files are not taken yet, which are not to be taken, and why there may be none at all."""

    waiting: Mapping[str, str]
    left: Mapping[str, Left]
    fire: Fire
    missing: Reason | None = None


class Looking:
    def __init__(
        self, ports: Ports, nights: SchedulePorts, intake: Intake, alarms: Alarms, *, upload_limit: int
    ) -> None:
        self._ports = ports
        self._nights = nights
        self._intake = intake
        self._alarms = alarms
        self._limit = upload_limit

    async def look(self, schedule: Schedule, fire: Fire, *, last: bool) -> Fire:
        """The fire as it is afterwards. `last`: a later one waits already, so this one ends if nothing came."""
        found = await self._find(schedule, fire)
        fire = replace(found.fire, left=found.left)
        if fire.refused:
            await self._alarms.ring(schedule.name, "schedule.refused", " ".join(fire.refused))
        now = self._ports.clock.now()
        taken = await self._nights.taken_files.taken(schedule.ledger, fire_at=fire.fire_at)
        if found.waiting and not last:
            text = "; ".join(f"{name}: {why}" for name, why in found.waiting.items())
            await self._say_if_late(schedule, fire, Reason(code="source.waiting", text=text))
            return replace(fire, text=text, look_at=now + timedelta(seconds=_pause(schedule)))
        if taken:
            names = ", ".join(one.name for one in taken)
            return replace(fire, status=FireStatus.IMPORTING, text=f"Imports {names}.", look_at=now)
        if fire.refused:
            return replace(fire, status=FireStatus.FAILED, text=" ".join(fire.refused))
        return await self._nothing(schedule, fire, found, last=last)

    async def _nothing(self, schedule: Schedule, fire: Fire, found: Found, *, last: bool) -> Fire:
        why = found.missing or _nothing_new(schedule, found)
        if fire.manual:
            return replace(fire, status=FireStatus.MISSING, text=why.text)
        if schedule.late_after is None:
            if found.missing is None:
                await self._alarms.end(schedule.name, only=SOURCE)
                return replace(fire, status=FireStatus.NOTHING, text=why.text)
            await self._alarms.ring_late(schedule.name, why)
            return replace(fire, status=FireStatus.MISSING, text=why.text)
        if last:
            await self._alarms.ring_late(schedule.name, why)
            return replace(fire, status=FireStatus.MISSING, text=why.text)
        await self._say_if_late(schedule, fire, why)
        pause = min(LOOK_SECONDS, schedule.late_after or LOOK_SECONDS)
        return replace(fire, text=why.text, look_at=self._ports.clock.now() + timedelta(seconds=pause))

    async def _say_if_late(self, schedule: Schedule, fire: Fire, why: Reason) -> None:
        if not fire.manual and schedule.late_after is not None:
            late = _expected(schedule, fire) + timedelta(seconds=schedule.late_after)
            if self._ports.clock.now() >= late:
                await self._alarms.ring_late(schedule.name, why)

    async def _find(self, schedule: Schedule, fire: Fire) -> Found:
        left = dict(fire.left)
        try:
            async with self._nights.sources.at(schedule.source) as source:
                seen = arrivals.look(await source.entries(), schedule, fire.seen, self._ports.clock.now())
                fire, waiting = replace(fire, seen=seen.seen), dict(seen.waiting)
                for entry in seen.ready:
                    try:
                        told = await self._offer(
                            schedule, fire, source, entry, seen.companions.get(entry.name)
                        )
                    except FileDamaged as error:
                        if error.code != CHANGED:
                            raise
                        waiting[entry.name] = "it was changed while it was read"
                        continue
                    if told is not None:
                        left[entry.name] = told
        except SourceMissing as error:
            return Found(waiting={}, left=left, fire=fire, missing=Reason(code=error.code, text=error.text))
        return Found(waiting=waiting, left=left, fire=fire)

    async def _offer(
        self, schedule: Schedule, fire: Fire, source: Source, entry: Entry, companion: Entry | None
    ) -> Left | None:
        """Take the file; or why not."""
        known = fire.left.get(entry.name)
        if known is not None and known.mark == entry.mark:
            return known
        for taken in await self._nights.taken_files.taken(schedule.ledger, name=entry.name):
            if entry.sure and taken.mark == entry.mark:
                return None if taken.fire_at == fire.fire_at else _twice(entry, taken)
        folder = f"schedules/{fire.id}/{token_hex(8)}"
        kept = f"{folder}/file"
        try:
            _, sha256 = await self._ports.files.keep(kept, source.read(entry), limit=self._limit)
            for taken in await self._nights.taken_files.taken(schedule.ledger, sha256=sha256):
                return _twice(entry, taken)
            said = await _said(schedule, source, companion)
            if said not in (None, sha256):
                text = f"{entry.name}: its SHA-256 is {sha256}, and its companion says '{said}'."
                return Left(mark=entry.mark, text=text, refused=True)
            await self._take(schedule, fire, entry, kept, sha256)
        except RequestError as error:
            if error.code == CHANGED:
                raise
            return Left(mark=entry.mark, text=f"{entry.name} was not taken: {error.text}", refused=True)
        finally:
            await self._ports.files.remove(folder)
        return None

    async def _take(self, schedule: Schedule, fire: Fire, entry: Entry, kept: str, sha256: str) -> None:
        """Should the process end between the two records, the next one comes to the same import by its key."""
        order = Order(
            name=entry.name,
            mapping=schedule.mapping,
            shop=schedule.shop or self._only_shop(),
            dry_run=schedule.dry_run,
            patience=schedule.patience,
            check_first=schedule.check_first,
            max_errors=schedule.max_errors,
            limits=await self._limits(schedule),
            idempotency_key=fire.key(sha256),
        )
        accepted = await self._intake.accept(order, self._chunks(kept))
        taken = Taken(
            schedule=schedule.ledger,
            sha256=sha256,
            fire_at=fire.fire_at,
            name=entry.name,
            mark=entry.mark,
            import_id=accepted.id,
            taken_at=self._ports.clock.now(),
        )
        await self._nights.taken_files.record(taken)
        log.info("action=schedule_took schedule=%s import=%s", schedule.name, accepted.id)

    async def _limits(self, schedule: Schedule) -> Limits:
        """The schedule's, with what its own imports of the last days were; who has none is not looked for."""
        if not schedule.limits.given:
            return schedule.limits
        since = self._ports.clock.now() - timedelta(days=DAYS)
        earlier = await self._nights.taken_files.rows(schedule.ledger, since=since)
        return schedule.limits.against(earlier, median(earlier) if earlier else 0.0)

    def _only_shop(self) -> str:
        """Raises RequestError."""
        names = self._ports.shops.names()
        if len(names) != 1:
            known = ", ".join(names) or "none is configured"
            raise RequestError(f"The schedule names no shop ({known}).", code="shop.which")
        return names[0]

    async def _chunks(self, kept: str) -> AsyncIterator[bytes]:
        start = 0
        while chunk := await self._ports.files.read(kept, start=start, length=CHUNK_BYTES):
            yield chunk
            start += len(chunk)


def _pause(schedule: Schedule) -> float:
    """Until the next look at a file that is not whole yet."""
    return schedule.stable_for if schedule.ready is Ready.STABLE else LOOK_SECONDS


def _expected(schedule: Schedule, fire: Fire) -> datetime:
    """From when on a file is waited for: the due time, or the opening of the window after it."""
    local = rhythms.of(schedule).local(fire.fire_at)
    if schedule.window is None or schedule.window.is_open(local):
        return fire.fire_at
    return schedule.window.opening(local)


def _nothing_new(schedule: Schedule, found: Found) -> Reason:
    if found.left:
        text = " ".join(one.text for one in found.left.values())
        return Reason(code="source.old", text=f"There is no new file in {schedule.source}. {text}")
    return Reason(code="source.missing", text=f"There is no file {schedule.source}.")


def _twice(entry: Entry, taken: Taken) -> Left:
    text = (
        f"{entry.name} holds what was imported {taken.taken_at:%Y-%m-%d %H:%M} UTC as {taken.import_id} ({taken.name}); "
        "it does not go in twice."
    )
    return Left(mark=entry.mark, text=text, refused=False)


async def _said(schedule: Schedule, source: Source, companion: Entry | None) -> str | None:
    """The SHA-256 that the file must have, in the form of `sha256sum`; None when nobody says one."""
    if schedule.ready is not Ready.CHECKSUM or companion is None:
        return None
    content = b""
    async for chunk in source.read(companion):
        content += chunk
        if len(content) > COMPANION_BYTES:
            break
    words = content[:COMPANION_BYTES].decode("utf-8", "replace").lower().split()
    return words[0][:80] if words else ""
