"""What only a database server can do: be behind, go away, take in a grown state."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import func, select

from importer.bootstrap import SystemClock
from importer.domain.errors import ConfigurationError, StateUnavailable
from importer.store.database import HEAD, Database, connected, open_database
from importer.store.moving import move
from importer.store.tables import import_events, metadata
from importer.store.tokens import SqlTokens
from tests.clocks import HandClock
from tests.contracts.test_state import State, wrong

pytestmark = pytest.mark.postgresql


async def test_an_empty_database_and_one_that_is_behind_are_refused_with_the_command(
    postgres_address: str,
) -> None:
    with pytest.raises(ConfigurationError, match=r"no tables of importer.*importer migrate"):
        async with open_database(postgres_address):
            pytest.fail("opened")
    async with connected(postgres_address) as database:
        await database.migrate()
        async with database.writing() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(ConfigurationError, match=rf"schema 0001.*needs {HEAD}"):
        async with open_database(postgres_address):
            pytest.fail("opened")


async def test_a_newer_schema_is_refused(postgres_address: str) -> None:
    async with connected(postgres_address) as database:
        await database.migrate()
        async with database.writing() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer version"):
        async with open_database(postgres_address):
            pytest.fail("opened")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://u:geheim@127.0.0.1:1/x", "cannot be used"),
        ("postgresql://nobody:geheim@127.0.0.1:5432/no_such_database", "cannot be used"),
        ("postgresql://u:geheim@127.0.0.1:port/x", "cannot be read"),
        ("mysql://u:geheim@127.0.0.1/x", "begins with mysql:"),
    ],
)
async def test_a_wrong_address_is_told_without_its_password(address: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        async with open_database(address):
            pytest.fail("opened")
    assert "geheim" not in caught.value.text


async def test_a_server_that_throws_us_out_is_unavailable_and_then_there_again(postgres_address: str) -> None:
    async with connected(postgres_address) as database:
        await database.migrate()
        with pytest.raises(StateUnavailable, match="does not answer"):
            await interrupted_write(database, postgres_address)
        async with database.reading() as connection:
            assert (await connection.execute(select(1))).scalar_one() == 1


async def interrupted_write(database: Database, address: str) -> None:
    """Between two statements of a transaction the server ends its connection."""
    admin = await asyncpg.connect(address)
    try:
        async with database.writing() as connection:
            await connection.execute(select(1))
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await connection.execute(select(1))
    finally:
        await admin.close()


async def test_a_write_whose_caller_is_cancelled_ends(postgres_address: str) -> None:
    async with connected(postgres_address) as database:
        await database.migrate()
        tokens = SqlTokens(database, SystemClock())
        write = asyncio.create_task(tokens.add("first", "one"))
        await asyncio.sleep(0)
        write.cancel()
        await tokens.add("second", "two")
        async with asyncio.timeout(5):
            while len(await tokens.all()) < 2:
                await asyncio.sleep(0)


async def grown(database: Database) -> State:
    state = State(database, HandClock())
    for name in ("imp_1", "imp_2"):
        await state.accept(name, key=name)
        await state.prepare(name, 3, [wrong(n) for n in range(10, 15)])
    await state.tokens.first()
    return state


async def test_a_grown_state_moves_with_its_history(postgres_address: str, tmp_path: object) -> None:
    async with open_database(f"sqlite:///{tmp_path}/old.db") as old, connected(postgres_address) as new:
        await grown(old)
        await new.migrate()
        moved = await move(old, new, lambda _table, _rows: None)
        before, after = State(old, HandClock()), State(new, HandClock())
        for name in ("imp_1", "imp_2"):
            assert await after.imports.get(name) == await before.imports.get(name)
            assert await after.imports.events(name) == await before.imports.events(name)
            kept, worked_out = await after.imports.rebuild(name, check=True)
            assert kept == worked_out
        async with new.reading() as connection:
            events = await connection.execute(select(func.count()).select_from(import_events))
            assert events.scalar_one() == moved["import_events"]
        assert set(moved) == set(metadata.tables)

        with pytest.raises(ConfigurationError, match="is not empty"):
            await move(old, new, lambda _table, _rows: None)


async def test_a_move_that_breaks_off_leaves_the_target_empty(
    postgres_address: str, tmp_path: object
) -> None:
    def break_off(table: str, _rows: int) -> None:
        if table == "imports":
            raise KeyboardInterrupt

    async with open_database(f"sqlite:///{tmp_path}/old.db") as old, connected(postgres_address) as new:
        await grown(old)
        await new.migrate()
        with pytest.raises(KeyboardInterrupt):
            await move(old, new, break_off)
        assert await State(new, HandClock()).imports.latest(limit=9) == []
