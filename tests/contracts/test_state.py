"""The state: transitions are atomic, fenced and logged, on every database."""

import asyncio
from collections.abc import Sequence

import pytest

from importer.domain.batches import Batch, BatchStatus, NewBatch, Receipt, Sending
from importer.domain.commands import VERBS, Command
from importer.domain.errors import Conflict, UnknownName
from importer.domain.fires import Taken
from importer.domain.history import EventKind
from importer.domain.imports import ImportStatus, KeptFile, Mode, Reason
from importer.domain.limits import Limits
from importer.domain.pace import Bounds, begin, faster
from importer.domain.rows import Outcome, RowError
from importer.ports import Request
from importer.store.batches import SqlBatches
from importer.store.commands import SqlCommands
from importer.store.database import Database
from importer.store.imports import SqlImports
from importer.store.paces import SqlPaces
from importer.store.rows import SqlRows
from importer.store.schedules import SqlTakenFiles
from importer.store.tokens import SqlTokens
from tests.clocks import HandClock

REASON = Reason(code="shop.unavailable", text="It does not answer.")
MANY = 20
"""Callers at once."""


class State:
    """The adapters of one database, and an import in it."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.imports = SqlImports(database, clock)
        self.batches = SqlBatches(database, clock)
        self.rows = SqlRows(database)
        self.commands = SqlCommands(database, clock)
        self.taken_files = SqlTakenFiles(database)
        self.paces = SqlPaces(database, clock)
        self.tokens = SqlTokens(database, clock)

    async def accept(
        self,
        name: str = "imp_1",
        key: str | None = None,
        request_hash: str = "",
        limits: Limits | None = None,
    ) -> str:
        kept = KeptFile(name="a.csv", file=f"imports/{name}/source", size=1, sha256="0")
        request = Request(
            id=name, shop="main", mapping="products", entity="product", kept=kept, dry_run=False,
            idempotency_key=key, request_hash=request_hash, limits=limits, check_first=limits is not None,
        )  # fmt: skip
        return (await self.imports.accept(request)).id

    async def prepare(self, name: str, batches: int, errors: Sequence[RowError] = ()) -> list[Batch]:
        """A frame with so many batches of two rows each."""
        await self.imports.record_counted(name, rows=100, columns={"used": ["sku"]})
        new = [
            NewBatch(id=f"{name}.{n}", operations=2, content_hash=str(n), file="f:0:1")
            for n in range(batches)
        ]
        rows = 2 * batches + len({error.row for error in errors})
        state = await self.imports.get(name)
        assert await self.imports.record_prepared(
            name, start=state.rows_read, rows=rows, errors=errors, batches=new
        )
        return [await self.batches.get(batch.id) for batch in new]

    async def kinds(self, name: str) -> list[EventKind]:
        return [event.kind for event in await self.imports.events(name)]


@pytest.fixture
def state(database: Database, clock: HandClock) -> State:
    return State(database, clock)


def wrong(row: int, *, text: str = "No.", key: str = "k", outcome: Outcome = Outcome.INVALID) -> RowError:
    return RowError(row=row, line=row + 1, key=key, outcome=outcome, code="type", text=text, fix="Mend it.")


async def test_an_import_is_what_its_events_say(state: State) -> None:
    name = await state.accept()
    await state.prepare(name, 2, [wrong(5), wrong(5, text="And no.")])
    await state.imports.record_read_whole(name)

    kept, worked_out = await state.imports.rebuild(name, check=True)
    assert kept == worked_out
    assert (kept.rows_read, kept.counts) == (5, {Outcome.PENDING: 4, Outcome.INVALID: 1})
    assert [event.seq for event in await state.imports.events(name)] == [1, 2, 3, 4]
    assert [error.text for error in await state.rows.of(name, outcomes=[Outcome.INVALID], limit=9)] == [
        "No.",
        "And no.",
    ]


async def test_one_that_breaks_a_limit_is_held_with_its_last_row_and_released_once(state: State) -> None:
    name = await state.accept(limits=Limits(most_invalid=0.1))
    [batch] = await state.prepare(name, 1, [wrong(3)])
    await asyncio.gather(*(state.imports.record_read_whole(name) for _ in range(MANY)))
    assert (await state.kinds(name))[-2:] == [EventKind.READ_WHOLE, EventKind.HELD]
    held = await state.imports.get(name)
    assert (held.status, held.limits) == (ImportStatus.HELD, Limits(most_invalid=0.1))
    assert await state.batches.record_sending(batch, keys=(), most=9) is Sending.LATE

    told = await asyncio.gather(
        *(state.commands.record(name, VERBS["release"], Command(by="nils")) for _ in range(MANY))
    )
    assert sum(told) == 1
    kept, worked_out = await state.imports.rebuild(name, check=True)
    assert (kept, kept.status, kept.held) == (worked_out, ImportStatus.DELIVERING, None)


async def test_rows_of_completed_imports_of_a_schedule_are_known(state: State, clock: HandClock) -> None:
    start = clock.now()
    for number, status in enumerate((ImportStatus.COMPLETED, ImportStatus.CANCELLED, ImportStatus.COMPLETED)):
        clock.forward(60)
        name = await state.accept(f"imp_{number}")
        await state.prepare(name, 0, [wrong(row) for row in range(1, number + 2)])
        await state.imports.record_ended(name, status)
        taken = Taken(schedule="night", sha256=name, fire_at=start, name="a.csv", mark="1", import_id=name,
                      taken_at=clock.now())  # fmt: skip
        await state.taken_files.record(taken)

    assert sorted(await state.taken_files.rows("night", since=start)) == [1, 3]
    assert await state.taken_files.rows("night", since=clock.now()) == [3]
    assert await state.taken_files.rows("day", since=start) == []


async def test_what_is_not_there_is_told(state: State) -> None:
    with pytest.raises(UnknownName):
        await state.imports.get("imp_none")
    with pytest.raises(UnknownName):
        await state.batches.get("imp_none.1")


async def test_a_frame_is_recorded_once_whoever_comes_first(state: State) -> None:
    name = await state.accept()
    await state.imports.record_counted(name, rows=2, columns={})
    new = NewBatch(id=f"{name}.1", operations=2, content_hash="1", file="f:0:1")

    done = await asyncio.gather(
        *(state.imports.record_prepared(name, start=0, rows=2, errors=[], batches=[new]) for _ in range(MANY))
    )
    assert sum(done) == 1
    assert (await state.imports.get(name)).rows_read == 2


async def test_of_many_who_want_to_send_a_batch_one_does(state: State) -> None:
    [batch] = await state.prepare(await state.accept(), 1)

    told = await asyncio.gather(
        *(state.batches.record_sending(batch, keys=["a"], most=MANY) for _ in range(MANY))
    )
    assert sorted(told) == [Sending.LATE] * (MANY - 1) + [Sending.RECORDED]
    assert (await state.kinds(batch.import_id)).count(EventKind.SENDING) == 1


async def test_no_more_batches_are_in_flight_than_may_be_however_many_want(state: State) -> None:
    batches = [
        batch for name in ("imp_1", "imp_2") for batch in await state.prepare(await state.accept(name), 8)
    ]
    told = await asyncio.gather(
        *(state.batches.record_sending(batch, keys=[batch.id], most=3) for batch in batches)
    )
    assert told.count(Sending.RECORDED) == 3
    assert told.count(Sending.FULL) == 13
    assert sum((await state.batches.in_flight("main")).values()) == 3


async def test_one_key_is_in_flight_once_until_its_batch_is_confirmed(state: State) -> None:
    [first] = await state.prepare(await state.accept("imp_1"), 1)
    [second] = await state.prepare(await state.accept("imp_2"), 1)

    told = await asyncio.gather(
        state.batches.record_sending(first, keys=["A", "b"], most=9),
        state.batches.record_sending(second, keys=["a ", "c"], most=9),
    )
    assert sorted(told) == [Sending.KEYS_IN_FLIGHT, Sending.RECORDED]
    ahead, behind = (first, second) if told[0] is Sending.RECORDED else (second, first)
    ahead = await state.batches.get(ahead.id)
    assert await state.batches.record_confirmed(ahead, counts={Outcome.SUCCEEDED: 2}, into=[], errors=[])
    assert await state.batches.record_sending(behind, keys=["a", "c"], most=9) is Sending.RECORDED


async def test_a_late_returner_changes_nothing(state: State) -> None:
    """A worker that was frozen comes back with what it saw before another one went on."""
    [seen] = await state.prepare(await state.accept(), 1)
    assert await state.batches.record_sending(seen, keys=["a"], most=1) is Sending.RECORDED
    sending = await state.batches.get(seen.id)
    assert await state.batches.record_not_taken(sending, REASON)
    assert await state.batches.record_sending(sending, keys=["a"], most=1) is Sending.RECORDED

    assert not await state.batches.record_sent(sending, Receipt(bulk_uuid="u"))  # attempt 1, and it is 2 now
    again = await state.batches.get(seen.id)
    assert (again.status, again.attempt) == (BatchStatus.SENDING, 2)
    assert await state.batches.record_sent(again, Receipt(bulk_uuid="u"))


async def test_a_batch_that_is_split_goes_on_in_its_parts(state: State) -> None:
    [batch] = await state.prepare(await state.accept(), 1)
    parts = [NewBatch(id=f"{batch.id}.p{n}", operations=1, content_hash="", file="f:0:1") for n in (1, 2)]

    assert await state.batches.record_split(batch, into=parts)
    assert not await state.batches.record_split(batch, into=parts)
    waiting = await state.batches.next(batch.import_id, limit=9)
    assert [part.id for part in waiting] == [part.id for part in parts]
    assert (await state.imports.get(batch.import_id)).open_batches == 2


async def test_an_end_leaves_no_row_without_its_outcome(state: State) -> None:
    name = await state.accept()
    await state.prepare(name, 1)
    assert [one.id for one in await state.imports.unfinished("main")] == [name]
    assert await state.imports.unfinished("another") == []
    errors = [wrong(n, outcome=Outcome.NOT_SENT) for n in (1, 2)]
    left = await state.batches.of(name)

    done = await asyncio.gather(
        *(
            state.imports.record_ended(name, ImportStatus.CANCELLED, reason=REASON, left=left, errors=errors)
            for _ in range(MANY)
        )
    )
    assert sum(done) == 1
    ended = await state.imports.get(name)
    assert (ended.counts, ended.equation_holds) == ({Outcome.NOT_SENT: 2}, True)
    assert await state.imports.unfinished() == []


async def test_one_idempotency_key_makes_one_import_however_many_ask_at_once(state: State) -> None:
    names = await asyncio.gather(*(state.accept(f"imp_{n}", key="k", request_hash="h") for n in range(MANY)))
    assert len(set(names)) == 1
    with pytest.raises(Conflict):
        await state.accept("imp_x", key="k", request_hash="other")


async def test_the_import_of_an_earlier_request_is_known_by_its_key(state: State) -> None:
    name = await state.accept(key="k", request_hash="h")
    found = await state.imports.earlier("k", "h")

    assert found is not None
    assert found.id == name
    assert await state.imports.earlier("other", "h") is None
    with pytest.raises(Conflict):
        await state.imports.earlier("k", "other")


async def test_rows_of_a_check_without_an_error_are_not_sent(state: State) -> None:
    kept = KeptFile(name="a.csv", file="f", size=1, sha256="0", source="https://example.com/a.csv")
    wanted = Request(
        id="imp_1", shop="main", mapping="m", entity="product", kept=kept, dry_run=True, check_only=True
    )
    accepted = await state.imports.accept(wanted)
    await state.imports.record_counted("imp_1", rows=10, columns={})
    wrong = [RowError(row=row, line=row, outcome=Outcome.INVALID, code="c", text="t") for row in (2, 2, 5)]
    assert await state.imports.record_prepared("imp_1", start=0, rows=10, errors=wrong, batches=[])
    after = await state.imports.get("imp_1")

    assert (accepted.mode, after.mode, after.kept.source) == (Mode.CHECK, Mode.CHECK, kept.source)
    assert after.counts == {Outcome.INVALID: 2, Outcome.NOT_SENT: 8}
    assert await state.imports.rebuild("imp_1", check=True) == (after, after)


async def test_of_many_first_starts_one_makes_the_token(state: State) -> None:
    tokens = await asyncio.gather(*(state.tokens.first() for _ in range(MANY)))
    assert len([token for token in tokens if token]) == 1


async def test_changes_of_a_pace_add_up_and_are_told_to_those_who_are_fed(state: State) -> None:
    bounds = Bounds(in_flight=64, size=10)
    name = await state.accept()

    await asyncio.gather(
        *(state.paces.adjust("main", begin(bounds), lambda pace: faster(pace, bounds)) for _ in range(MANY))
    )
    pace = await state.paces.get("main")
    assert pace is not None
    assert pace.most == begin(bounds).most + MANY
    assert (await state.kinds(name)).count(EventKind.PACED) == MANY


async def test_any_text_of_a_cell_can_be_kept(state: State) -> None:
    name = await state.accept()
    odd = "tab\t, quote ', NUL \x00, ☕, 👩‍🚀, half \ufffd"
    await state.prepare(name, 0, [wrong(1, text=odd, key=odd)])

    [error] = await state.rows.of(name, outcomes=[Outcome.INVALID], limit=1)
    assert error.key == error.text == odd.replace("\x00", "␀")


async def test_rows_that_did_not_succeed_are_found_by_key_and_counted_by_cause(state: State) -> None:
    name = await state.accept()
    errors = [wrong(n, key=f"SKU-{n}") for n in range(1, 5)]
    await state.prepare(name, 0, errors)

    assert await state.rows.failing(name, ["sku-3", "SKU-9"]) == {"sku-3": 3}
    [cause] = await state.rows.causes(name)
    assert (cause.outcome, cause.code, cause.text, cause.rows) == (Outcome.INVALID, "type", "No.", 4)
    page = await state.rows.of(name, outcomes=[Outcome.INVALID], limit=2, after=1)
    assert [error.row for error in page] == [2, 3]
