"""`importer` and `python -m importer`."""

import json
import os
import sys

from importer.cli import app
from importer.cli.exits import DEFECT, exit_code_of
from importer.domain.errors import ImporterError


def main() -> None:
    """Every error is one sentence on standard error and an exit code; IMPORTER_DEBUG=1 shows where a defect is."""
    try:
        app()
    except Exception as error:
        cause = _innermost(error)
        if isinstance(cause, ImporterError):
            sys.stderr.write(f"importer: {cause.text}\n")
            if "--json" in sys.argv:
                sys.stdout.write(f"{json.dumps({'code': cause.code, 'detail': cause.text})}\n")
            sys.exit(exit_code_of(cause))
        if os.environ.get("IMPORTER_DEBUG"):
            raise
        sys.stderr.write(
            f"importer: a defect stopped it ({type(cause).__name__}: {cause}). IMPORTER_DEBUG=1 shows where.\n"
        )
        sys.exit(DEFECT)


def _innermost(error: BaseException) -> BaseException:
    """A task group wraps what went wrong in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    main()
