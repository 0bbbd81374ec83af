"""The schema: models equal migrations, an old state is lifted, a foreign one is refused with a sentence."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from importer.bootstrap import SystemClock
from importer.domain.errors import ConfigurationError, StateUnavailable
from importer.store.database import HEAD, Database, alembic_config, open_database
from importer.store.imports import SqlImports
from importer.store.tables import metadata
from importer.store.tokens import SqlTokens


async def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with open_database(f"sqlite:///{tmp_path}/a.db") as database, database.reading() as connection:
        assert await connection.run_sync(differences) == []


def test_the_known_version_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


async def test_a_second_start_finds_its_schema(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_database(f"sqlite:///{tmp_path}/a.db"):
            assert (tmp_path / "a.db").exists()


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_write_whose_caller_is_cancelled_ends_and_lets_the_next_one_in(
    tmp_path: Path, turns: int
) -> None:
    """Cancelled after so many turns of the event loop: before, within and after its transaction."""
    async with open_database(f"sqlite:///{tmp_path}/a.db") as database:
        tokens = SqlTokens(database, SystemClock())
        write = asyncio.create_task(tokens.add("first", "one"))
        for _ in range(turns):
            await asyncio.sleep(0)
        write.cancel()
        async with asyncio.timeout(5):
            await tokens.add("second", "two")

        assert await tokens.of("two") is not None
        assert (turns == 0) or await tokens.of("one") is not None


async def test_a_write_for_which_no_room_comes_is_one_to_try_again_and_no_defect(state_address: str) -> None:
    """As after a machine stood still: every wait is over at once."""
    async with AsyncExitStack() as stack:
        database = Database(state_address, wait_seconds=0.01)
        stack.push_async_callback(database.close)

        async def crowd_in() -> None:
            while True:
                await stack.enter_async_context(database.writing())

        with pytest.raises(StateUnavailable, match="busy"):
            await crowd_in()


async def test_a_newer_state_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/a.db") as database, database.writing() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="newer version"):
        async with open_database(f"sqlite:///{tmp_path}/a.db"):
            pytest.fail("opened")


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("sku,name\n" * 1000)

    with pytest.raises(ConfigurationError, match="cannot be used as a database"):
        async with open_database(f"sqlite:///{tmp_path}/a.db"):
            pytest.fail("opened")


async def test_a_state_of_the_first_schema_is_lifted_with_its_imports(tmp_path: Path) -> None:
    def first(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        fields = {
            "id": "imp_1", "status": "completed", "shop": "main", "mapping": "products", "entity": "product",
            "kept": '{"name": "a.csv", "file": "f", "size": 1, "sha256": "00"}', "dry_run": 0, "seq": 1,
            "accepted_at": "2026-01-01T00:00:00.000000+00:00", "updated_at": "2026-01-01T00:00:00.000000+00:00",
            "rows_read": 0, "sent": 0, "counts": "{}", "batches": 0, "open_batches": 0, "read_whole": 1, "columns": "{}",
            "request_hash": "0",
        }  # fmt: skip
        names = ", ".join(f'"{name}"' for name in fields)
        connection.exec_driver_sql(
            f"INSERT INTO imports ({names}) VALUES ({', '.join('?' * len(fields))})",  # noqa: S608 - our own names
            tuple(fields.values()),
        )
        connection.commit()

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    async with engine.connect() as connection:
        await connection.run_sync(first)
    await engine.dispose()

    async with open_database(f"sqlite:///{tmp_path}/a.db") as database:
        state = await SqlImports(database, SystemClock()).get("imp_1")

    assert (state.check_first, state.max_errors) == (False, None)
