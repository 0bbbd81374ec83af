"""Whether `importer serve` grows: its memory after a thousand imports beside that after the first hundred.

    python -m bench.long [--imports 1000] [--rows 20]

One process, all in one, its state in a SQLite file, and a practice shop for which nothing takes time. The imports are
handed in over HTTP, a few at once; one in ten has a row that the shop refuses, and each tenth report is read.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.installation import Client, Process, process, rows, settings, told
from bench.practice import practice_shop

AT_ONCE = 4
MOST_GROWTH = 0.10
MARKS = 10
"""Points at which memory is read."""


async def through(client: Client, numbers: Sequence[int], size: int) -> None:
    """These imports, a few at once, until they have ended."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            content = rows(f"L{number}", size)
            if number % 10 == 0:
                content += b"\nL-wrong,,not a price,1,10,1"
            state = await client.ended(await client.upload(content, "main"))
            if state["counts"]["succeeded"] != size:
                raise SystemExit(f"Import {number}: {state['equation']}")
            if number % 10 == 0:
                await client.report(state["id"])

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(one(number))


async def measure(imports: int, size: int) -> list[tuple[int, float]]:
    """(imports that have ended, MiB) at the marks."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shop = stack.enter_context(practice_shop("--instant"))
        words = settings(folder, {"main": {"BASE_URL": shop}})
        token = told(words, "tokens", "new", "bench")
        serve = stack.enter_context(process(words, "serve", name="serve", log=folder / "serve.log"))
        async with Client([serve.address], token) as client:
            return [await mark(client, serve, range(first, last), size) for first, last in parts(imports)]


async def mark(client: Client, serve: Process, numbers: range, size: int) -> tuple[int, float]:
    await through(client, numbers, size)
    print(f"{numbers.stop:>5} imports {serve.mib():>7.1f} MiB", file=sys.stderr, flush=True)  # noqa: T201 - it takes a while
    return numbers.stop, serve.mib()


def parts(imports: int) -> list[tuple[int, int]]:
    size = max(1, imports // MARKS)
    return [(first, min(first + size, imports)) for first in range(0, imports, size)]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--imports", type=int, default=1000)
    options.add_argument("--rows", type=int, default=20)
    said = options.parse_args()
    found = asyncio.run(measure(said.imports, said.rows))
    (first, before), (last, after) = found[0], found[-1]
    print(  # noqa: T201 - this is what it is for
        f"{before:.1f} MiB after {first:,} imports, {after:.1f} MiB after {last:,}: "
        f"{after / before - 1:+.1%}  (wanted: below {MOST_GROWTH:+.0%})"
    )


if __name__ == "__main__":
    main()
