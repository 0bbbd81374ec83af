"""The command line: thin shells around the services, one module for each command."""

import typer

from importer.cli.check import check
from importer.cli.demo import demo
from importer.cli.mappings import mappings
from importer.cli.report import report
from importer.cli.run import run
from importer.cli.sandbox import sandbox
from importer.cli.serve import serve
from importer.cli.shops import shops
from importer.cli.tokens import tokens

app = typer.Typer(
    name="importer",
    help="Imports files into commerce shops and says of every row what became of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(check)
app.command()(demo)
app.command()(serve)
app.command()(report)
app.add_typer(sandbox, name="sandbox")
app.add_typer(mappings, name="mappings")
app.add_typer(shops, name="shops")
app.add_typer(tokens, name="tokens")
