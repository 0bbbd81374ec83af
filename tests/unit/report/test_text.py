"""The report as text: what is the same for many rows is said once."""

import io
from typing import Any

from rich.console import Console

from importer.cli.report_text import print_report, ranges
from importer.domain.rows import Outcome, RowError
from importer.services.reporting.account import row_document

SILENT = "The shop has not said for 24 hours what became of this row."


def row(number: int, outcome: Outcome, code: str, text: str) -> dict[str, Any]:
    return row_document(
        RowError(row=number, line=number + 1, column=None, key=f"K-{number}", value=None, outcome=outcome, code=code,
                 text=text, fix="Look at it.")
    )  # fmt: skip


def shown(rows: list[dict[str, Any]]) -> list[str]:
    causes: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in rows:
        kind = one["outcome"], one["code"], one["text"]
        cause = {
            "outcome": kind[0],
            "code": kind[1],
            "column": None,
            "rows": 0,
            "example": kind[2],
            "needs_person": True,
        }
        causes.setdefault(kind, cause)["rows"] += 1
    out = io.StringIO()
    document = {
        "id": "imp_1", "file": {"name": "a.csv"}, "shop": "main", "status": "completed", "dry_run": False, "mode": "apply",
        "equation": "", "failure": None, "rows_total": 0, "rows_read": 0, "columns": {}, "rows": rows,
        "causes": list(causes.values()),
    }  # fmt: skip
    print_report(document, Console(file=out, width=300, highlight=False))
    return out.getvalue().split("Rows that need you\n")[1].splitlines()


def test_rows_that_nobody_can_correct_are_one_line_for_each_reason() -> None:
    silent = [row(n, Outcome.UNKNOWN, "shop.unknown", SILENT) for n in (1, 2, 3, 7)]
    odd = [row(n, Outcome.UNKNOWN, "shop.unknown", "Strange.") for n in (4, 5)]
    unsent = [row(n, Outcome.NOT_SENT, "shop.unavailable", "The row was not sent.") for n in (8, 9)]

    assert shown([*silent, *odd, *unsent])[:3] == [
        f"  4 rows unknown (rows 1-3, 7): {SILENT} Look at it.",
        "  2 rows unknown (rows 4-5): The shop took this row and cannot tell what became of it. The shop says: Strange. Look at it.",
        "  2 rows not sent (rows 8-9): The row was not sent. Look at it.",
    ]


def test_a_row_with_a_fault_of_its_own_or_alone_in_its_fate_is_told_by_itself() -> None:
    lines = shown(
        [
            row(1, Outcome.FAILED, "shop.rejected", "No."),
            row(2, Outcome.FAILED, "shop.rejected", "No."),
            row(3, Outcome.UNKNOWN, "shop.unknown", SILENT),
        ]
    )

    assert [line for line in lines if line.startswith("  row ")] == [
        "  row 1, line 2  K-1",
        "  row 2, line 3  K-2",
        "  row 3, line 4  K-3",
    ]


def test_ranges_are_told_up_to_a_dozen() -> None:
    assert ranges([4]) == "row 4"
    assert ranges([1, 2, 3, 1000]) == "rows 1-3, 1,000"
    assert ranges(range(0, 60, 2)).endswith("20, 22, …")
