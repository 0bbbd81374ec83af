"""The whole importer in one process, with a real state database and the practice shop over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from importer.bootstrap import Importer, open_importer
from importer.domain.imports import Import
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.services.intake import Order
from importer.settings import Settings, ShopSettings
from importer.sources import files
from importer.worker import Worker

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds that a test waits for a signal before it fails."""


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The practice shop; `shop.address` is where it answers."""
    practice = Shop(catalog=load_catalog(), token="practice-token")
    async with running(practice) as address:
        practice.address = address  # type: ignore[attr-defined]
        yield practice


def let_go(shop: Shop) -> None:
    """The consumers that were held work again."""
    shop.faults.hold_consumers = False
    shop.wake()


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, shop.address)  # type: ignore[attr-defined]


def make_settings(folder: Path, address: str, **words: Any) -> Settings:
    """Small batches and short waits; `words` are settings of the shop, `patience_seconds` and `database` are the service's."""
    patience, database = words.pop("patience_seconds", None), words.pop("database", None)
    fast = {
        "batch_size": 10,
        "settle_seconds": 0.05,
        "connect_seconds": 2.0,
        "read_seconds": 5.0,
        "submit_seconds": 5.0,
    }
    main = ShopSettings(
        base_url=address, token=SecretStr(words.pop("token", "practice-token")), **{**fast, **words}
    )
    return Settings(
        data_dir=folder / "data",
        database=SecretStr(database) if database else None,
        mappings=[folder, ROOT / "mappings"],
        shops={"main": main},
        lease_seconds=2.0,
        patience_seconds=patience,
    )


class Running:
    """An importer with its worker at work; `finished` waits for an import to end."""

    def __init__(self, importer: Importer, beside: "Running | None" = None) -> None:
        self.importer = importer
        self._stepped = asyncio.Event()
        self._beside = beside

    def stepped(self, step: object) -> None:
        self._stepped.set()
        if self._beside:
            self._beside.stepped(step)

    async def until(self, true: Callable[[Import], bool], import_id: str) -> Import:
        """Looks after every step of the worker; no sleeping."""
        async with asyncio.timeout(PATIENCE):
            while True:
                state = await self.importer.ports.imports.get(import_id)
                if true(state):
                    return state
                self._stepped.clear()
                await self._stepped.wait()

    async def finished(self, import_id: str) -> Import:
        return await self.until(lambda state: state.ended, import_id)

    async def run(self, path: Path, mapping: str = "products", **words: Any) -> Import:
        """Accept the file and wait for its end."""
        return await self.finished((await self.accept(path, mapping, **words)).id)

    async def accept(self, path: Path, mapping: str = "products", **words: Any) -> Import:
        order = Order(
            name=path.name,
            mapping=mapping,
            shop="main",
            patience=self.importer.settings.patience_seconds,
            **words,
        )
        return await self.importer.intake.accept(order, files.chunks(path))


@asynccontextmanager
async def working(settings: Settings, beside: Running | None = None) -> AsyncIterator[Running]:
    """`beside`: another one on the same state, which hears of every step of this one too."""
    async with open_importer(settings) as importer:
        run = Running(importer, beside)
        worker = asyncio.create_task(Worker(importer, on_step=run.stepped).run())
        try:
            yield run
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Running]:
    async with working(settings) as run:
        yield run


@pytest.fixture
def products(tmp_path: Path) -> Callable[..., Path]:
    """Writes a product list: `products(5)`, or with changes such as `products(5, {3: {"price": "x"}})`."""

    def write(rows: int, changes: dict[int, dict[str, str]] | None = None, name: str = "list.csv") -> Path:
        lines = ["article,name,price"]
        for number in range(1, rows + 1):
            row = {"article": f"A-{number:04d}", "name": f"Thing {number}", "price": "9.90"}
            row |= (changes or {}).get(number, {})
            lines.append(",".join(row.values()))
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
