"""A part that hangs or fails: said in time, to anybody, without a secret."""

import asyncio

import pytest

from importer.domain.errors import StateUnavailable
from importer.services.readiness import Part, Readiness

WORKS = "It works."
FAILS = "It does not work; the log of this process says why."


async def works() -> None:
    pass


async def fails() -> None:
    raise StateUnavailable("The database at db.internal does not answer.")


async def test_each_part_is_told_and_the_reason_stands_in_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readiness = Readiness({"database": fails, "files": works})
    parts = await readiness.parts()
    await readiness.parts()

    assert parts == [
        Part(name="database", ready=False, needed=True, text=FAILS),
        Part(name="files", ready=True, needed=True, text=WORKS),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "action=part_not_ready part=database why=The database at db.internal does not answer."
    ]


async def test_a_part_that_hangs_is_asked_once_however_many_want_to_know() -> None:
    asked, answer = 0, asyncio.Event()

    async def hangs() -> None:
        nonlocal asked
        asked += 1
        await answer.wait()

    readiness = Readiness({"broker": hangs}, seconds=0.01)
    first = await asyncio.gather(*(readiness.parts() for _ in range(20)))
    asked_while_it_hung = asked
    answer.set()
    [later] = await readiness.parts()

    assert {part.text for [part] in first} == {"It did not answer within 0.01 seconds."}
    assert later.ready
    assert asked_while_it_hung == 1


async def test_a_part_that_only_helps_is_not_needed() -> None:
    [database, broker] = await Readiness({"database": works}, {"broker": fails}).parts()

    assert database.needed
    assert not broker.needed
    assert broker.text == f"{FAILS} Work goes on without it, slower."


async def test_what_still_hangs_at_the_end_is_let_go() -> None:
    ended = asyncio.Event()

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    readiness = Readiness({"broker": hangs}, seconds=0.01)
    await readiness.parts()
    await readiness.close()

    assert ended.is_set()
