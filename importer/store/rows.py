"""Rows that did not succeed, in SQL (port `Rows`)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import case, distinct, false, func, select

from importer.domain.rows import NEEDS_A_PERSON, Cause, Outcome, RowError
from importer.store.database import Database
from importer.store.tables import import_rows

FIELDS = ("row", "line", "outcome", "code", "text", "fix", "column", "key", "value", "scope")


KEYS_AT_ONCE = 500
T = TypeVar("T")


class SqlRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self,
        import_id: str,
        *,
        outcomes: Sequence[Outcome],
        limit: int,
        after: int = 0,
    ) -> list[RowError]:
        wanted = [
            import_rows.c.import_id == import_id,
            import_rows.c.outcome.in_([outcome.value for outcome in outcomes]),
            import_rows.c.row > after,
        ]
        page = select(import_rows.c.row).distinct().where(*wanted).order_by(import_rows.c.row).limit(limit)
        query = (
            select(*(import_rows.c[name] for name in FIELDS))
            .where(*wanted, import_rows.c.row.in_(page.scalar_subquery()))
            .order_by(import_rows.c.row, import_rows.c.number)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [RowError(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]

    async def failing(self, import_id: str, keys: Collection[str]) -> dict[str, int]:
        wanted = {key.lower(): key for key in keys}
        bad = [outcome.value for outcome in NEEDS_A_PERSON]
        found: dict[str, int] = {}
        async with self._database.reading() as connection:
            for some in batched(wanted, KEYS_AT_ONCE):
                query = select(import_rows.c.key, import_rows.c.row).where(
                    import_rows.c.import_id == import_id,
                    func.lower(import_rows.c.key).in_(some),
                    import_rows.c.outcome.in_(bad),
                    import_rows.c.scope == "",
                    import_rows.c.follow_up == false(),
                )
                rows = (await connection.execute(query)).all()
                found |= {wanted[key.lower()]: row for key, row in rows}
        return found

    async def settled(self, import_id: str, rows: Collection[int]) -> set[int]:
        found: set[int] = set()
        async with self._database.reading() as connection:
            for some in batched(rows, KEYS_AT_ONCE):
                query = select(import_rows.c.row).where(
                    import_rows.c.import_id == import_id, import_rows.c.row.in_(some)
                )
                found |= set((await connection.execute(query)).scalars())
        return found

    async def causes(self, import_id: str, *, each_text: Collection[str] = ()) -> list[Cause]:
        c = import_rows.c
        kind = case((c.code.in_(each_text), c.text), else_="")
        query = (
            select(
                *(c.outcome, c.code, c.column),
                func.min(c.text).label("text"),
                func.min(c.fix).label("fix"),
                func.count(distinct(c.row)).label("rows"),
                func.min(c.row).label("first_row"),
            )
            .where(c.import_id == import_id)
            .group_by(c.outcome, c.code, c.column, kind)
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).mappings().all()
        return [Cause(**{**row, "outcome": Outcome(row["outcome"])}) for row in found]


def batched(keys: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(keys)
    while some := list(islice(rest, size)):
        yield some
