"""Many imports, each with a random mix of a shop's bugs, by a service that is killed at random moments.

IMPORTER_CHAOS_IMPORTS=200 runs so many (6); they come in groups of ten at most, each with a service and a seed of its own.
IMPORTER_CHAOS_PATIENCE is how many seconds a group may take (600).
IMPORTER_CHAOS_SEED=17 begins with that seed: what a failure prints is replayed by it. The same seed throws the same mixes
and the same moments to be killed at; what meets at which moment is up to the machine.
"""

import asyncio
import os
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.checker import check, commands, silence
from tests.chaos.mixes import mix, without_repeats
from tests.chaos.processes import Service, environment, tell
from tests.chaos.stages import calm, played

GROUP = 10
IMPORTS = int(os.environ.get("IMPORTER_CHAOS_IMPORTS", "6"))
SEED = int(os.environ.get("IMPORTER_CHAOS_SEED", "1"))
KILLS = 5
PATIENCE = float(os.environ.get("IMPORTER_CHAOS_PATIENCE", "600"))
MOMENTS: Mapping[str, tuple[int, int]] = {
    "write": (1, 600),
    "submission": (1, 12),
    "question": (1, 40),
    "answer": (1, 60),
    "address": (1, 1),
}
"""What is counted until the service is killed, and how often at least and at most: a write of a shop, a bulk that a shop
took and has not answered yet, another request; an answer that came to our process; our own address."""


class Killer:
    """Kills at the moments that the dice choose; `happened` hears of everything."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        kinds = [dice.choice(list(MOMENTS)) for _ in range(KILLS)]
        self._plan = [(kind, dice.randint(*MOMENTS[kind])) for kind in kinds]
        self._seen = 0
        self.service: Service | None = None
        self.killed = asyncio.Event()
        self.done: list[str] = []

    def happened(self, kind: str) -> None:
        if self.service is None or self.killed.is_set() or len(self.done) == len(self._plan):
            return
        wanted, times = self._plan[len(self.done)]
        self._seen += kind == wanted
        if self._seen >= times:
            self.service.kill()
            self._seen = 0
            self.done.append(f"{times}. {wanted}")
            self.killed.set()

    def line(self, line: str) -> None:
        if "HTTP Request: " in line:
            self.happened("answer")
        elif line.startswith("importer serves"):
            self.happened("address")

    def entry(self, entry: Mapping[str, Any]) -> None:
        if entry["kind"] == "write":
            self.happened("write")
        else:
            self.happened("submission" if entry["method"] == "POST" else "question")

    async def revive(self) -> None:
        """Start the service again whenever it was killed. A service that ends by itself is a defect."""
        assert self.service is not None
        while True:
            code = await self.service.dead()
            assert self.killed.is_set(), f"it ended by itself with {code}"
            await self.service.start()
            self.killed.clear()


def groups() -> list[tuple[int, int]]:
    """Seed and number of imports of each group."""
    return [
        (SEED + place, min(GROUP, IMPORTS - first)) for place, first in enumerate(range(0, IMPORTS, GROUP))
    ]


@pytest.mark.timeout(PATIENCE + 100)
@pytest.mark.parametrize(("seed", "imports"), groups())
async def test_whatever_the_shop_does_and_whenever_we_are_killed(
    seed: int, imports: int, tmp_path: Path
) -> None:
    mixes, killer = [mix(seed, number) for number in range(1, imports + 1)], Killer(seed)
    without_repeats(tmp_path)
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(played(one, killer.entry)) for one in mixes]
        words = environment(
            tmp_path,
            {
                one.name: {"BASE_URL": shelf.address, **one.settings}
                for one, (_, shelf, _) in zip(mixes, stages, strict=True)
            },
        )
        service = Service(words, killer.line)
        await service.start()
        await service.ready()
        killer.service = service
        killer.happened("address")
        reviving = asyncio.create_task(killer.revive())
        ids: list[str] = []
        try:
            async with asyncio.timeout(PATIENCE):
                ids += [
                    await service.upload(one.write(tmp_path), mapping=one.mapping, shop=one.name)
                    for one in mixes
                ]
                await _first(reviving, asyncio.gather(*(service.ended(import_id) for import_id in ids)))
        except BaseException:
            await service.abort()
            print(*service.said, sep="\n")  # noqa: T201 - shown when the test fails
            raise
        finally:
            print(f"seed {seed}: killed after {', '.join(killer.done)}")  # noqa: T201 - likewise
            killer.service = None
            reviving.cancel()
            await service.stop()
        said = await tell(words, [command for import_id in ids for command in commands(import_id)])
        for place, (one, (shop, shelf, mark)) in enumerate(zip(mixes, stages, strict=True)):
            await calm(shop)
            print(one.summary)  # noqa: T201 - likewise
            report = await check(one, shelf, said[3 * place : 3 * place + 3], mark)
            print(report["equation"], silence(said[3 * place + 1]))  # noqa: T201 - likewise


async def _first(reviving: asyncio.Task[None], ending: "asyncio.Future[Any]") -> None:
    """Until all imports have ended, or it can no longer go on."""
    await asyncio.wait({reviving, ending}, return_when=asyncio.FIRST_COMPLETED)
    if reviving.done():
        ending.cancel()
        reviving.result()
    await ending
