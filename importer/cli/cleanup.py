"""`importer cleanup`: remove the files of imports that ended long ago; for cron where no `importer serve` runs."""

import asyncio
from datetime import datetime
from typing import Annotated

import orjson
import typer

from importer.bootstrap import open_importer
from importer.domain.errors import RequestError
from importer.services.retention import Removed, Retention
from importer.settings import load_settings

MIB = 1 << 20


def cleanup(
    older_than: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="Days since the end of an import; otherwise keep_files_days of the settings.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Remove the files of imports that ended long ago. Their rows, counts and logs stay; no row can be retried."""
    asyncio.run(_cleanup(older_than, dry_run=dry_run, as_json=as_json))


async def _cleanup(days: float | None, *, dry_run: bool, as_json: bool) -> None:
    async with open_importer(load_settings()) as importer:
        before = importer.retention.before(days)
        if before is None:
            raise RequestError(
                "Files are kept for ever: say --older-than DAYS, or set keep_files_days.", code="cleanup.days"
            )
        if dry_run:
            removed = await _listed(importer.retention, before, as_json=as_json)
        else:
            removed = await importer.retention.sweep(days)
    if as_json:
        told = {"imports": removed.imports, "bytes": removed.bytes, "before": before.isoformat()}
        typer.echo(orjson.dumps({**told, "dry_run": dry_run}).decode())
        return
    verb = "would be removed" if dry_run else "removed"
    typer.echo(
        f"Files of {removed.imports:,} imports that ended before {before:%Y-%m-%d %H:%M} UTC {verb}: "
        f"{removed.bytes / MIB:,.1f} MiB of uploads, and what was made of them."
    )


async def _listed(retention: Retention, before: datetime, *, as_json: bool) -> Removed:
    found = Removed()
    async for state in retention.due(before):
        found.imports += 1
        found.bytes += state.kept.size
        if not as_json:
            typer.echo(f"{state.id}  {state.ended_at:%Y-%m-%d}  {state.status:<9}  {state.kept.name}")
    return found
