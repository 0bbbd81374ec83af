"""Due times, fires and taken files: once over many nodes, on every database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from importer.domain.fires import Fire, FireStatus, Left, Seen, Taken
from importer.domain.imports import Reason
from importer.services.rhythms import rhythm
from importer.store.database import Database, open_database
from importer.store.schedules import SqlDues, SqlFires, SqlTakenFiles
from tests.clocks import HandClock

NODES = 8
"""Callers at once, on each of two connections to the state."""
DUE = datetime(2026, 1, 2, 2, 30, tzinfo=UTC)
NEXT = DUE + timedelta(days=1)
ALARM = Reason(code="source.missing", text="No file.")


class State:
    def __init__(self, database: Database, clock: HandClock) -> None:
        self.dues = SqlDues(database, clock)
        self.fires = SqlFires(database)
        self.ledger = SqlTakenFiles(database)


@pytest.fixture
def state(database: Database, clock: HandClock) -> State:
    return State(database, clock)


@pytest.fixture
async def other(state_address: str, clock: HandClock) -> AsyncIterator[State]:
    """Another node on the same state."""
    async with open_database(state_address) as database:
        yield State(database, clock)


def fire(at: datetime = DUE, status: FireStatus = FireStatus.LOOKING) -> Fire:
    return Fire(schedule="night", fire_at=at, status=status, look_at=at)


def taken(sha256: str = "a" * 64, name: str = "stock.csv") -> Taken:
    return Taken(
        schedule="night", sha256=sha256, fire_at=DUE, name=name, mark="1", import_id="imp_1", taken_at=DUE
    )


async def test_of_many_nodes_that_see_a_due_time_one_fires(state: State, other: State) -> None:
    await state.dues.expect("night", "r", DUE)
    [due] = await state.dues.all()

    told = await asyncio.gather(
        *(node.dues.fire(due, NEXT, fire()) for _ in range(NODES) for node in (state, other))
    )
    assert sum(told) == 1
    assert [due.next_at for due in await other.dues.all()] == [NEXT]
    assert await other.fires.open() == [fire()]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
async def test_every_due_time_of_a_year_fires_once_though_two_nodes_look_at_the_clock(
    state: State, other: State, clock: HandClock, zone: str
) -> None:
    one = rhythm("30 2 */3 * *", zone)
    await state.dues.expect("night", "r", one.after(clock.now()))
    wanted, end = [], clock.now() + timedelta(days=366)
    while (moment := one.after(clock.now())) < end:
        wanted.append(moment)
        clock.moment = moment
        [due] = await state.dues.all()
        told = await asyncio.gather(
            *(node.dues.fire(due, one.after(moment), fire(due.next_at)) for node in (state, other))
        )
        assert sorted(told) == [False, True]

    fired = [one.fire_at for one in await other.fires.open()]
    assert fired == wanted
    assert {moment.astimezone(ZoneInfo(zone)).day % 3 for moment in fired} == {1}


async def test_a_time_that_was_fired_is_not_fired_again_when_a_clock_is_set_back(state: State) -> None:
    await state.dues.expect("night", "r", DUE)
    [due] = await state.dues.all()
    assert await state.dues.fire(due, DUE, fire())

    assert not await state.dues.fire(due, NEXT, fire())
    assert [due.next_at for due in await state.dues.all()] == [NEXT]


async def test_a_schedule_is_expected_anew_only_with_another_rhythm(state: State) -> None:
    await state.dues.expect("night", "r", DUE)
    await state.dues.expect("night", "r", NEXT)
    assert [due.next_at for due in await state.dues.all()] == [DUE]

    [old] = await state.dues.all()
    await state.dues.expect("night", "other", NEXT)
    assert [(due.rhythm, due.next_at) for due in await state.dues.all()] == [("other", NEXT)]
    assert not await state.dues.fire(old, NEXT, fire())


async def test_an_alarm_rings_once_and_ends_once(state: State, clock: HandClock) -> None:
    await state.dues.expect("night", "r", DUE)

    assert await state.dues.record_alarm("night", ALARM)
    clock.forward(60)
    assert not await state.dues.record_alarm("night", replace(ALARM, text="Still no file."))
    [due] = await state.dues.all()
    assert (due.alarm, due.alarm_at) == (ALARM, clock.now() - timedelta(seconds=60))
    assert await state.dues.record_alarm("night", None)
    assert not await state.dues.record_alarm("night", None)
    assert not await state.dues.record_alarm("nobody", ALARM)


async def test_of_many_who_want_to_go_on_with_a_fire_one_does(state: State, other: State) -> None:
    await state.fires.add(fire())
    held = replace(fire(), look_at=NEXT)

    told = await asyncio.gather(
        *(node.fires.change(fire(), held) for _ in range(NODES) for node in (state, other))
    )
    assert sum(told) == 1


async def test_a_fire_is_kept_as_it_is(state: State) -> None:
    assert await state.fires.add(fire())
    assert not await state.fires.add(fire())
    after = replace(
        fire(),
        status=FireStatus.IMPORTING,
        look_at=NEXT,
        text="Imports bestände.csv.",
        seen={"bestände.csv": Seen(mark="1 2 3", at=DUE)},
        left={"old.csv": Left(mark="1", text="Twice.", refused=False)},
    )

    assert await state.fires.change(fire(), after)
    assert await state.fires.latest("night", limit=1) == [after]
    assert not await state.fires.change(fire(), after)


async def test_of_many_nodes_that_follow_a_run_one_does(state: State, other: State, clock: HandClock) -> None:
    await state.fires.add(fire(status=FireStatus.DONE))
    [run] = await other.fires.unfollowed("night", by="stock", since=DUE)
    followers = [
        Fire(schedule="stock", fire_at=NEXT + timedelta(seconds=n), status=FireStatus.FOLLOWING, look_at=NEXT,
             follows_at=run.fire_at) for n in range(NODES)
    ]  # fmt: skip

    told = await asyncio.gather(*(node.fires.add(one) for one in followers for node in (state, other)))
    assert sum(told) == 1
    [kept] = await other.fires.open()
    assert (kept.follows_at, await other.fires.at("stock", kept.fire_at)) == (DUE, kept)
    assert await state.fires.unfollowed("night", by="stock", since=DUE) == []
    assert await state.fires.unfollowed("night", by="another", since=DUE) == [run]


async def test_only_runs_that_have_ended_since_then_are_followed(state: State) -> None:
    for hours, status in enumerate(FireStatus):
        await state.fires.add(fire(DUE + timedelta(hours=hours), status))
    ended = await state.fires.unfollowed("night", by="stock", since=DUE)
    last = ended[-1].fire_at

    assert {one.status for one in ended} == {
        FireStatus.DONE, FireStatus.NOTHING, FireStatus.FAILED, FireStatus.MISSING, FireStatus.GATED}  # fmt: skip
    assert await state.fires.unfollowed("night", by="stock", since=last) == [ended[-1]]
    assert await state.fires.at("night", NEXT + timedelta(days=9)) is None


async def test_a_schedule_is_known_since_it_has_its_rhythm(state: State, clock: HandClock) -> None:
    await state.dues.expect("night", "r", DUE)
    first = clock.now()
    clock.forward(60)
    await state.dues.expect("night", "r", NEXT)
    assert [due.since for due in await state.dues.all()] == [first]

    await state.dues.expect("night", "other", NEXT)
    assert [due.since for due in await state.dues.all()] == [clock.now()]


async def test_only_open_fires_are_gone_on_with_the_oldest_first(state: State) -> None:
    for at, status in ((NEXT, FireStatus.LOOKING), (DUE, FireStatus.IMPORTING)):
        await state.fires.add(fire(at, status))
    await state.fires.add(fire(NEXT + timedelta(days=1), FireStatus.DONE))

    assert [one.fire_at for one in await state.fires.open()] == [DUE, NEXT]
    assert [one.status for one in await state.fires.latest("night", limit=2)] == [
        FireStatus.DONE,
        FireStatus.LOOKING,
    ]


async def test_a_content_is_noted_once(state: State, other: State) -> None:
    told = await asyncio.gather(
        *(
            node.ledger.record(replace(taken(), name=f"{n}.csv"))
            for n in range(NODES)
            for node in (state, other)
        )
    )
    assert sum(told) == 1
    assert len(await state.ledger.taken("night")) == 1


async def test_taken_files_are_found_by_content_fire_and_name(state: State) -> None:
    await state.ledger.record(taken())
    await state.ledger.record(taken("b" * 64, "prices.csv"))

    assert [one.name for one in await state.ledger.taken("night", sha256="b" * 64)] == ["prices.csv"]
    assert len(await state.ledger.taken("night", fire_at=DUE)) == 2
    assert await state.ledger.taken("night", fire_at=DUE, name="stock.csv") == [taken()]
    assert await state.ledger.taken("day") == []


async def test_what_became_of_a_taken_file_is_kept(state: State) -> None:
    await state.ledger.record(taken())
    after = replace(taken(), put_away=True, paused_at=NEXT)

    await state.ledger.change(after)
    assert await state.ledger.taken("night") == [after]
    assert not await state.ledger.record(taken())


async def test_a_success_is_noted(state: State, clock: HandClock) -> None:
    await state.dues.expect("night", "r", DUE)
    await state.dues.record_success("night", "imp_1")

    [due] = await state.dues.all()
    assert (due.succeeded_at, due.import_id) == (clock.now(), "imp_1")
