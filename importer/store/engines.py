"""Engines for the two databases that importer knows, by the beginning of an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, event
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from importer.domain.errors import ConfigurationError

BUSY_MILLISECONDS = 30_000

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an intent to send must survive a power cut, or a batch goes out twice
    f"busy_timeout={BUSY_MILLISECONDS}",
    "foreign_keys=ON",
)

POSTGRES_CONNECTIONS = 10

WAIT_SECONDS = 30.0
"""For a free connection, when all of them are at work."""


@dataclass(frozen=True)
class Engines:
    """One engine to write, one to read (the same with PostgreSQL). `shared`: other machines may use it too."""

    write: AsyncEngine
    read: AsyncEngine
    shared: bool


def engines(address: str, wait_seconds: float = WAIT_SECONDS) -> Engines:
    """`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`. Raises ConfigurationError; never names a password."""
    scheme = address.partition(":")[0]
    if scheme not in ENGINES:
        known = " or ".join(f"{name}://..." for name in ENGINES)
        raise ConfigurationError(f"The address of the database begins with {scheme}:, not with {known}.")
    return ENGINES[scheme](address, wait_seconds)


def _sqlite(address: str, wait_seconds: float) -> Engines:
    """Writers begin IMMEDIATE: a later upgrade of a read lock would fail at once."""
    path = address.removeprefix("sqlite:///")
    write = _sqlite_engine(path, begin="BEGIN IMMEDIATE", connections=1, wait_seconds=wait_seconds)
    read = _sqlite_engine(path, begin="BEGIN", connections=4, wait_seconds=wait_seconds)
    return Engines(write, read, shared=False)


def _sqlite_engine(path: str, *, begin: str, connections: int, wait_seconds: float) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
    )

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


def _postgres(address: str, wait_seconds: float) -> Engines:
    """A connection that broke while it lay idle is replaced before it is used (`pool_pre_ping`)."""
    rest = address.partition("://")[2]
    try:
        _ = urlsplit(address).port
        engine = create_async_engine(
            f"postgresql+asyncpg://{rest}",
            pool_size=POSTGRES_CONNECTIONS,
            max_overflow=0,
            pool_timeout=wait_seconds,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "PostgreSQL needs the driver asyncpg: pip install 'importer[postgres]'."
        ) from None
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "The address of the database cannot be read; it looks like postgresql://user:password@host:5432/name."
        ) from None
    return Engines(engine, engine, shared=True)


ENGINES: Mapping[str, Callable[[str, float], Engines]] = {"sqlite": _sqlite, "postgresql": _postgres}
