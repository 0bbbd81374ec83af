"""Rows that only were not sent, because the shop was away, do not hide those that need a correction."""

import io
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from importer.bootstrap import open_importer
from importer.cli.report import print_report
from importer.domain.imports import ImportStatus, Reason
from importer.services.intake import Order, prepare_step
from importer.settings import Settings
from importer.sources import files

AWAY = Reason(code="shop.unavailable", text="The shop does not answer (connection refused)")


async def test_rows_to_correct_come_first_and_the_unsent_ones_are_one_line(
    settings: Settings, products: Callable[..., Path]
) -> None:
    path = products(40, {39: {"price": "x"}, 40: {"price": ""}})
    out = io.StringIO()
    async with open_importer(settings) as importer:
        order = Order(name=path.name, mapping="products", shop="main")
        accepted = await importer.intake.accept(order, files.chunks(path))
        await importer.preparation.prepare(prepare_step(accepted))
        await importer.closing.abandon(accepted.id, ImportStatus.FAILED, AWAY)
        document = await importer.reporting.report(accepted.id)
        few = await importer.reporting.report(accepted.id, listed=3)
        table = b"".join([line async for line in importer.reporting.rows(accepted.id)]).decode()
        print_report(document, Console(file=out, width=200, highlight=False))

    assert document["equation"] == "40 rows read = 2 invalid + 38 not sent"
    assert [row["row"] for row in document["rows"]][:3] == [39, 40, 1]
    assert [row["row"] for row in few["rows"]] == [39, 40, 1]
    shown = out.getvalue().split("Rows that need you\n")[1]
    assert [line for line in shown.splitlines() if line.startswith("  row ")] == [
        "  row 39, line 40  A-0039  price = 'x'",
        "  row 40, line 41  A-0040  price = ''",
    ]
    told = "The row was not sent. The shop does not answer (connection refused). Retry the import."
    assert f"  38 rows not sent (rows 1-38): {told}\n" in shown
    out = io.StringIO()
    print_report(few, Console(file=out, width=200, highlight=False))
    assert f"  38 rows not sent (row 1 and further ones): {told}\n" in out.getvalue()
    assert table.count(told) == 38
