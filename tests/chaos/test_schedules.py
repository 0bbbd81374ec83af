"""`kill -9` of two processes that keep time, at every thing they say of schedules: each file goes in once."""

import asyncio
import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from importer.domain.fires import FireStatus
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.store.database import connected, open_database
from importer.store.schedules import SqlDues, SqlFires, SqlTakenFiles
from tests.chaos.processes import TOKEN, Service, environment
from tests.clocks import HandClock

NIGHTS = 4
FOLLOWER = "stock"
NAMES = [*(f"night-{number}" for number in range(NIGHTS)), FOLLOWER]
KILLS = (1, 3, 6, 9)
"""The how-manieth line about schedules that is the last one of its process."""
PATIENCE = 200.0


def documents(folder: Path) -> dict[str, dict[str, str]]:
    """Schedules that are due now, since yesterday, and one that follows the first of them; each has its folder."""
    found: dict[str, dict[str, str]] = {
        name: {
            "time_zone": "UTC",
            "source": f"file://{folder}/out-{name}/*.csv",
            "mapping": "products",
            "ready": "ok",
            "after": "delete",
        }
        for name in NAMES
    }
    for name, words in found.items():
        words |= {"follows": NAMES[0], "gate": "failed = 0"} if name == FOLLOWER else {"cron": "0 0 1 1 *"}
    return found


def write(folder: Path) -> None:
    for name in NAMES:
        out = folder / f"out-{name}"
        out.mkdir()
        (out / "list.csv").write_text(f"article,name,price\n{name},Thing {name},1.00\n")
        (out / "list.ok").touch()


async def make_due(address: str, nights: dict[str, dict[str, str]]) -> None:
    async with open_database(address) as database:
        for name, words in nights.items():
            yesterday = datetime.now(UTC) - timedelta(days=1)
            after = f" follows {words['follows']}" if name == FOLLOWER else ""
            rhythm = f"{words.get('cron', '')} {words['time_zone']}{after}".strip()
            next_at = datetime(9999, 1, 1, tzinfo=UTC) if name == FOLLOWER else yesterday
            await SqlDues(database, HandClock()).expect(name, rhythm, next_at)


async def all_done(address: str) -> None:
    async with connected(address) as database:
        fires = SqlFires(database)
        while True:
            ended = [one for name in NAMES for one in await fires.latest(name, limit=9)]
            if len(ended) == len(NAMES) and all(one.status is FireStatus.DONE for one in ended):
                return
            await asyncio.sleep(0.2)  # other processes give no signal to wait for


def left_in(folder: Path) -> list[Path]:
    return list(folder.glob("out-*/*"))


def killer(services: list[Service], kills: Collection[int]) -> Callable[[str], None]:
    """Kills a process when schedules are spoken of for the n-th time."""
    heard = 0

    def hear(line: str) -> None:
        nonlocal heard
        heard += "action=schedule_" in line
        if "action=schedule_" in line and heard in kills:
            services[heard % len(services)].kill()

    return hear


async def kept_alive(service: Service) -> None:
    while True:
        await service.dead()
        await service.start()


@pytest.mark.timeout(PATIENCE + 40)
async def test_files_of_schedules_go_in_once_although_the_processes_are_killed(tmp_path: Path) -> None:
    write(tmp_path)
    nights, address = documents(tmp_path), f"sqlite:///{tmp_path}/data/importer.db"
    await make_due(address, nights)
    shop = Shop(catalog=load_catalog(), token=TOKEN)
    async with running(shop) as shop_address:
        words = environment(tmp_path, {"main": {"BASE_URL": shop_address}})
        words |= {
            "IMPORTER_SCHEDULES": json.dumps(nights),
            "IMPORTER_SOURCE_ROOTS": json.dumps([str(tmp_path)]),
        }
        services: list[Service] = []
        hear = killer(services, KILLS)
        services += [Service(words, hear), Service(words, hear)]
        for service in services:
            await service.start()
        keepers = [asyncio.create_task(kept_alive(service)) for service in services]
        try:
            async with asyncio.timeout(PATIENCE):
                await all_done(address)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.wait(keepers)
            for service in services:
                await service.stop()
                print(*service.said, sep="\n")  # noqa: T201 - shown when the test fails

    async with connected(address) as database:
        ledger = SqlTakenFiles(database)
        taken = [one for name in NAMES for one in await ledger.taken(name)]
    assert len({one.import_id for one in taken}) == len(taken) == len(NAMES)
    assert left_in(tmp_path) == []
    assert sum(service.lives for service in services) > 2
