"""`importer healthcheck`: whether the process that serves on this machine answers; for a container's health check."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Annotated

import typer

from importer.settings import load_settings

SECONDS = 3.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on
"""Listened on is every address of the machine; asked is its loopback."""


def healthcheck(
    port: Annotated[int | None, typer.Option(help="Port that is asked, if not that of the settings.")] = None,
) -> None:
    """Ask the importer that serves here whether it lives; exit code 0 when it does, else 1."""
    settings = load_settings()
    host, number = ANYWHERE.get(settings.host, settings.host), port or settings.port
    said = _ask(host, number)
    if said is not None:
        typer.echo(f"importer: {host}:{number} {said}", err=True)
        raise typer.Exit(1)


def _ask(host: str, port: int) -> str | None:
    """What is wrong, or None."""
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"does not answer: {error}."
    finally:
        connection.close()
    return None if status == HTTPStatus.OK else f"answers with {status}; is it importer that listens there?"
