"""A schedule's document: what it may say, and every fault at once in words."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from importer.domain.schedules import After, Missed, Overlap, Ready, Window, judge

GOOD = {
    "cron": "30 2 * * *",
    "time_zone": "Europe/Berlin",
    "source": "file:///srv/erp/out/stock_*.csv",
    "mapping": "stock-sources",
}
BERLIN = ZoneInfo("Europe/Berlin")


def said(**words: object) -> dict[str, str]:
    """What is told of a document with these words, by path."""
    schedule, faults = judge("night", GOOD | words)
    assert (schedule is None) == bool(faults)
    return {".".join(path): text for path, text in faults}


def test_four_words_are_a_schedule_and_the_rest_has_safe_defaults() -> None:
    schedule, faults = judge("night", GOOD)

    assert faults == []
    assert schedule is not None
    assert (schedule.overlap, schedule.missed) == (Overlap.QUEUE, Missed.RUN_ONCE)
    assert (schedule.ready, schedule.after, schedule.late_after) == (Ready.STABLE, After.KEEP, 1800.0)
    assert str(schedule.source) == GOOD["source"]


def test_every_word_is_read() -> None:
    words = {
        "shop": "main", "check_first": True, "max_errors": 10, "patience": "2h", "dry_run": True, "overlap": "skip",
        "missed": "skip", "window": "22:00 - 05:30", "ready": "checksum", "stable_for": 1, "late_after": "never",
        "after": "archive", "archive": "done/%Y/%m",
    }  # fmt: skip
    schedule, faults = judge("night", GOOD | words)

    assert faults == []
    assert schedule is not None
    assert (schedule.patience, schedule.stable_for, schedule.late_after) == (7200.0, 1.0, None)
    assert str(schedule.window) == "22:00-05:30"
    assert (schedule.after, schedule.archive) == (After.ARCHIVE, "done/%Y/%m")


def test_all_faults_are_told_at_once() -> None:
    _, faults = judge("night", {"cron": 5, "overlap": "maybe", "windows": "01:00-05:00"})

    assert {".".join(path) for path, _ in faults} == {
        "cron", "overlap", "windows", "time_zone", "source", "mapping"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "path", "text"),
    [
        ({"max_errors": True}, "max_errors", "number of rows"),
        ({"max_errors": -1}, "max_errors", "number of rows"),
        ({"dry_run": "yes"}, "dry_run", "true or false"),
        ({"patience": "2 weeks"}, "patience", "90s, 30m or 2h"),
        ({"late_after": "soon"}, "late_after", "or never"),
        ({"late_after": float("inf")}, "late_after", "or never"),
        ({"window": "01:00-01:00"}, "window", "two different times"),
        ({"window": "01:00-24:00"}, "window", "two different times"),
        ({"ready": "soon"}, "ready", "stable or ok or checksum"),
        ({"archive": "done"}, "archive", "after = archive"),
        ({"after": "archive", "archive": "../out"}, "archive", "below that of the source"),
        ({"source": "ftp://erp/x.csv"}, "source", "begins with one of file://"),
        ({"source": "file://srv/x.csv"}, "source", "three slashes"),
        ({"source": "file:///srv/*/x.csv"}, "source", "only the last part"),
        ({"source": "file:///srv/../x.csv"}, "source", "go up"),
        ({"source": "file:///srv/"}, "source", "names no file"),
        ({"source": "sftp://robot:secret@erp/x.csv"}, "source", "must not hold a password"),
        ({"source": "sftp://erp:99999/x.csv"}, "source", "port"),
        ({"source": "https://erp/x.csv", "ready": "ok"}, "ready", "no companions"),
        ({"source": "https://erp/x.csv", "after": "delete"}, "after", "nothing can be moved or deleted"),
        ({"cron": "\n"}, "cron", "text"),
        ({"mapping": "x" * 501}, "mapping", "at most 500"),
    ],
    ids=str,
)
def test_a_wrong_word_is_told_with_what_would_be_right(
    words: dict[str, object], path: str, text: str
) -> None:
    told = said(**words)

    assert list(told) == [path]
    assert text in told[path]
    assert "secret" not in told[path]


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 65, "../x"])
def test_a_name_is_short_and_plain(name: str) -> None:
    assert judge(name, GOOD)[0] is None


@pytest.mark.parametrize(
    ("window", "at", "is_open"),
    [
        ("01:00-05:00", "00:59", False),
        ("01:00-05:00", "01:00", True),
        ("01:00-05:00", "05:00", False),
        ("22:00-05:00", "23:00", True),
        ("22:00-05:00", "04:59", True),
        ("22:00-05:00", "12:00", False),
    ],
)
def test_a_window_is_open_from_its_first_time_until_before_its_last(
    window: str, at: str, is_open: bool
) -> None:
    schedule, _ = judge("night", GOOD | {"window": window})
    assert schedule is not None
    assert schedule.window is not None

    moment = datetime.combine(datetime(2026, 5, 5, tzinfo=UTC).date(), time.fromisoformat(at), BERLIN)
    assert schedule.window.is_open(moment) is is_open


@pytest.mark.parametrize(
    ("window", "at", "closing", "opening"),
    [
        (Window(time(1), time(5)), "2026-05-05T00:30", "2026-05-04T05:00", "2026-05-05T01:00"),
        (Window(time(1), time(5)), "2026-05-05T12:00", "2026-05-05T05:00", "2026-05-06T01:00"),
        (Window(time(22), time(5)), "2026-05-05T12:00", "2026-05-05T05:00", "2026-05-05T22:00"),
    ],
)
def test_a_closed_window_knows_when_it_was_closed_and_will_open(
    window: Window, at: str, closing: str, opening: str
) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=BERLIN)

    assert window.closing(local).replace(tzinfo=None).isoformat()[:16] == closing
    assert window.opening(local).replace(tzinfo=None).isoformat()[:16] == opening
