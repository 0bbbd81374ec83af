"""The books of an import: what must add up whatever happened."""

from sqlalchemy import select

from importer.domain.history import rebuild
from importer.domain.imports import Import
from importer.domain.rows import Outcome
from importer.sandbox.shop import Shop
from importer.store.database import open_database
from importer.store.tables import batches, import_rows
from tests.integration.conftest import Running


async def check_books(run: Running, state: Import) -> None:
    """The equation, and the same numbers counted once more from the tables that hold the details."""
    assert state.equation_holds, state.equation
    assert rebuild(await run.importer.ports.imports.events(state.id)) == state
    async with (
        open_database(run.importer.settings.database_address) as database,
        database.reading() as c,
    ):
        listed = (await c.execute(select(import_rows.c.row, import_rows.c.outcome).distinct())).all()
        open_rows = (
            await c.execute(select(batches.c.operations).where(batches.c.status.in_(["waiting", "sent"])))
        ).all()
    told = [Outcome.INVALID, Outcome.SKIPPED, Outcome.FAILED, Outcome.BLOCKED, Outcome.UNKNOWN]
    for outcome in [*told, *([] if state.dry_run else [Outcome.NOT_SENT])]:
        assert sum(1 for _, found in listed if found == outcome.value) == state.counts.get(outcome, 0)
    assert not (state.ended and open_rows)


def written(shop: Shop) -> list[str]:
    return [entry["sku"] for entry in shop.journal.writes]
