"""The command line: thin shells around the services, one module for each command.

A command's module is loaded when the command is typed: `importer sandbox` does not wait for what imports need.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "run": "importer.cli.run",
    "check": "importer.cli.check",
    "demo": "importer.cli.demo",
    "serve": "importer.cli.serve",
    "work": "importer.cli.work",
    "consumers": "importer.cli.consumers",
    "healthcheck": "importer.cli.healthcheck",
    "imports": "importer.cli.imports",
    "report": "importer.cli.report",
    "events": "importer.cli.events",
    "rebuild": "importer.cli.events",
    "migrate": "importer.cli.migrate",
    "pause": "importer.cli.steering",
    "resume": "importer.cli.steering",
    "release": "importer.cli.steering",
    "cancel": "importer.cli.steering",
    "retry": "importer.cli.steering",
    "cleanup": "importer.cli.cleanup",
    "sandbox": "importer.cli.sandbox",
    "schedules": "importer.cli.schedules",
    "mappings": "importer.cli.mappings",
    "shops": "importer.cli.shops",
    "tokens": "importer.cli.tokens",
}
"""Command -> its module, which holds it under the same name: a function, or a group of commands."""


class Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in COMMANDS else None


def _command(name: str) -> Any:
    found: Any = getattr(import_module(COMMANDS[name]), name)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    name="importer",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def importer() -> None:
    """Imports files into commerce shops and says of every row what became of it."""
