"""`importer shops`: which are configured, and whether one is ready for imports."""

import asyncio
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from importer.bootstrap import open_trial
from importer.cli.exits import BY_REASON, OK, SHOP_UNAVAILABLE
from importer.domain.trials import Check, Found
from importer.settings import Settings, load_settings

MARKS = {Found.GOOD: "✓", Found.WARNING: "!", Found.BAD: "✗", Found.SKIPPED: "-"}
COLOURS = {Found.GOOD: "green", Found.WARNING: "yellow", Found.BAD: "red", Found.SKIPPED: "dim"}

shops = typer.Typer(help="The configured shops.", no_args_is_help=True)


@shops.command("list")
def list_shops(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Name every shop of the settings, its address, and how it is called."""
    configured = sorted(load_settings().shops.items())
    if as_json:
        rows = [
            {"name": name, "base_url": shop.base_url, "auth": shop.auth, "mode": shop.mode}
            for name, shop in configured
        ]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    for name, shop in configured:
        typer.echo(f"{name:24} {shop.base_url}  auth = {shop.auth}, mode = {shop.mode}")


@shops.command("test")
def try_shop(
    name: Annotated[str, typer.Argument(help="Name of the shop, as in the settings.", show_default=False)],
    canary: Annotated[
        bool,
        typer.Option(
            "--canary", help="Also send one operation that changes nothing, and wait for a consumer."
        ),
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the consumer.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Look at everything an import needs from the shop, and say what is wrong and where to mend it."""
    console = None if as_json else Console(highlight=False)
    checks = asyncio.run(_test(load_settings(), name, wait if canary else None, console))
    if as_json:
        typer.echo(orjson.dumps(_document(name, checks), option=orjson.OPT_INDENT_2).decode())
    raise typer.Exit(exit_code_of(checks))


async def _test(settings: Settings, name: str, canary: float | None, console: Console | None) -> list[Check]:
    checks = []
    async with open_trial(settings, name) as trial:
        async for check in trial.checks(canary=canary):
            checks.append(check)
            if console:
                _print(check, console)
    return checks


def _print(check: Check, console: Console) -> None:
    mark = f"[{COLOURS[check.found]}]{MARKS[check.found]}[/]"
    console.print(f"{mark} {check.name:9}", end=" ")
    console.print(check.text, markup=False, soft_wrap=True)


def _document(name: str, checks: list[Check]) -> dict[str, Any]:
    rows = [{"name": one.name, "found": one.found, "text": one.text, "code": one.code} for one in checks]
    return {"shop": name, "ready": exit_code_of(checks) == OK, "checks": rows}


def exit_code_of(checks: list[Check]) -> int:
    """The first bad step decides; warnings are none."""
    bad = [one.code for one in checks if one.found is Found.BAD]
    return BY_REASON.get(bad[0], SHOP_UNAVAILABLE) if bad else OK
