"""A schedule: when to look at which source, and what to do with what lies there. Read from a document, all faults at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from importer.domain.gates import Gate, gate
from importer.domain.limits import Limits, share
from importer.domain.places import Place, place

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
NEVER = "never"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([smhd])")
WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")
MOST_CHARACTERS = 500


class Overlap(StrEnum):
    """What a due time does while an import of an earlier one is under way."""

    QUEUE = "queue"  # it waits for its end
    SKIP = "skip"  # it is left out


class Missed(StrEnum):
    """What becomes of due times at which no process was there."""

    RUN_ONCE = "run-once"  # one run, as soon as there is one again, stands for all of them
    SKIP = "skip"


class Ready(StrEnum):
    """How a file is known to be whole."""

    STABLE = "stable"  # it stayed as it is between two looks
    OK = "ok"  # an empty file with `.ok` behind its name, or instead of its ending, lies beside it
    CHECKSUM = "checksum"  # a file with `.sha256` behind its name lies beside it, and says its SHA-256


class After(StrEnum):
    """What becomes of a file whose import has completed."""

    KEEP = "keep"
    ARCHIVE = "archive"
    DELETE = "delete"


@dataclass(frozen=True)
class Window:
    """Only between these times of day, in the schedule's time zone; over midnight when the first is the later one."""

    opens: time
    closes: time

    def is_open(self, local: datetime) -> bool:
        now = local.time()
        if self.opens < self.closes:
            return self.opens <= now < self.closes
        return now >= self.opens or now < self.closes

    def opening(self, local: datetime) -> datetime:
        """The next moment at which it opens, after one at which it is closed."""
        day = local.date() + timedelta(days=int(local.time() >= self.opens))
        return datetime.combine(day, self.opens, local.tzinfo)

    def closing(self, local: datetime) -> datetime:
        """When it was closed, seen from a moment at which it is."""
        day = local.date() - timedelta(days=int(local.time() < self.closes))
        return datetime.combine(day, self.closes, local.tzinfo)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Times are seconds. `shop` is empty when the only one is meant.

    `late_after`: so long after a due time a file that has not come is an alarm; None: it need not come. `archive` is a
    folder below the source's own, with the codes of strftime; `stable_for` is the time between two looks. `follows` names
    the schedule after whose runs it is due if the `gate` holds; `cron` is empty when it is due only then.
    """

    name: str
    time_zone: str
    source: Place
    mapping: str
    cron: str = ""
    follows: str = ""
    gate: Gate | None = None
    shop: str = ""
    check_first: bool = False
    max_errors: int | None = None
    rows_within: float | None = None
    most_invalid: float | None = None
    most_deletions: int | None = None
    patience: float | None = None
    dry_run: bool = False
    overlap: Overlap = Overlap.QUEUE
    missed: Missed = Missed.RUN_ONCE
    window: Window | None = None
    ready: Ready = Ready.STABLE
    stable_for: float = 10.0
    late_after: float | None = 1800.0
    after: After = After.KEEP
    archive: str = "archive/%Y-%m"

    @property
    def rhythm(self) -> str:
        """What its due times follow from."""
        after = f" follows {self.follows}" if self.follows else ""
        return f"{self.cron} {self.time_zone}{after}".strip()

    @property
    def chain(self) -> str:
        """What it follows, in words; nothing when it is due by its cron text alone."""
        gate = f" when {self.gate}" if self.gate else ""
        return f"after {self.follows}{gate}" if self.follows else ""

    @property
    def limits(self) -> Limits:
        return Limits(
            rows_within=self.rows_within,
            most_invalid=self.most_invalid,
            most_deletions=self.most_deletions,
        )

    @property
    def ledger(self) -> str:
        """Where the files that it takes are noted: what a dry run took was not imported."""
        return f"{self.name} (dry run)" if self.dry_run else self.name


Fault = tuple[tuple[str, ...], str]
"""Path within the document, and what would be right there."""


def judge(name: str, document: Any) -> tuple[Schedule | None, list[Fault]]:
    """The schedule, or every fault of its document. The cron text and the time zone are judged by who computes with them."""
    if not NAME.fullmatch(name):
        return None, [((), "its name has at most 64 letters, digits, and the signs _ . -")]
    if not isinstance(document, Mapping):
        return None, [((), "must be a table of words and values, such as cron = '30 2 * * *'")]
    faults: list[Fault] = [((word,), _unknown(word)) for word in document if word not in READERS]
    faults += [((word,), f"is missing: {why}") for word, why in _required(document)]
    values: dict[str, Any] = {}
    for word, given in document.items():
        if word in READERS:
            try:
                values[word] = READERS[word](given)
            except ValueError as error:
                faults.append(((word,), str(error)))
    faults += _together(values)
    if faults:
        return None, faults
    return Schedule(name=name, **values), []


def _together(values: Mapping[str, Any]) -> list[Fault]:
    """What does not fit together."""
    where, faults = values.get("source"), list[Fault]()
    if where is not None and not where.lists:
        if values.get("ready", Ready.STABLE) is not Ready.STABLE:
            faults.append(
                (("ready",), f"a source {where.scheme}: shows one file and no companions; leave it out")
            )
        if values.get("after", After.KEEP) is not After.KEEP:
            faults.append(
                (("after",), f"nothing can be moved or deleted in a source {where.scheme}:; leave it out")
            )
    if "gate" in values and "follows" not in values:
        faults.append((("gate",), "is about the run that is followed; say follows as well, or leave it out"))
    if "archive" in values and values.get("after") is not After.ARCHIVE:
        faults.append((("archive",), "is a folder for after = archive; say that as well, or leave it out"))
    return faults


def _unknown(word: str) -> str:
    return f"no schedule has this word; it may say {', '.join(READERS)}"


def _required(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Words that are missing, and why they are needed."""
    spare = {"cron"} if "follows" in document else set()
    return [(word, why) for word, why in REQUIRED.items() if word not in document and word not in spare]


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError("must be a text")
    if len(given) > MOST_CHARACTERS or not given.isprintable():
        raise ValueError(f"must be one line of at most {MOST_CHARACTERS} characters")
    return given.strip()


def _switch(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError("must be true or false")
    return given


def _rows(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise ValueError("must be a number of rows, 0 or more")
    return given


def duration(given: Any) -> float:
    """Seconds: a number of them, or a text such as 90s, 30m, 2h, 1d. Raises ValueError."""
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 1e9:
        return float(given)
    found = DURATION.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError("must be a duration such as 90s, 30m or 2h")
    return float(found[1]) * UNITS[found[2]]


def _late_after(given: Any) -> float | None:
    if given == NEVER:
        return None
    try:
        return duration(given)
    except ValueError:
        raise ValueError(f"must be a duration such as 90s, 30m or 2h, or {NEVER}") from None


def _window(given: Any) -> Window:
    found = WINDOW.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError("must be two different times of day such as 01:00-05:00")
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if opens == closes:
        raise ValueError("must be two different times of day such as 01:00-05:00")
    return Window(opens, closes)


def _archive(given: Any) -> str:
    folder = _text(given).strip("/")
    if not folder or any(part in ("", ".", "..") for part in folder.split("/")) or "\\" in folder:
        raise ValueError("must be a folder below that of the source, such as archive/%Y-%m")
    return folder


def _one_of(words: type[StrEnum]) -> Callable[[Any], StrEnum]:
    def read(given: Any) -> StrEnum:
        known = [word.value for word in words]
        if given not in known:
            raise ValueError(f"must be {' or '.join(known)}")
        return words(given)

    return read


READERS: Mapping[str, Callable[[Any], Any]] = {
    "cron": _text,
    "follows": _text,
    "gate": gate,
    "time_zone": _text,
    "source": place,
    "mapping": _text,
    "shop": _text,
    "check_first": _switch,
    "max_errors": _rows,
    "rows_within": share,
    "most_invalid": share,
    "most_deletions": _rows,
    "patience": duration,
    "dry_run": _switch,
    "overlap": _one_of(Overlap),
    "missed": _one_of(Missed),
    "window": _window,
    "ready": _one_of(Ready),
    "stable_for": duration,
    "late_after": _late_after,
    "after": _one_of(After),
    "archive": _archive,
}
"""Word of a document -> how its value is read; each raises ValueError with what would be right."""

REQUIRED = {
    "cron": "say when, such as '30 2 * * *' for half past two every night, or which schedule it follows",
    "time_zone": "say whose time that is, such as Europe/Berlin",
    "source": "say where the files lie, such as file:///srv/erp/out/stock_*.csv",
    "mapping": "say which mapping the files fit; importer mappings list names them",
}
