"""Which files may be taken: whole ones that fit, the oldest first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

import pytest

from importer.domain.arrivals import Entry, look
from importer.domain.fires import Seen
from importer.domain.schedules import Schedule, judge

NOW = datetime(2026, 5, 5, 1, tzinfo=UTC)


def schedule(source: str = "file:///out/stock_*.csv", **words: object) -> Schedule:
    document = {"cron": "0 1 * * *", "time_zone": "UTC", "mapping": "products", "source": source}
    made, faults = judge("night", document | words)
    assert made is not None, faults
    return made


def entry(name: str, *, age: int = 0, mark: str = "1") -> Entry:
    return Entry(name=name, size=1, changed_at=NOW - timedelta(seconds=age), mark=mark)


def seen(*entries: Entry, before: float = 60.0) -> Mapping[str, Seen]:
    return {one.name: Seen(mark=one.mark, at=NOW - timedelta(seconds=before)) for one in entries}


def test_the_oldest_file_goes_first() -> None:
    files = [entry("stock_b.csv", age=5), entry("stock_c.csv", age=90), entry("stock_a.csv", age=5)]

    found = look(files, schedule(), seen(*files), NOW)
    assert [one.name for one in found.ready] == ["stock_c.csv", "stock_a.csv", "stock_b.csv"]


@pytest.mark.parametrize(
    "name", ["stock_1.csv.part", "stock_1.csv.TMP", ".stock_1.csv", "stock_1.csv.filepart", "other.csv", "stock_1.csv.ok"]
)  # fmt: skip
def test_what_is_being_written_or_not_meant_is_left_alone(name: str) -> None:
    wide = schedule("file:///out/*") if name != "other.csv" else schedule()
    found = look([entry(name)], wide, seen(entry(name)), NOW)

    assert (list(found.ready), dict(found.waiting)) == ([], {})


def test_a_file_is_taken_when_it_stayed_as_it_is_for_long_enough() -> None:
    one = entry("stock_1.csv")

    first = look([one], schedule(stable_for=10), {}, NOW)
    soon = look([one], schedule(stable_for=10), first.seen, NOW + timedelta(seconds=9))
    later = look([one], schedule(stable_for=10), soon.seen, NOW + timedelta(seconds=10))
    assert [len(each.ready) for each in (first, soon, later)] == [0, 0, 1]


def test_two_looks_are_two_even_when_no_time_must_pass() -> None:
    one = entry("stock_1.csv")

    first = look([one], schedule(stable_for=0), {}, NOW)
    assert not first.ready
    assert look([one], schedule(stable_for=0), first.seen, NOW).ready


def test_a_file_that_grows_while_it_is_seen_waits_anew() -> None:
    grown = entry("stock_1.csv", mark="2")
    found = look([grown], schedule(), seen(entry("stock_1.csv", mark="1")), NOW)

    assert "growing" in found.waiting["stock_1.csv"]
    assert found.seen["stock_1.csv"] == Seen(mark="2", at=NOW)


@pytest.mark.parametrize("companion", ["stock_1.csv.ok", "stock_1.ok"])
def test_a_companion_vouches_for_its_file_alone(companion: str) -> None:
    files = [entry("stock_1.csv"), entry("stock_2.csv"), entry(companion)]
    found = look(files, schedule(ready="ok"), {}, NOW)

    assert [one.name for one in found.ready] == ["stock_1.csv"]
    assert list(found.waiting) == ["stock_2.csv"]
    assert found.companions["stock_1.csv"].name == companion


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_with_marks_fit_however_they_are_composed(form: str) -> None:
    one = entry(normalize(form, "bestände_süd.csv"))  # type: ignore[arg-type]
    found = look([one], schedule("file:///out/bestände_*.csv"), seen(one), NOW)

    assert [each.name for each in found.ready] == [one.name]
