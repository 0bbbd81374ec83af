"""Which files of a source may be taken now: they fit, they are whole, the oldest goes first. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from importer.domain.fires import Seen
from importer.domain.schedules import Ready, Schedule

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
"""Endings of files that are being written; the name begins anew when they are whole."""

OK, CHECKSUM = ".ok", ".sha256"
COMPANIONS = (OK, CHECKSUM)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file as a source shows it. `size` is in bytes. While `mark` is the same, so is the content; if not `sure`,
    another content may have the same mark."""

    name: str
    size: int | None
    changed_at: datetime | None
    mark: str
    sure: bool = True


@dataclass(frozen=True, kw_only=True)
class Look:
    """`ready`: oldest first. `waiting`: name -> why it is not taken yet. `seen` is what the next look has to know."""

    ready: Sequence[Entry]
    waiting: Mapping[str, str]
    companions: Mapping[str, Entry] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)


def look(entries: Sequence[Entry], schedule: Schedule, seen: Mapping[str, Seen], now: datetime) -> Look:
    """`companions`: name of a ready file -> the file that vouches for it."""
    known = {entry.name: entry for entry in entries}
    ready, waiting, companions, noted = [], {}, {}, {}
    for entry in sorted((one for one in entries if _is_meant(one.name, schedule)), key=_age):
        if schedule.ready is Ready.STABLE:
            noted[entry.name] = first = _first_seen(entry, seen, now)
            if (now - first.at).total_seconds() < schedule.stable_for or entry.name not in seen:
                grows = entry.name in seen and seen[entry.name].mark != entry.mark
                waiting[entry.name] = (
                    "it is still growing"
                    if grows
                    else "it was just found; one more look shows whether it grows"
                )
                continue
        else:
            companion = _companion(entry.name, schedule.ready, known)
            if companion is None:
                waiting[entry.name] = f"its companion {entry.name}{_ending(schedule.ready)} is not there yet"
                continue
            companions[entry.name] = companion
        ready.append(entry)
    return Look(ready=ready, waiting=waiting, companions=companions, seen=noted)


def _is_meant(name: str, schedule: Schedule) -> bool:
    small = name.lower()
    if small.endswith((*UNFINISHED, *COMPANIONS)) or name.startswith("."):
        return False
    return not schedule.source.lists or schedule.source.fits(name)


def _age(entry: Entry) -> tuple[float, str]:
    return (entry.changed_at.timestamp() if entry.changed_at else 0.0, entry.name)


def _first_seen(entry: Entry, seen: Mapping[str, Seen], now: datetime) -> Seen:
    before = seen.get(entry.name)
    return before if before is not None and before.mark == entry.mark else Seen(mark=entry.mark, at=now)


def _ending(ready: Ready) -> str:
    return OK if ready is Ready.OK else CHECKSUM


def _companion(name: str, ready: Ready, known: Mapping[str, Entry]) -> Entry | None:
    """`stock.csv.ok`, or `stock.ok`."""
    ending = _ending(ready)
    stem = name.rpartition(".")[0]
    return known.get(name + ending) or (known.get(stem + ending) if stem else None)
