"""The connection to the state: SQLite with one writer at a time, and the schema it must have."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, event, inspect
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from importer.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The newest migration; a test compares it with the files."""

BUSY_MILLISECONDS = 30_000
MIGRATIONS = Path(__file__).parent / "migrations"

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an intent to send must survive a power cut, or a batch goes out twice
    f"busy_timeout={BUSY_MILLISECONDS}",
    "foreign_keys=ON",
)


Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])


def whole(method: Method) -> Method:
    """For a method that writes to its `_database`: it runs to its end even when its caller is cancelled.

    Cancelled between BEGIN and COMMIT, the driver's thread would keep the only write lock, and the next writer would
    wait for it in vain.
    """

    @wraps(method)
    async def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._database.shielded(method(self, *args, **kwargs))

    return cast("Method", run)


class Database:
    """Two engines on one file. Writers begin IMMEDIATE: a later upgrade of a read lock would fail at once."""

    def __init__(self, path: Path) -> None:
        self._write = _engine(path, begin="BEGIN IMMEDIATE", connections=1)
        self._read = _engine(path, begin="BEGIN", connections=4)
        self._writes: set[asyncio.Task[Any]] = set()

    async def shielded(self, write: Coroutine[Any, Any, Any]) -> Any:
        """Await the write; a cancellation reaches the caller at once, the write all the same ends."""
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; it commits at the end, or not at all.

        Raises ConfigurationError when the disk or the file does not let it.
        """
        try:
            async with self._write.begin() as connection:
                yield connection
        except OperationalError as error:
            raise ConfigurationError(f"The state cannot be written: {error.orig}.") from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._read.connect() as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the schema to this version. Raises ConfigurationError when the file is newer or no database."""
        try:
            async with self._write.connect() as connection:
                if await connection.run_sync(_version) != HEAD:
                    await connection.run_sync(_upgrade)
        except DatabaseError as error:
            raise ConfigurationError(f"The state file cannot be used as a database: {error.orig}.") from error

    async def close(self) -> None:
        await asyncio.gather(*self._writes, return_exceptions=True)
        await self._read.dispose()
        await self._write.dispose()


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The state in the file `path`, created or migrated as needed."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # customers' data
    except OSError as error:
        raise ConfigurationError(f"The data folder {path.parent} cannot be made: {error.strerror}.") from None
    database = Database(path)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


def _engine(path: Path, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=connections, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _version(connection: Connection) -> str | None:
    """The schema's version, without loading Alembic, which takes longer than all the rest of a start."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.util.exc import CommandError

    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        connection.commit()
    except CommandError as error:
        raise ConfigurationError(
            "The state was written by a newer version of importer. Install that version, or use another data folder.",
        ) from error


def alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
