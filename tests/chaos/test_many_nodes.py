"""Many imports with all the bugs of a shop, by many processes on a RabbitMQ and a PostgreSQL, in a storm of faults.

IMPORTER_CHAOS_IMPORTS and IMPORTER_CHAOS_SEED as in test_chaos.py: the same seed throws the same mixes, the same faults
and the same moments for them.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from importer.store.database import connected
from tests.chaos.checker import check, commands, silence
from tests.chaos.mixes import mix, without_repeats
from tests.chaos.processes import Service, environment, tell
from tests.chaos.servers import OwnBroker, OwnPostgres, own_servers
from tests.chaos.stages import calm, played
from tests.chaos.storm import LEASE_SECONDS, Crew, Storm
from tests.chaos.test_chaos import groups

pytestmark = pytest.mark.own_servers

LINES = 150
WORKERS = 3
PATIENCE = 400.0


async def shared(broker: OwnBroker, database: OwnPostgres) -> Mapping[str, str]:
    """Settings of every process."""
    async with connected(database.address) as state:
        await state.migrate()
    return {
        "IMPORTER_DATABASE": database.address,
        "IMPORTER_BROKER": broker.url,
        "IMPORTER_LEASE_SECONDS": str(LEASE_SECONDS),
        "IMPORTER_WORKERS": "16",
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("seed", "imports"), groups())
async def test_whatever_happens_to_any_of_the_processes_and_to_their_servers(
    seed: int, imports: int, tmp_path: Path
) -> None:
    mixes = [mix(seed, number, lines=LINES) for number in range(1, imports + 1)]
    without_repeats(tmp_path)
    async with AsyncExitStack() as stack:
        broker, database = await stack.enter_async_context(own_servers())
        storm = Storm(seed, imports * LINES, broker, database)
        stages = [await stack.enter_async_context(played(one, storm.entry)) for one in mixes]
        shops = {
            one.name: {"BASE_URL": shelf.address, **one.settings}
            for one, (_, shelf, _) in zip(mixes, stages, strict=True)
        }
        words = {**environment(tmp_path, shops), **await shared(broker, database)}
        service = Service(words, words=("serve", "--no-work"))
        storm.crew = crew = Crew(words, WORKERS)
        await service.start()
        await service.ready()
        ids: list[str] = []

        async def imported() -> None:
            ids.extend(
                [
                    await service.upload(one.write(tmp_path), mapping=one.mapping, shop=one.name)
                    for one in mixes
                ]
            )
            await asyncio.gather(*(service.ended(import_id) for import_id in ids))

        try:
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                working = group.create_task(crew.work())
                raging = group.create_task(storm.rage())
                await imported()
                await raging
                working.cancel()
        except BaseException:
            for one in (service, *crew.workers):
                print("-----", *one.said, sep="\n")  # noqa: T201 - shown when the test fails
            raise
        finally:
            print(f"seed {seed}: {', '.join(storm.done)}")  # noqa: T201 - likewise
            await service.stop()
        said = await tell(words, [command for import_id in ids for command in commands(import_id)])
        for place, (one, (shop, shelf, mark)) in enumerate(zip(mixes, stages, strict=True)):
            await calm(shop)
            print(one.summary)  # noqa: T201 - likewise
            report = await check(one, shelf, said[3 * place : 3 * place + 3], mark)
            print(report["equation"], silence(said[3 * place + 1]))  # noqa: T201 - likewise
