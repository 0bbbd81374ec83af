"""A grown state moves from one database to another, with its history: every row of every table, as it is."""

from collections.abc import Callable, Mapping

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.errors import ConfigurationError
from importer.store.database import Database
from importer.store.tables import metadata

ROWS_AT_ONCE = 500

Told = Callable[[str, int], None]
"""Called with a table's name and how many of its rows were copied."""


async def move(source: Database, target: Database, told: Told) -> Mapping[str, int]:
    """Copy everything in one transaction of the target; rows by table. The source stays as it is.

    Raises ConfigurationError when the target holds anything, or not the same afterwards.
    """
    moved: dict[str, int] = {}
    async with source.reading() as reading, target.writing() as writing:
        for table in metadata.sorted_tables:
            if await _rows(writing, table):
                raise ConfigurationError(
                    f"The database to move to is not empty: its table {table.name} holds rows. Name an empty one."
                )
        for table in metadata.sorted_tables:
            moved[table.name] = await _copy(reading, writing, table)
            told(table.name, moved[table.name])
            if await _rows(writing, table) != moved[table.name]:
                raise ConfigurationError(f"The table {table.name} did not arrive whole. Nothing was moved.")
    return moved


async def _copy(source: AsyncConnection, target: AsyncConnection, table: Table) -> int:
    order = list(table.primary_key.columns)
    rows = await source.stream(select(table).order_by(*order))
    count = 0
    async for some in rows.mappings().partitions(ROWS_AT_ONCE):
        await target.execute(insert(table), [dict(row) for row in some])
        count += len(some)
    return count


async def _rows(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
