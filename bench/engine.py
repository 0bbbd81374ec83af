"""The row engine beside its peers, in one run: medians of several rounds, every contestant in a process of its own.

`make bench-engine` measures with a million rows (some twenty minutes); `python -m bench.engine --rows 100000 --rounds 3
--memory-rows 0 --sheet-rows 0` is a quick look. The code measured is the product's own: what `importer run` calls to read, map, check, render, cut
and send.
"""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from bench import data, peers
from bench.tables import TABLES
from importer import formats
from importer.backends.magento.access import Access, Bearer
from importer.backends.magento.backend import MagentoBackend
from importer.domain.batches import Parcel
from importer.domain.mapping import Mapping
from importer.formats.ahead import ahead, made
from importer.formats.frames import Frame
from importer.services.examination import Document, examine
from importer.sources.mappings import MappingFolders
from importer.transform.cutting import Cut, cut
from importer.worker import load_network

HERE = Path(__file__).parent
FOLDERS = MappingFolders([HERE, HERE.parent / "mappings"])
POSTS, BATCH, BYTES = 4, 1_000, 4 << 20


def mapping(name: str) -> Mapping:
    return FOLDERS.parse(name, FOLDERS.text(name))


async def importer(path: Path, url: str, name: str = "products") -> dict[str, Any]:
    """From the file to POSTed batches; also the longest time for which the event loop stood still."""
    await load_network()
    document = await asyncio.to_thread(examine, path, path.name, mapping(name), TABLES)
    backend = MagentoBackend(Access(base_url=url, credentials=Bearer(token="bench")))  # noqa: S106 - opens nothing
    posts, sent, bad = asyncio.Semaphore(POSTS), 0, 0

    async def post(one: Cut) -> None:
        try:
            await backend.submit(document.transform.mapping, operations(one))
        finally:
            posts.release()

    async with watched() as stall, asyncio.TaskGroup() as group:
        async for cuts, errors in frames(document):
            bad += errors
            for one in cuts:
                await posts.acquire()
                group.create_task(post(one))
                sent += len(one.rows)
    await backend.close()
    return {"read": document.rows, "sent": sent, "bad": bad, "stall": stall[0]}


async def frames(document: Document) -> AsyncIterator[tuple[list[Cut], int]]:
    """Batches and the number of bad rows, frame by frame; the next ones are made while these are sent."""

    def work(frame: Frame) -> tuple[list[Cut], int]:
        done = document.transform(frame.cells)
        rows = {error.row for error in [*frame.malformed, *done.errors]}
        return list(cut(done.operations, size=BATCH, max_bytes=BYTES)), len(rows)

    coming = made(work, ahead(document.frames()))
    while (found := await asyncio.to_thread(next, coming, None)) is not None:
        yield found


def operations(one: Cut) -> Parcel:
    return Parcel(one.rows, one.lines, one.keys, one.payloads)


@asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """The longest stall of the event loop while the block runs, in milliseconds."""
    longest = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest[0] = max(longest[0], (time.perf_counter() - before - 0.005) * 1000)

    task = asyncio.create_task(watch())
    try:
        yield longest
    finally:
        task.cancel()


def read_exactly(path: Path, _url: str) -> dict[str, Any]:
    header = formats.header(path, path.name)
    return {"read": sum(frame.rows for frame in ahead(formats.frames(path, path.name, header)))}


def read_by_polars(path: Path, _url: str) -> dict[str, Any]:
    return {"read": pl.read_csv(path, infer_schema_length=0).height}


def contest(name: str, path: Path, url: str, rows: int) -> dict[str, Any]:
    """One contestant in this process."""
    bulk = f"{url}/rest/all/async/bulk/V1/products"
    began = time.perf_counter()
    if name.startswith("importer"):
        found = asyncio.run(importer(path, url, name.partition(":")[2] or "products"))
    elif name in READERS:
        found = READERS[name](path, url)
    elif name == "naive":
        read, sent = peers.naive(path, bulk)
        found = {"read": read, "sent": sent}
    elif name == "good":
        read, sent = asyncio.run(peers.good(path, bulk, rows))
        found = {"read": read, "sent": sent}
    else:
        read, sent, seconds = asyncio.run(peers.limit(path, bulk, rows))
        found = {"read": read, "sent": sent, "seconds": seconds}
    found.setdefault("seconds", time.perf_counter() - began)
    return {**found, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


READERS = {"read": read_exactly, "sheet": read_exactly, "polars": read_by_polars}


@contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        assert process.stdout is not None  # noqa: S101 - it was asked for
        assert process.stdin is not None  # noqa: S101 - likewise
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def once(name: str, path: Path, url: str, rows: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.engine", "--contest", name, str(path), url, str(rows)]
    # importer wants one thread of Polars beside its own; Polars alone has them all.
    threads = {"POLARS_MAX_THREADS": str(os.cpu_count())} if name == "polars" else {}
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **threads})  # noqa: S603 - ours
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


class Table:
    """Figures of all rounds; rates are rows read for each second."""

    def __init__(self) -> None:
        self._found: dict[str, list[dict[str, Any]]] = {}

    def add(self, label: str, found: dict[str, Any]) -> None:
        self._found.setdefault(label, []).append(found)

    def rate(self, label: str) -> float:
        return statistics.median(one["read"] / one["seconds"] for one in self._found[label])

    def median(self, label: str, figure: str) -> float:
        return statistics.median(one[figure] for one in self._found[label])

    def show(self) -> None:
        for label, found in self._found.items():
            sent = f"{found[0]['sent']:>11,} sent" if "sent" in found[0] else " " * 16
            print(  # noqa: T201 - this is what it is for
                f"{label:28} {self.rate(label):>10,.0f} rows/s {sent} {self.median(label, 'rss'):>7,.0f} MiB "
                f"(median of {len(found)})"
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument(
        "--memory-rows", type=int, default=5_000_000, help="rows of the file for the memory; 0 leaves it out"
    )
    options.add_argument(
        "--sheet-rows", type=int, default=100_000, help="rows of the XLSX file; 0 leaves it out"
    )
    options.add_argument("--contest", nargs=4, help=argparse.SUPPRESS)
    said = options.parse_args()
    if said.contest:
        name, path, url, rows = said.contest
        sys.stdout.buffer.write(orjson.dumps(contest(name, Path(path), url, int(rows))))
        return
    with tempfile.TemporaryDirectory() as folder, server() as url:
        measure(Path(folder), url, said)


def measure(folder: Path, url: str, said: argparse.Namespace) -> None:
    rows, good, worse, lines = said.rows, folder / "rows.csv", folder / "worse.csv", folder / "rows.jsonl"
    people, sheet = folder / "people.csv", folder / "rows.xlsx"
    data.write_csv(good, rows)
    data.write_csv(worse, rows, bad=0.10)
    data.write_jsonl(lines, rows)
    data.write_people(people, rows)
    turns = [
        ("importer", "importer", good), ("importer, 10 % bad", "importer", worse), ("naive (first 10,000)", "naive", good),
        ("good per-row Python", "good", good), ("serial limit", "limit", good), ("exact reading", "read", good),
        ("polars.read_csv", "polars", good), ("importer, JSON Lines", "importer", lines),
        ("importer, customers", "importer:customers", people),
    ]  # fmt: skip
    table = Table()
    for _ in range(said.rounds):
        for label, name, path in turns:
            table.add(label, once(name, path, url, rows))
    if said.sheet_rows:
        data.write_xlsx(sheet, said.sheet_rows)
        table.add("reading XLSX", once("sheet", sheet, url, said.sheet_rows))
    if said.memory_rows:
        data.write_csv(good, said.memory_rows)
        table.add("importer, large file", once("importer", good, url, said.memory_rows))
    table.show()
    ratios(table, large=bool(said.memory_rows))


def ratios(table: Table, *, large: bool) -> None:
    ours, memory = table.rate("importer"), table.median("importer", "rss")
    least = [
        ("against the naive program", ours / table.rate("naive (first 10,000)"), 100.0),
        ("against good per-row Python", ours / table.rate("good per-row Python"), 4.0),
        ("against the serial limit", ours / table.rate("serial limit"), 0.5),
        ("10 % bad against 1 %", table.rate("importer, 10 % bad") / ours, 0.5),
        ("exact reading against polars", table.rate("exact reading") / table.rate("polars.read_csv"), 0.4),
        ("JSON Lines against CSV", table.rate("importer, JSON Lines") / ours, 0.7),
        ("customers against products", table.rate("importer, customers") / ours, 0.7),
    ]
    most = [
        ("longest stall of the loop, ms", table.median("importer", "stall"), 50.0),
        ("peak memory, MiB", memory, 300.0),
    ]
    if large:
        grown = table.median("importer, large file", "rss") / memory
        most.append(("memory of the large file, against it", max(grown, 1 / grown), 1.1))
    print(f"\n{'figure':38} {'found':>9} {'wanted':>12}")  # noqa: T201 - this is what it is for
    for figures, bound, met in ((least, "at least", float.__ge__), (most, "at most", float.__le__)):
        for label, found, wanted in figures:
            verdict = "met" if met(found, wanted) else "MISSED"
            print(f"{label:38} {found:9.2f} {bound:>8} {wanted:g}  {verdict}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
