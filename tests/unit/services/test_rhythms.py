"""When a schedule is due, over years in which clocks change; compared with a walk through all of their hours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from importer.services.rhythms import Rhythm, faults, rhythm

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata"]
BEGIN, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)


def walk(zone: str) -> Iterator[tuple[datetime, datetime]]:
    """Every quarter of an hour of the year, in UTC and on the wall."""
    there, moment = ZoneInfo(zone), BEGIN
    while moment < END:
        yield moment, moment.astimezone(there)
        moment += STEP


def due(zone: str, hour: int, minute: int) -> list[datetime]:
    """As Debian's cron does it: each day once, at the end of a gap when the time is left out."""
    found: list[datetime] = []
    for moment, wall in walk(zone):
        before = (moment - STEP).astimezone(wall.tzinfo).replace(tzinfo=None)
        now, wanted = wall.replace(tzinfo=None), wall.replace(hour=hour, minute=minute, tzinfo=None)
        if (now == wanted and not wall.fold) or before < wanted < now:
            found.append(moment)
    return found


def walked(text: str, zone: str) -> list[datetime]:
    """Each due time found from the one before, as the clock of the schedules does."""
    one, found = rhythm(text, zone), [BEGIN - STEP]
    while found[-1] < END:
        found.append(one.after(found[-1]))
    return found[1:-1]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("hour", "minute"), [(2, 30), (1, 30), (3, 0), (0, 15)])
def test_a_nightly_time_is_due_exactly_once_every_night_of_a_year(zone: str, hour: int, minute: int) -> None:
    found = walked(f"{minute} {hour} * * *", zone)

    assert found == due(zone, hour, minute)
    assert len(found) in (365, 366)
    assert len({moment.astimezone(ZoneInfo(zone)).date() for moment in found}) == len(found)


@pytest.mark.parametrize("zone", ZONES)
def test_every_half_hour_is_due_in_both_hours_of_an_autumn_night(zone: str) -> None:
    assert walked("*/30 * * * *", zone) == [moment for moment, wall in walk(zone) if wall.minute % 30 == 0]


@pytest.mark.parametrize("zone", ZONES)
def test_two_times_of_a_gap_are_one(zone: str) -> None:
    found = walked("0 2,3 * * *", zone)

    assert len(set(found)) == len(found)
    assert found == sorted(found)


@pytest.mark.parametrize("zone", ZONES)
def test_the_next_due_time_is_later_at_every_moment_and_the_last_one_is_not(zone: str) -> None:
    """Also at moments within the hour that an autumn night has twice, when the first due time lies behind."""
    for text in ("30 2 * * *", "30 1 * * *", "0 2,3 * * *", "15 * * * *"):
        one = rhythm(text, zone)
        for moment in changes(zone):
            assert one.until(moment) <= moment < one.after(moment)
            assert one.after(one.until(moment)) > moment


def changes(zone: str) -> Iterator[datetime]:
    """Every five minutes of the hours around a change of the clocks."""
    there, moment = ZoneInfo(zone), BEGIN
    while moment < END:
        later = moment + timedelta(hours=1)
        if moment.astimezone(there).utcoffset() != later.astimezone(there).utcoffset():
            yield from (moment + timedelta(minutes=minute, seconds=7) for minute in range(-180, 240, 5))
        moment = later


def test_a_change_of_the_clocks_is_told() -> None:
    one = rhythm("30 2 * * *", "Europe/Berlin")
    spring, autumn = datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert one.after(spring - timedelta(hours=20)) == spring
    assert one.change(spring).endswith("forward by 60 minutes since the day before; 02:30 does not exist")
    assert one.after(autumn - timedelta(hours=20)) == autumn
    assert one.change(autumn) == "the clocks are set back; 02:30 comes twice, this is the first"
    assert "set back by 60 minutes" in rhythm("0 5 * * *", "Europe/Berlin").change(
        datetime(2026, 10, 25, 4, tzinfo=UTC)
    )
    assert one.change(datetime(2026, 7, 1, 0, 30, tzinfo=UTC)) == ""


def test_a_schedule_in_the_hour_after_a_change_is_told_without_a_missing_time() -> None:
    change = rhythm("0 5 * * *", "Europe/Berlin").change(datetime(2027, 3, 28, 3, tzinfo=UTC))

    assert change == "the clocks were set forward by 60 minutes since the day before"


@pytest.mark.parametrize(
    ("text", "zone", "paths"),
    [
        ("30 2 * *", "UTC", ["cron"]),
        ("0 30 2 * * *", "UTC", ["cron"]),
        ("61 2 * * *", "UTC", ["cron"]),
        ("0 0 31 2 *", "UTC", ["cron"]),
        ("0 0 30 2 1#5", "UTC", []),
        ("x y", "Mars/Base", ["cron", "time_zone"]),
        ("0 0 * * *", "../etc/passwd", ["time_zone"]),
        ("0 0 * * *", "", ["time_zone"]),
    ],
)
def test_a_wrong_time_is_told(text: str, zone: str, paths: list[str]) -> None:
    assert [".".join(path) for path, _ in faults(text, zone)] == paths


def test_what_was_never_due_raises() -> None:
    with pytest.raises(ValueError, match="none"):
        rhythm("61 * * * *", "UTC")
    assert isinstance(rhythm("0 0 * * *", "UTC"), Rhythm)
