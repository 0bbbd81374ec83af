"""`importer tokens`: who may use the API and the page of this installation."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer

from importer.bootstrap import open_importer
from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion
from importer.domain.tokens import NewToken, Scope, Token
from importer.settings import load_settings

tokens = typer.Typer(help="Tokens for the API and the page.", no_args_is_help=True)

SPAN = re.compile(r"([1-9]\d{0,4})([dh])")
Name = Annotated[str, typer.Argument(help="Whom it is for.", show_default=False)]


@tokens.command()
def create(
    name: Name,
    scope: Annotated[
        Scope, typer.Option(help="read: look; import: also start imports; admin: also make tokens.")
    ] = Scope.IMPORT,
    shop: Annotated[
        list[str] | None, typer.Option(help="Only this shop; may be said several times.", show_default=False)
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="90d, 12h, or a day such as 2027-01-31.", show_default=False)
    ] = None,
) -> None:
    """Make a token and print it; it is shown this once."""
    typer.echo(asyncio.run(_create(name, scope, tuple(shop) if shop else None, expires)))


@tokens.command(hidden=True)
def new(name: Name) -> None:
    """Make a token for everything, as earlier versions did."""
    typer.echo(asyncio.run(_create(name, Scope.ADMIN, None, None)))


@tokens.command("list")
def list_tokens(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Name the tokens there are; what they are is not kept."""
    for token in asyncio.run(_all()):
        typer.echo(orjson.dumps(token).decode() if as_json else line(token))


@tokens.command("revoke")
@tokens.command("remove", hidden=True)
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id or name, as listed.", show_default=False)],
) -> None:
    """Take a token back; pages that use it are logged out."""
    asyncio.run(_remove(token_id))
    typer.echo(f"{token_id} is no longer valid.")


def line(token: Token) -> str:
    """`3f..  2026-11-25  import  main  until 2027-01-31, used 2026-11-25 10:00  anna`."""
    shops = ", ".join(token.shops) if token.shops is not None else "all shops"
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "no end"
    used = f"used {token.used_at:%Y-%m-%d %H:%M}" if token.used_at else "never used"
    return f"{token.id}  {token.created_at:%Y-%m-%d}  {token.scope:6}  {shops}  {until}, {used}  {token.name}"


def end_of(text: str, now: datetime) -> datetime:
    """The moment that `90d`, `12h` or a day (its end, UTC) means. Raises RequestError."""
    span = SPAN.fullmatch(text)
    if span:
        number = int(span[1])
        return now + (timedelta(days=number) if span[2] == "d" else timedelta(hours=number))
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        hint = f"--expires is 90d, 12h or a day such as 2027-01-31, not {text!r}."
        raise RequestError(hint, code="token.expires") from None
    return day + timedelta(days=1)


async def _create(name: str, scope: Scope, shops: tuple[str, ...] | None, expires: str | None) -> str:
    async with open_importer(load_settings()) as importer:
        known = importer.ports.shops.names()
        for shop in shops or ():
            if shop not in known:
                raise RequestError(f"There is no shop `{shop}`{suggestion(shop, known)}", code="unknown_name")
        ends = end_of(expires, importer.ports.clock.now()) if expires else None
        wanted = NewToken(name=name, scope=scope, shops=shops, expires_at=ends)
        return (await importer.tokens.create(wanted))[1]


async def _all() -> list[Token]:
    async with open_importer(load_settings()) as importer:
        return await importer.tokens.all()


async def _remove(token_id: str) -> None:
    async with open_importer(load_settings()) as importer:
        await importer.tokens.remove(token_id)
