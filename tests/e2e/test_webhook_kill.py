"""`kill -9` between the end of an import and the delivery of its webhook: after a restart it is delivered, under one id."""

import asyncio
import json
from pathlib import Path

from sqlalchemy import func, select

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.store.database import connected
from importer.store.tables import announcements
from tests.chaos.processes import TOKEN, Service, environment
from tests.receivers import HOST, receiving


async def committed(address: str) -> None:
    async with connected(address) as database:
        query = select(func.count()).select_from(announcements)
        while True:
            async with database.reading() as connection:
                if (await connection.execute(query)).scalar_one():
                    return
            await asyncio.sleep(0.01)  # another process: there is no signal to wait for


async def test_a_process_killed_before_it_told_tells_after_its_restart(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("article,name,price\nA-1,Thing,1.00\n")
    async with running(Shop(catalog=load_catalog(), token=TOKEN)) as shop, receiving() as receiver:
        words = environment(tmp_path, {"main": {"BASE_URL": shop}})
        service = Service({**words, "IMPORTER_WEBHOOK_HOSTS": json.dumps([HOST])})
        await service.start()
        try:
            await service.ready()
            made = (await service.ask("POST", "/v1/webhooks", json={"url": receiver.address})).json()
            import_id = await service.upload(tmp_path / "list.csv", mapping="products", shop="main")
            await committed(f"sqlite:///{tmp_path}/data/importer.db")
            service.kill()
            await service.dead()
            early = len(receiver.got)
            await service.start()
            await receiver.until(lambda: bool(receiver.got))
            again = f"/v1/webhooks/{made['id']}/deliveries"
            [delivery] = (await service.ask("GET", again)).json()["items"]
        finally:
            await service.stop()

    assert early <= 1
    assert {message.id for message in receiver.got} == {delivery["id"]}
    assert receiver.got[0].verified(made["secret"])["data"]["id"] == import_id
