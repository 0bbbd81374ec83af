"""`importer demo`: a sample goes into a practice shop on this machine, and nothing stays behind."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from importer.cli.exits import OK
from importer.cli.run import import_file
from importer.cli.serve import serve_until_stopped
from importer.domain.errors import SourceMissing
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.services.intake import Order
from importer.settings import Settings, ShopSettings

PACE = 40.0
"""Operations per second of the practice shop's consumer: slow enough to watch."""

SAMPLE = "coffee.csv"
MAPPING = "products"

PROMISE = """
This is {name}: {rows} rows as a merchant writes them, some of them wrong on purpose.
They go into a practice shop that speaks Magento's bulk API on {address}.
Nothing leaves this machine.
"""
NEXT = """
Open the page:    make page                 (practice shop, API and page, until Ctrl-C)
Your own file:    .venv/bin/importer run FILE --mapping products --dry-run
The sample:       {sample}
"""


def demo(
    page: Annotated[bool, typer.Option("--page", help="Serve the page instead, until Ctrl-C.")] = False,
) -> None:
    """Import a sample into a practice shop, show the report, and leave nothing running."""
    sample = find_sample()
    raise typer.Exit(asyncio.run(_serve() if page else _import(sample)))


async def _import(sample: Path) -> int:
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="importer-demo-") as folder:
        shop = Shop(catalog=load_catalog(None), pace=PACE)
        async with running(shop) as address:
            rows = len(sample.read_text(encoding="utf-8").splitlines()) - 1  # noqa: ASYNC240 - a few kilobytes
            console.print(PROMISE.format(name=sample.name, rows=rows, address=address), soft_wrap=True)
            settings = _settings(Path(folder), address, shop.token)
            order = Order(name=sample.name, mapping=MAPPING, shop="practice", patience=10.0)
            code = await import_file(settings, order, sample, console)
    if code == OK:
        console.print(NEXT.format(sample=sample), soft_wrap=True)
    return code


async def _serve() -> int:
    with tempfile.TemporaryDirectory(prefix="importer-demo-") as folder:
        shop = Shop(catalog=load_catalog(None), pace=PACE)
        async with running(shop) as address:
            typer.echo(f"A practice shop answers at {address}; everything is thrown away at the end.")
            await serve_until_stopped(_settings(Path(folder), address, shop.token))
    return 0


def find_sample() -> Path:
    """Beside the package in a checkout, inside it when installed."""
    here = Path(__file__).parents[1]
    for folder in (here.parent / "samples", here / "samples"):
        if (folder / SAMPLE).is_file():
            return folder / SAMPLE
    raise SourceMissing(f"The sample {SAMPLE} is not part of this installation.")


def _settings(folder: Path, address: str, token: str) -> Settings:
    shop = ShopSettings(base_url=address, token=SecretStr(token), batch_size=20, settle_seconds=1.0)
    return Settings(data_dir=folder, shops={"practice": shop}, port=0)
