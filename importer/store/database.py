"""The connection to the state, its transactions and the schema it must have."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.errors import ConfigurationError, StateUnavailable
from importer.store.engines import WAIT_SECONDS, engines

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0012"
"""The newest migration; a test compares it with the files."""

MIGRATIONS = Path(__file__).parent / "migrations"

NEWER = "The state was written by a newer version of importer. Install that version, or use another data folder or database."
BEHIND = "The database holds {version}; this version of importer needs {head}. Stop every importer that uses it, then run: importer migrate"

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
    """The state at `address`: `sqlite:///PATH` for one machine, `postgresql://...` for many. `wait_seconds`: so long a
    transaction waits for the others to make room for it."""

    def __init__(self, address: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._engines = engines(address, wait_seconds)
        self._writes: set[asyncio.Task[Any]] = set()

    @property
    def shared(self) -> bool:
        return self._engines.shared

    async def shielded(self, write: Coroutine[Any, Any, Any]) -> Any:
        """Await the write; a cancellation reaches the caller at once, the write all the same ends."""
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; it commits at the end, or not at all.

        Raises ConfigurationError when the file does not let it, StateUnavailable when the server is
        away or busy for long, or the disk full.
        """
        with self._explained():
            async with self._engines.write.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises StateUnavailable when the server is away, or busy for long."""
        with self._explained():
            async with self._engines.read.connect() as connection:
                yield connection

    async def alone(self, connection: AsyncConnection, subject: str) -> None:
        """Until the transaction ends nobody else is alone with this subject. SQLite has one writer anyway."""
        if self.shared:
            digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
            number = int.from_bytes(digest, "big", signed=True)
            await connection.execute(select(func.pg_advisory_xact_lock(number)))

    async def migrate(self) -> None:
        """Bring the schema to this version. Raises ConfigurationError when it is newer or no database."""
        try:
            async with self._engines.write.connect() as connection:
                if await connection.run_sync(_version) != HEAD:
                    await connection.run_sync(_upgrade)
        except (DBAPIError, OSError) as error:
            raise ConfigurationError(f"The state cannot be used as a database: {_said(error)}.") from error

    async def require_schema(self) -> None:
        """Raises ConfigurationError unless the schema is the one of this version."""
        try:
            async with self._engines.read.connect() as connection:
                version = await connection.run_sync(_version)
        except (DBAPIError, OSError) as error:
            raise ConfigurationError(f"The database cannot be used: {_said(error)}.") from error
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise ConfigurationError(NEWER)
        held = f"the schema {version}" if version else "no tables of importer"
        raise ConfigurationError(BEHIND.format(version=held, head=HEAD), code="state.behind")

    async def close(self) -> None:
        await asyncio.gather(*self._writes, return_exceptions=True)
        await self._engines.read.dispose()
        await self._engines.write.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raises what a failed statement means to a person; a defect of ours stays what it is."""
        try:
            yield
        except NoConnection as error:
            raise StateUnavailable(
                "The database is busy: no connection to it became free in time."
            ) from error
        except (DBAPIError, OSError) as error:
            if self.shared and _is_away(error):
                raise StateUnavailable(f"The database does not answer: {_said(error)}.") from error
            if "is full" in str(getattr(error, "orig", "")):
                raise StateUnavailable(
                    f"There is no room for the state: {_said(error)}. Make some."
                ) from error
            if not self.shared and isinstance(error, OperationalError):
                raise ConfigurationError(f"The state cannot be written: {error.orig}.") from error
            raise


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Database]:
    """The database as it is, whatever its schema. Raises ConfigurationError for an address that cannot be read."""
    database = Database(address)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_database(address: str) -> AsyncIterator[Database]:
    """A file is created or migrated as needed. A server's schema is changed by `importer migrate` alone, for others may
    be at work on it. Raises ConfigurationError."""
    if address.startswith("sqlite:///"):
        _make_folder(Path(address.removeprefix("sqlite:///")).parent)
    async with connected(address) as database:
        await (database.require_schema() if database.shared else database.migrate())
        yield database


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # customers' data
    except OSError as error:
        raise ConfigurationError(f"The data folder {folder} cannot be made: {error.strerror}.") from None


def _is_away(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    # An error without a statement is one of connecting: a server that starts, or lets nobody in.
    lost = isinstance(error, DBAPIError) and (error.connection_invalidated or error.statement is None)
    return lost or isinstance(error, (OperationalError, InterfaceError))


def _said(error: Exception) -> str:
    """The driver's own words, without the statement and its values."""
    words = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return words.rpartition(">: ")[2].strip().rstrip(".")


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
        raise ConfigurationError(NEWER) from error


def alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
