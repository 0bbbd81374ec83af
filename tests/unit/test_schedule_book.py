"""Schedules from the settings and from files: the same words, and every fault of all of them at once."""

from pathlib import Path

import pytest

from importer.domain.errors import ConfigurationError, UnknownName
from importer.settings import load_settings
from importer.sources.schedules import ScheduleBook

ROOT = Path(__file__).parents[2]
GOOD = {"cron": "0 1 * * *", "time_zone": "UTC", "source": "file:///out/*.csv", "mapping": "products"}


def test_the_sample_is_right_and_a_file_says_the_same_as_the_settings() -> None:
    book = ScheduleBook({"night": GOOD}, [ROOT / "samples/nights.yaml"])

    assert [one.name for one in book.all()] == ["night", "products-north", "stock-north"]
    assert book.get("night").rhythm == "0 1 * * * UTC"


def test_the_howto_shows_a_schedule_that_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/howto/schedule-nights.md").read_text().split("In `importer.toml`:\n\n")[1]
    lines = [line.removeprefix("    ") for line in text.split("\n\n`importer")[0].splitlines()]
    (tmp_path / "importer.toml").write_text("\n".join(lines))
    monkeypatch.setenv("IMPORTER_CONFIG", str(tmp_path / "importer.toml"))

    [schedule] = ScheduleBook(load_settings().schedules).all()
    assert (schedule.name, schedule.after) == ("stock-north", "archive")


def test_every_fault_of_every_document_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "nights.yaml"
    path.write_text("late:\n  cron: 61 1 * * *\n  time_zone: Mars\n  source: file:///x\nnight: 5\n")
    with pytest.raises(ConfigurationError) as caught:
        ScheduleBook({"night": GOOD, "other": GOOD | {"overlap": "x"}}, [path, tmp_path / "none.yaml"])

    told = caught.value.text
    for part in (
        "schedules.other.overlap: must be queue or skip",
        f"{path}: line 2, late.cron: has a minute",
        "line 3, late.time_zone: 'Mars'",
        "late.mapping: is missing",
        "line 5, night: there is a schedule of this name already",
        "none.yaml",
    ):
        assert part in told, told


def test_a_schedule_that_follows_another_needs_no_cron_text() -> None:
    follower = {word: value for word, value in GOOD.items() if word != "cron"}
    follower |= {"follows": "night", "gate": "failed < 1%", "rows_within": "50%"}
    stock = ScheduleBook({"night": GOOD, "stock": follower}).get("stock")

    assert (stock.rhythm, stock.chain) == ("UTC follows night", "after night when failed < 1%")
    assert stock.limits.words == ["rows more than 50 % from the median of 14 days"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"follows": "nigth"}, "schedules.a.follows: there is no schedule `nigth`, did you mean `night`?"),
        ({"follows": "a"}, "schedules.a.follows: it follows itself: a after a"),
        ({"follows": "b"}, "schedules.b.follows: it follows itself: b after a after b"),
        ({"gate": "failed < 1%"}, "schedules.a.gate: is about the run that is followed"),
        ({"follows": "night", "gate": "broken < 1%"}, "schedules.a.gate: 'broken' is no outcome"),
        ({"most_invalid": 5}, "schedules.a.most_invalid: must be a share such as 5%"),
    ],
)
def test_faults_of_chains_and_limits_are_told(words: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ScheduleBook({"night": GOOD, "a": GOOD | words, "b": GOOD | {"follows": "a"}})

    assert told in caught.value.text


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "a: 1\na: 2\n"])
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "nights.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=r"nights\.yaml"):
        ScheduleBook({}, [path])


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="night"):
        ScheduleBook({"night": GOOD}).get("nihgt")
