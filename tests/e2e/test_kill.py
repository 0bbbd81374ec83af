"""`kill -9` of `importer serve` at any moment: a new start goes on, the rows add up, and no product is written twice."""

import asyncio
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.server import running
from importer.sandbox.shop import Shop

KILLS = 20
IMPORTS = 3
ROWS = 300
RING = 40
LINKS = "/rest/all/async/bulk/V1/products/bySku/links"
PATIENCE = 45.0


class Service:
    """`importer serve` as a process of its own, started again and again on one data folder."""

    def __init__(self, folder: Path, shop_address: str) -> None:
        self._environment = {
            **os.environ,
            "IMPORTER_DATA_DIR": str(folder / "data"),
            "IMPORTER_PORT": "0",
            "IMPORTER_LEASE_SECONDS": "0.6",
            "IMPORTER_SHOPS__MAIN__BASE_URL": shop_address,
            "IMPORTER_SHOPS__MAIN__TOKEN": "practice-token",
            "IMPORTER_SHOPS__MAIN__BATCH_SIZE": "10",
            "IMPORTER_SHOPS__MAIN__SETTLE_SECONDS": "0.3",
        }
        self._process: asyncio.subprocess.Process | None = None
        self.token = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "importer", "serve", env=self._environment, stdout=asyncio.subprocess.PIPE
        )

    async def address(self) -> str:
        """Once it listens; the first start prints a token, too."""
        assert self._process is not None
        assert self._process.stdout is not None
        address = re.search(r"http://\S+", (await self._process.stdout.readline()).decode())
        if not self.token:
            self.token = (await self._process.stdout.readline()).decode().rsplit(" ", 1)[1].strip()
        assert address is not None
        return address[0]

    async def end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=await self.address(), timeout=10.0, headers=headers) as client:
            headers["Authorization"] = client.headers["Authorization"] = f"Bearer {self.token}"
            yield client


def product_list(number: int) -> bytes:
    """Every tenth row is wrong, so that preparing has errors to keep, too."""
    lines = ["article,name,price"]
    for row in range(1, ROWS + 1):
        price = "free" if row % 10 == 0 else "5"
        lines.append(f"K{number}-{row:04d},Thing {number} {row},{price}")
    return "\n".join(lines).encode()


def linked_products() -> bytes:
    """A ring: every product is related to the next one, the last one to the first; one of them fails."""
    lines = ["sku,attribute_set_code,product_type,name,price,url_key,related_skus"]
    for row in range(RING):
        price = "free" if row == RING - 1 else "5"
        lines.append(f"R-{row},Default,simple,Ring {row},{price},ring-{row},R-{(row + 1) % RING}")
    return "\n".join(lines).encode()


async def upload(client: httpx.AsyncClient, number: int) -> str:
    """With an idempotency key: a client whose answer was lost by a kill asks again and gets the same import."""
    answer = await client.post(
        "/v1/imports",
        params={"mapping": "products", "name": f"k{number}.csv"},
        content=product_list(number),
        headers={"Content-Type": "text/csv", "Idempotency-Key": f"night-{number}"},
    )
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return str(answer.json()["id"])


async def ended(client: httpx.AsyncClient, import_id: str) -> dict[str, object]:
    while True:
        state: dict[str, object] = (await client.get(f"/v1/imports/{import_id}")).json()
        assert state["equation_holds"], state["equation"]
        if state["ended_at"]:
            return state
        await asyncio.sleep(0.2)  # the service is another process: there is no signal to wait for


@pytest.mark.timeout(150)
async def test_killed_twenty_times_it_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    dice = random.Random(KILLS)
    shop = Shop(catalog=load_catalog(), token="practice-token", pace=60.0)
    shop.faults.answer_seconds = 0.2  # twice what a real shop needs (recording 23): room to be killed in
    busy = 0
    async with running(shop) as shop_address:
        service = Service(tmp_path, shop_address)
        await service.start()
        async with service.client() as client:
            ids = [await upload(client, number) for number in range(IMPORTS)]
        for life in range(KILLS):
            if life % 5 in (1, 3):  # these end at their work, the others mostly while they start
                await service.address()
            await asyncio.sleep(dice.uniform(0.0, 0.8))
            await service.end(signal.SIGKILL)
            busy += len(shop.journal.writes) < IMPORTS * (ROWS - ROWS // 10)
            await service.start()
        async with service.client() as client:
            again = [await upload(client, number) for number in range(IMPORTS)]
            async with asyncio.timeout(PATIENCE):
                states = [await ended(client, import_id) for import_id in ids]
        await service.end(signal.SIGTERM)

    assert busy == KILLS, "some kills came when the work was done: they proved nothing"
    assert again == ids
    wrong = ROWS // 10
    equation = f"{ROWS} rows read = {ROWS - wrong} succeeded + {wrong} invalid"
    assert [state["equation"] for state in states] == [equation] * IMPORTS
    written = Counter(entry["sku"] for entry in shop.journal.writes)
    assert len(written) == IMPORTS * (ROWS - wrong)
    assert set(written.values()) == {1}


@pytest.mark.timeout(90)
async def test_killed_between_the_products_and_their_links_it_goes_on_with_the_links(tmp_path: Path) -> None:
    """First while no link can be taken at all, then again and again while they are."""
    shop = Shop(catalog=load_catalog(), token="practice-token", pace=40.0)
    shop.faults.refuse.append(Refuse(times=1000, status=503, body={"message": "Busy."}, path=LINKS))
    async with running(shop) as shop_address:
        service = Service(tmp_path, shop_address)
        await service.start()
        async with service.client() as client, asyncio.timeout(PATIENCE):
            answer = await client.post(
                "/v1/imports",
                params={"mapping": "magento-products", "name": "ring.csv"},
                content=linked_products(),
                headers={"Content-Type": "text/csv"},
            )
            import_id = answer.json()["id"]
            while not (state := (await client.get(f"/v1/imports/{import_id}")).json())["waiting"]:
                await asyncio.sleep(0.1)  # the service is another process: there is no signal to wait for
        products = [entry["sku"] for entry in shop.journal.writes]
        await service.end(signal.SIGKILL)
        shop.faults.refuse.clear()
        for _ in range(2):
            await service.start()
            await service.address()
            await asyncio.sleep(0.3)
            await service.end(signal.SIGKILL)
        await service.start()
        async with service.client() as client, asyncio.timeout(PATIENCE):
            done = await ended(client, import_id)
        await service.end(signal.SIGTERM)

    assert state["equation"] == f"{RING} rows read = {RING - 2} pending + 1 invalid + 1 blocked"
    assert done["equation"] == f"{RING} rows read = {RING - 2} succeeded + 1 invalid + 1 blocked"
    assert len(products) == len(set(products)) == RING - 1
    linked = {
        row["sku"]: [link["linked_product_sku"] for link in row["product_links"]] for row in shop.products
    }
    assert linked == {f"R-{row}": [f"R-{row + 1}"] for row in range(RING - 2)} | {f"R-{RING - 2}": []}
    assert not shop.journal.overlapping()
