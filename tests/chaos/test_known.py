"""Two ways in which a shop leaves rows behind: it calls them done and wrote nothing, or it loses them."""

from pathlib import Path

import pytest

from importer.domain.history import EventKind
from importer.domain.rows import Outcome
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.chaos.processes import TOKEN
from tests.integration.conftest import make_settings, working

ROWS = 40


def product_list(folder: Path) -> Path:
    path = folder / "list.csv"
    lines = ["article,name,price", *(f"L-{number},Thing {number},5" for number in range(ROWS))]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_row_that_the_shop_calls_done_and_never_wrote_is_not_called_succeeded(
    tmp_path: Path, *, idempotent: bool
) -> None:
    text = (Path(__file__).parents[2] / "mappings/products.yaml").read_text()
    said = text.replace("idempotent: true", f"idempotent: {str(idempotent).lower()}")
    (tmp_path / "lying.yaml").write_text(said)
    shop = Shop(catalog=load_catalog(), token=TOKEN)
    shop.bugs.on("status-lies", 0.2)
    async with running(shop) as address, working(make_settings(tmp_path, address)) as run:
        state = await run.run(product_list(tmp_path), "lying")

    held = {entry["sku"] for entry in shop.journal.writes}
    assert state.counts.get(Outcome.SUCCEEDED, 0) == len(held) == len(shop.journal.writes)
    assert state.counts.get(Outcome.UNKNOWN, 0) == ROWS - len(held)
    assert (state.counts.get(Outcome.UNKNOWN, 0) > 0) is not idempotent


async def test_a_lost_row_does_not_hold_up_the_rest_of_the_file(tmp_path: Path) -> None:
    """The operations behind it are confirmed, so its message or its row was lost (contract S9, S10)."""
    shop = Shop(catalog=load_catalog(), token=TOKEN)
    shop.bugs.on("row-inserted-late", 0.05)
    async with running(shop) as address:
        settings = make_settings(
            tmp_path, address, batches_in_flight=3, stall_seconds=0.2, give_up_seconds=12.0, batch_size=4
        )
        async with working(settings) as run:
            state = await run.run(product_list(tmp_path))
            events = await run.importer.ports.imports.events(state.id)

    lost = state.counts.get(Outcome.UNKNOWN, 0)
    assert lost, "the bug that this test needs did not strike"
    assert state.equation == f"{ROWS} rows read = {ROWS - lost} succeeded + {lost} unknown"
    last_sent = max(event.seq for event in events if event.kind is EventKind.SENT)
    given_up = min(event.seq for event in events if event.data.get("outcomes", {}).get("unknown"))
    assert last_sent < given_up
    assert EventKind.LAGGING in {event.kind for event in events}
