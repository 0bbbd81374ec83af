"""What machines ask of a process that serves: does it live, can it work, how does it fare."""

import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.dialects import sqlite

from importer.bootstrap import open_importer
from importer.domain.errors import ConfigurationError
from importer.domain.imports import ImportStatus
from importer.sandbox.faults import Refuse
from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.store.database import connected
from importer.store.figures import of_batches
from importer.web.metrics import FAMILIES
from importer.web.probes import probing
from tests.integration.conftest import Running, make_settings, working

ROOT = Path(__file__).parents[2]
TOKEN = "imp_token-of-the-tests"
Figures = dict[tuple[str, ...], float]


@asynccontextmanager
async def probed(run: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, and the probes of the process over real HTTP."""
    await run.importer.tokens.add("tests", TOKEN)
    settings = run.importer.settings.model_copy(update={"probe_port": 0})
    async with (
        probing(replace(run.importer, settings=settings)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


async def figures(client: httpx.AsyncClient) -> Figures:
    """(name, values of the labels in the order of their names) -> figure, without those of the process."""
    answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == httpx.codes.OK, answer.text
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if family.name.startswith("importer_")
    }


async def test_a_process_that_can_work_says_so_to_anybody(service: Running) -> None:
    async with probed(service) as client:
        alive, ready = await client.get("/livez"), await client.get("/readyz")

    assert (alive.status_code, alive.text) == (200, "alive\n")
    assert ready.status_code == httpx.codes.OK
    works = {"state": "ready", "text": "It works."}
    assert ready.json() == {"state": "ready", "parts": {"database": works, "files": works}}


async def test_a_port_that_is_taken_is_refused_and_without_one_nobody_listens(service: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = service.importer.settings.model_copy(update={"probe_port": taken.getsockname()[1]})
        with pytest.raises(ConfigurationError, match="Choose another `probe_port`"):
            async with probing(replace(service.importer, settings=settings)):
                pytest.fail("listens")
    async with probing(service.importer) as port:
        assert port is None


async def test_files_that_cannot_be_written_are_named_and_no_path_is_told(service: Running) -> None:
    folder = service.importer.settings.data_dir / "files"
    folder.write_text("a file where the folder should be")
    async with probed(service) as client:
        broken = await client.get("/readyz")
        folder.unlink()
        mended = await client.get("/readyz")

    assert broken.status_code == httpx.codes.SERVICE_UNAVAILABLE
    parts = broken.json()["parts"]
    assert (parts["files"]["state"], parts["database"]["state"]) == ("not_ready", "ready")
    assert str(folder) not in broken.text
    assert mended.status_code == httpx.codes.OK


@pytest.mark.postgresql
async def test_while_the_database_is_away_it_lives_is_not_ready_and_still_has_figures(
    shop: Shop, tmp_path: Path, postgres_address: str
) -> None:
    async with connected(postgres_address) as database:
        await database.migrate()
    settings = make_settings(tmp_path, shop.address, database=postgres_address)  # type: ignore[attr-defined]
    name = postgres_address.rpartition("/")[2]
    admin = await asyncpg.connect(f"{postgres_address.rpartition('/')[0]}/postgres")
    try:
        async with (
            open_importer(settings.model_copy(update={"metrics": "open"})) as importer,
            probed(Running(importer)) as client,
        ):
            await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            alive, ready = await client.get("/livez"), await client.get("/readyz")
            away = await client.get("/metrics")
            await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            back = await client.get("/readyz")
    finally:
        await admin.close()

    assert (alive.status_code, ready.status_code, back.status_code) == (200, 503, 200)
    assert ready.json()["parts"]["database"]["state"] == "not_ready"
    assert name not in ready.text
    assert "importer_state_answers 0.0" in away.text
    assert "process_resident_memory_bytes" in away.text


async def test_figures_are_for_those_with_a_token_unless_the_settings_open_them(
    settings: Settings, service: Running
) -> None:
    async with probed(service) as client:
        refused = await client.get("/metrics")
    async with (
        working(settings.model_copy(update={"metrics": "open"})) as another,
        probed(another) as client,
    ):
        opened = await client.get("/metrics")

    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == "Bearer"
    assert opened.status_code == httpx.codes.OK
    assert opened.headers["content-type"].startswith("text/plain")


async def test_the_figures_are_those_of_the_state_and_every_process_says_the_same(
    settings: Settings, service: Running, shop: Shop, products: Callable[..., Path]
) -> None:
    shop.faults.refuse.append(Refuse(times=1, status=503, body={"message": "Busy."}))
    state = await service.run(products(25, {3: {"price": "x"}}))
    await service.run(products(5), dry_run=True)
    async with probed(service) as client, working(settings) as another, probed(another) as second:
        here, there = await figures(client), await figures(second)

    assert state.status is ImportStatus.COMPLETED
    assert here["importer_imports", "main", "completed"] == 2
    rows = {name[1]: value for name, value in here.items() if name[0] == "importer_rows" and value}
    assert rows == {"succeeded": 24, "invalid": 1}
    assert here["importer_steps", "deliver", "waiting"] == here["importer_queue_age_seconds",] == 0
    assert here["importer_batches_in_flight", "main"] == here["importer_operations_open", "main"] == 0
    assert here["importer_pace_batch_size", "main"] == 10
    assert here["importer_shop_closed", "main"] == 0
    errors = {name: value for name, value in here.items() if name[0] == "importer_shop_errors_total"}
    assert sum(errors.values()) == 1
    assert {name: value for name, value in here.items() if name not in errors} == there


async def test_what_is_under_way_is_counted(
    service: Running, shop: Shop, products: Callable[..., Path]
) -> None:
    shop.faults.hold_consumers = True
    accepted = await service.accept(products(15))
    await service.until(lambda state: state.sent == 15, accepted.id)
    async with probed(service) as client:
        seen = await figures(client)

    assert seen["importer_batches_in_flight", "main"] == 2
    assert seen["importer_operations_open", "main"] == 15
    assert seen["importer_steps", "track", "waiting"] + seen["importer_steps", "track", "running"] == 2
    assert seen["importer_rows", "pending", "main"] == 15


async def test_more_imports_are_not_more_figures(service: Running, products: Callable[..., Path]) -> None:
    async with probed(service) as client:
        await service.run(products(3))
        before = await figures(client)
        for _ in range(3):
            await service.run(products(3))
        after = await figures(client)

    assert set(before) == set(after)
    assert after["importer_rows", "succeeded", "main"] == 12


async def test_batches_that_are_done_are_not_looked_at(service: Running) -> None:
    dialect = sqlite.dialect()
    query = of_batches(["main", "other"]).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with connected(service.importer.settings.database_address) as database, database.reading() as one:
        plan = (await one.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")).all()

    assert [row[3] for row in plan] == [
        "SEARCH batches USING INDEX ix_batches_shop_status (shop=? AND status=?)"
    ]


def test_the_guide_lists_every_figure_with_its_labels() -> None:
    text = (ROOT / "docs/howto/operate.md").read_text()
    told = {
        found[1]: tuple(re.findall(r"`(\w+)`", found[2]))
        for found in re.finditer(r"^\| `(importer_\w+)` \|([^|]*)\|", text, re.MULTILINE)
    }

    assert told == {
        name + ("_total" if family.counter else ""): family.labels for name, family in FAMILIES.items()
    }
