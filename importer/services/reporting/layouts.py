"""The layouts in which rows come back for repair; each can be imported again as it is."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from importer.services.reporting import csv_rows, jsonl_rows, xlsx_rows
from importer.services.reporting.repair import Repair

LAYOUTS: dict[str, Callable[[Repair, Path], Awaitable[None]]] = {
    "csv": csv_rows.write,
    "xlsx": xlsx_rows.write,
    "jsonl": jsonl_rows.write,
}
"""File name extension -> writer."""
