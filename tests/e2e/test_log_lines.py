"""The lines of a real `importer serve`: each says what it belongs to, and none tells a secret."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.chaos.processes import TOKEN, Service, environment

ROWS = "article,name,price\n" + "".join(f"L-{number},Thing {number},5\n" for number in range(1, 6))


async def lines_of(folder: Path, form: str) -> tuple[str, list[str]]:
    """The import's id, and what the process wrote: one import into a shop that is busy once."""
    (folder / "list.csv").write_text(ROWS)
    shop = Shop(catalog=load_catalog(), token=TOKEN)
    shop.faults.refuse.append(Refuse(times=1, status=503, method="GET", path="/rest/all/V1/bulk"))
    async with running(shop) as address:
        words = environment(folder, {"main": {"BASE_URL": address}}) | {"IMPORTER_LOG_FORMAT": form}
        service = Service(words)
        await service.start()
        async with asyncio.timeout(45):
            await service.ready()
            import_id = await service.upload(folder / "list.csv", mapping="products", shop="main")
            await service.ended(import_id)
            await service.stop()
    return import_id, list(service.said)


@pytest.mark.timeout(90)
async def test_json_lines_carry_import_batch_and_step_and_no_secret(tmp_path: Path) -> None:
    import_id, said = await lines_of(tmp_path, "json")
    lines: list[dict[str, Any]] = [json.loads(line) for line in said if line.startswith("{")]

    assert len(lines) > 5
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)
    steps = {(line["logger"], line["step"]) for line in lines if "step" in line}
    assert {("httpx", "deliver"), ("httpx", "track"), ("importer.worker", "track")} <= steps
    assert {line["import"] for line in lines if "step" in line} == {import_id}
    of_batches = [line for line in lines if line.get("step") in ("deliver", "track")]
    assert {line["batch"] for line in of_batches} == {f"{import_id}.1"}
    assert not [line for line in said if TOKEN in line and not line.startswith("Your token")]


@pytest.mark.timeout(90)
async def test_text_lines_carry_the_same(tmp_path: Path) -> None:
    import_id, said = await lines_of(tmp_path, "text")
    met = [line for line in said if "action=shop_in_the_way" in line]

    assert len(met) == 1
    assert met[0].endswith(f" import={import_id} batch={import_id}.1 step=track")
