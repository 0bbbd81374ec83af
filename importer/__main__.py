"""`importer` and `python -m importer`."""

import sys

from importer.cli import app
from importer.cli.exits import exit_code_of
from importer.domain.errors import ImporterError


def main() -> None:
    """Every error on purpose is one sentence on standard error and an exit code; anything else is a defect."""
    try:
        app()
    except ImporterError as error:
        sys.stderr.write(f"importer: {error.text}\n")
        sys.exit(exit_code_of(error))


if __name__ == "__main__":
    main()
