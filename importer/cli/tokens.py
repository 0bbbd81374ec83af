"""`importer tokens`: who may use the API and the page of this installation."""

import asyncio
import secrets
from typing import Annotated

import typer

from importer.bootstrap import open_importer
from importer.domain.errors import RequestError
from importer.settings import load_settings

tokens = typer.Typer(help="Tokens for the API and the page.", no_args_is_help=True)


@tokens.command()
def new(name: Annotated[str, typer.Argument(help="Whom it is for.", show_default=False)]) -> None:
    """Make a token and print it; it is shown this once."""
    if not name.strip():
        raise RequestError("A token needs a name: whom it is for.", code="token.name")
    token = f"imp_{secrets.token_urlsafe(32)}"
    asyncio.run(_add(name, token))
    typer.echo(token)


@tokens.command("list")
def list_tokens() -> None:
    """Name the tokens there are; what they are is not kept."""
    for token_id, name, created in asyncio.run(_all()):
        typer.echo(f"{token_id}  {created}  {name}")


@tokens.command()
def remove(
    token_id: Annotated[str, typer.Argument(help="Id or name, as listed.", show_default=False)],
) -> None:
    """Take a token back; pages that use it are logged out."""
    asyncio.run(_remove(token_id))
    typer.echo(f"{token_id} is no longer valid.")


async def _add(name: str, token: str) -> None:
    async with open_importer(load_settings()) as importer:
        await importer.tokens.add(name, token)


async def _all() -> list[tuple[str, str, str]]:
    async with open_importer(load_settings()) as importer:
        return await importer.tokens.all()


async def _remove(token_id: str) -> None:
    async with open_importer(load_settings()) as importer:
        await importer.tokens.remove(token_id)
