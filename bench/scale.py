"""How much faster more workers are, and what a hundred imports at once do to a small one.

    python -m bench.scale [--imports 18] [--rows 1500] [--workers 1,2,4]
    python -m bench.scale --imports 100 --rows 10000 --workers 4 --answer-seconds 0

Two processes serve, 1, 2 and 4 work, over RabbitMQ and PostgreSQL. All settings are as they are when nothing is said, but
for the pace, which is fixed (8 batches in flight): how it is found is the matter of `bench.pace`.
The imports come all at once over HTTP, spread over the shops. What more workers can help against is the time that shops
take to answer: each holds back its answer to a bulk for `--answer-seconds`, and a worker is at 8 steps at a time (the
setting `workers`), most of which wait for such an answer. A shop's own limit (8 batches in flight) is one for all
workers; a single shop would be full with two of them. So there are as many shops as the most workers, and half as many
again. In truth all shops are one practice shop, and everything runs on this machine: its cores bound the rows a second
of all together, and the curve says something only as long as they have time left (`cores`: how many were busy; with all
of them busy, raise `--answer-seconds`).

Into each round a small import is handed in when a third of the rows is through, and its time is compared with
its time alone.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.installation import Client, Process, database, exchange, lasted, process, rows, settings, told
from bench.practice import practice_shop

POSTGRES = os.environ.get("IMPORTER_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BROKER = os.environ.get("IMPORTER_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
SERVING, SMALL_ROWS = 2, 100
WANTED = {2: 1.8, 4: 3.2}
MOST_SLOWER = 3.0
COURTESY_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is to be done: so many imports of so many rows, over so many shops."""

    imports: int
    rows: int
    shops: int
    answer_seconds: float

    @property
    def names(self) -> list[str]:
        return [f"shop{number}" for number in range(self.shops)]


@dataclass(frozen=True, kw_only=True)
class Round:
    """`alone` and `among`: seconds of the small import, in an idle installation and in the middle of the others."""

    workers: int
    seconds: float
    rows: int
    added_up: int
    imports: int
    alone: float
    among: float
    cores: float
    memory: dict[str, tuple[float, float]]

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


@asynccontextmanager
async def installation(work: Work, workers: int) -> AsyncIterator[tuple[Client, list[Process]]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        slow = ["--bug", f"slow-accept={work.answer_seconds}"] if work.answer_seconds else []
        shop = stack.enter_context(practice_shop("--instant", *slow))
        words = settings(
            folder,
            {name: {"BASE_URL": shop, "PACE": "fixed"} for name in work.names},
            DATABASE=await stack.enter_async_context(database(POSTGRES)),
            BROKER=BROKER,
            BROKER_EXCHANGE=await stack.enter_async_context(exchange(BROKER)),
        )
        told(words, "migrate")
        token = told(words, "tokens", "new", "bench")
        commands = [("serve", "--no-work")] * SERVING + [("work",)] * workers
        running = []
        for number, command in enumerate(commands, 1):
            name = f"{command[0]} {number if number <= SERVING else number - SERVING}"
            one = process(words, *command, name=name, log=folder / f"{name}.log")
            running.append(stack.enter_context(one))
        addresses = [one.address for one in running if one.name.startswith("serve")]
        yield await stack.enter_async_context(Client(addresses, token)), running


async def measure(work: Work, workers: int) -> Round:
    async with installation(work, workers) as (client, running):
        alone = [await small(client, work.names[0], f"W{turn}") for turn in range(3)]
        contents = [rows(f"I{number}", work.rows) for number in range(work.imports)]
        began, busy = time.perf_counter(), busy_seconds()
        ids = await asyncio.gather(
            *(
                client.upload(content, work.names[number % work.shops])
                for number, content in enumerate(contents)
            )
        )
        del contents
        async with asyncio.TaskGroup() as group:
            among = group.create_task(in_the_middle(client, ids, work))
            states = await all_ended(client, ids)
            seconds, busy = time.perf_counter() - began, busy_seconds() - busy
        return Round(
            workers=workers,
            seconds=seconds,
            rows=sum(state["rows_read"] for state in states),
            added_up=sum(added_up(state, work.rows) for state in states),
            imports=len(states),
            alone=statistics.median(alone[1:]),  # the first one loads what the others find loaded
            among=among.result(),
            cores=busy / seconds,
            memory={one.name: (one.mib(), one.mib("VmHWM")) for one in running},
        )


async def small(client: Client, shop: str, name: str) -> float:
    state = await client.ended(await client.upload(rows(name, SMALL_ROWS), shop))
    if not added_up(state, SMALL_ROWS):
        raise SystemExit(f"The small import is not whole: {state['equation']}")
    return lasted(state)


async def in_the_middle(client: Client, ids: Sequence[str], work: Work) -> float:
    """The small import's seconds; it comes when the shops have taken a third of all rows."""

    async def sent() -> int:
        return sum([(await client.state(one))["rows_sent"] for one in ids])

    while await sent() < work.imports * work.rows / 3:  # noqa: ASYNC110 - other processes, no signal
        await asyncio.sleep(COURTESY_SECONDS)
    return await small(client, work.names[0], "MIDDLE")


async def all_ended(client: Client, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Asked one after the other, so that asking costs nothing to speak of."""
    return [await client.ended(one) for one in ids]


def added_up(state: dict[str, Any], number: int) -> bool:
    """Every row that was handed in was read, and every one that was read succeeded."""
    return bool(state["equation_holds"] and state["rows_read"] == state["counts"].get("succeeded") == number)


def busy_seconds() -> float:
    """Of all cores of this machine, since it was started; 0 where there is no /proc."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0.0
    user, nice, system, _idle, _wait, *more = map(int, path.read_text().splitlines()[0].split()[1:])
    return (user + nice + system + sum(more[:2])) / os.sysconf("SC_CLK_TCK")


def show(rounds: Sequence[Round]) -> None:
    line = "{:>7} {:>9} {:>8} {:>9} {:>7} {:>6} {:>15} {:>12} {:>12} {:>7}".format
    say(line("workers", "seconds", "rows/s", "speed-up", "wanted", "cores", "equation true", "small alone", "among all", "ratio"))  # fmt: skip
    for one in rounds:
        speed_up = f"{one.rate / rounds[0].rate:.2f}"
        wanted = f"{WANTED[one.workers]:.1f}" if one.workers in WANTED and rounds[0].workers == 1 else "-"
        figures = f"{one.seconds:.1f}", f"{one.rate:,.0f}", speed_up, wanted, f"{one.cores:.2f}"
        alone, among, ratio = f"{one.alone:.2f} s", f"{one.among:.2f} s", f"{one.among / one.alone:.2f}"
        say(line(one.workers, *figures, f"{one.added_up} of {one.imports}", alone, among, ratio))
    say(f"The small import among all: wanted at most {MOST_SLOWER:.0f} times as long as alone.")
    say("Memory in MiB, at the end (at its peak):")
    for one in rounds:
        shares = (f"{name} {now:.0f} ({peak:.0f})" for name, (now, peak) in one.memory.items())
        say(f"{one.workers:>7}  {', '.join(shares)}")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is what it is for


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--imports", type=int, default=18)
    options.add_argument("--rows", type=int, default=1500)
    options.add_argument("--workers", default="1,2,4")
    options.add_argument(
        "--answer-seconds", type=float, default=3.0, help="a shop takes so long to answer a bulk"
    )
    options.add_argument("--shops", type=int, default=0, help="0: half as many again as the most workers")
    said = options.parse_args()
    numbers = [int(number) for number in said.workers.split(",")]
    shops = said.shops or max(numbers) * 3 // 2
    work = Work(imports=said.imports, rows=said.rows, shops=shops, answer_seconds=said.answer_seconds)
    rounds = []
    for number in numbers:
        rounds.append(asyncio.run(measure(work, number)))
        print(rounds[-1], file=sys.stderr, flush=True)  # noqa: T201 - it takes a while
    show(rounds)


if __name__ == "__main__":
    main()
