"""How well importer finds the pace of a shop whose capacity changes threefold while it works.

    python -m bench.pace [--seconds 20]

The shop's consumers work off so many operations a second, and it answers 429 to a bulk that would let too many wait; a
third of both in the middle part. First every fixed setting of the grid has each capacity for itself, and the best one of
each is the measure. Then importer meets all three parts in one run, with the settings that a shop has when nothing is
said. Operations written in a part are counted by the shop. `--fixed 100x4` puts one fixed setting to the same test.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import orjson

from bench.delivery import write_list
from bench.practice import HEADERS, TOKEN, practice_shop
from importer.settings import ShopSettings

LEAST_SHARE, LONGEST_STORM = 0.85, 3
GRID = ((50, 2), (100, 1), (100, 4), (250, 2), (250, 4), (500, 1), (500, 4))
"""Rows in a request, requests in flight."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Operations a second, and how many may wait."""

    pace: int
    waiting: int

    def set_in(self, url: str) -> None:
        httpx.post(f"{url}/practice/pace", headers=HEADERS, json={"operations": self.pace})
        httpx.post(f"{url}/practice/bugs", headers=HEADERS, json={"queue-limit": self.waiting})


HIGH, LOW = Capacity(pace=600, waiting=1500), Capacity(pace=200, waiting=500)
PARTS = (HIGH, LOW, HIGH)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Operations a second in each part; the longest row of bulks that were refused one after the other."""

    rates: Sequence[float]
    storm: int


def fixed(size: int, in_flight: int) -> dict[str, str]:
    words = {"BATCH_SIZE": str(size), "BATCHES_IN_FLIGHT": str(in_flight)}
    return {**words, "PACE": "fixed"} if "pace" in ShopSettings.model_fields else words


def run(parts: Sequence[Capacity], seconds: float, settings: Mapping[str, str]) -> Run:
    """importer with more rows than the shop can take in that time; it is stopped at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "shop.jsonl"
        write_list(folder / "list.csv", int(sum(part.pace for part in parts) * seconds * 1.5))
        with practice_shop("--pace", str(parts[0].pace), "--log", str(log)) as url:
            parts[0].set_in(url)
            with importing(folder, url, settings):
                wait_for_writes(log)
                bounds = [time.time()]
                for part in parts:
                    part.set_in(url)
                    time.sleep(seconds)
                    bounds.append(time.time())
        return measured(log, bounds)


@contextmanager
def importing(folder: Path, url: str, settings: Mapping[str, str]) -> Iterator[None]:
    shop = {"BASE_URL": url, "TOKEN": TOKEN, **settings}
    words = {**os.environ, "IMPORTER_DATA_DIR": str(folder / "data")}
    words |= {f"IMPORTER_SHOPS__MAIN__{name}": value for name, value in shop.items()}
    command = [sys.executable, "-m", "importer", "run", str(folder / "list.csv"), "--mapping", "products"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=words, stdout=quiet, stderr=quiet) as process:  # noqa: S603 - ours
        try:
            yield
            if process.poll() is not None:
                raise SystemExit("importer ended before its time.")
        finally:
            process.kill()


def wait_for_writes(log: Path) -> None:
    while b'"kind":"write"' not in log.read_bytes():
        time.sleep(0.1)


def measured(log: Path, bounds: Sequence[float]) -> Run:
    from datetime import datetime

    counts, storm, longest = [0] * (len(bounds) - 1), 0, 0
    for line in log.read_bytes().splitlines():
        entry = orjson.loads(line)
        at = datetime.fromisoformat(entry["at"]).timestamp()
        if entry["kind"] == "write":
            for part, (begin, end) in enumerate(pairwise(bounds)):
                counts[part] += begin <= at < end
        elif entry["method"] == "POST" and at >= bounds[0]:
            storm = storm + 1 if entry["status"] == httpx.codes.TOO_MANY_REQUESTS else 0
            longest = max(longest, storm)
    times = [end - begin for begin, end in pairwise(bounds)]
    return Run(rates=[count / seconds for count, seconds in zip(counts, times, strict=True)], storm=longest)


def best_fixed(capacity: Capacity, seconds: float) -> float:
    """Of the grid, with that capacity alone."""
    found = {}
    for size, in_flight in GRID:
        found[size, in_flight] = run([capacity], seconds, fixed(size, in_flight)).rates[0]
        print(f"{capacity.pace:>5} operations/s: {size:>3} x {in_flight}: {found[size, in_flight]:6.0f}")  # noqa: T201
    return max(found.values())


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=20.0, help="of each part")
    options.add_argument(
        "--fixed", help="rows in a request x requests in flight, instead of the adaptive pace"
    )
    said = options.parse_args()
    best = {capacity: best_fixed(capacity, said.seconds / 2) for capacity in (HIGH, LOW)}
    settings = fixed(*map(int, said.fixed.split("x"))) if said.fixed else {}
    found = run(PARTS, said.seconds, settings)
    for place, (capacity, rate) in enumerate(zip(PARTS, found.rates, strict=True), 1):
        print(  # noqa: T201 - this is what it is for
            f"part {place}: {rate:6.0f} operations/s, {rate / best[capacity]:.2f} of the best fixed setting "
            f"(wanted: {LEAST_SHARE} or more)"
        )
    print(f"longest row of refused bulks: {found.storm} (wanted: {LONGEST_STORM} or less)")  # noqa: T201


if __name__ == "__main__":
    main()
