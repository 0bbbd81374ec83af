"""How fast a shop confirms what importer delivers, beside a bare loop that has nothing to lose.

    python -m bench.delivery [--rows 100000] [--rounds 3]
    python -m bench.delivery --shop-seconds 30 --rows 4000

Both feed the same kind of practice shop, a fresh one each, in a process of its own, with bulks of 500, at most eight of them
under way. `importer run` reads a CSV, checks it, keeps its books in SQLite, sends and follows every bulk. The bare loop
sends bodies that were made before the clock runs and asks each bulk until it is done; it keeps nothing, so a crash
would lose everything. Requests are counted by the shop. `--shop-seconds` is for how long the shop works at a bulk.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench.practice import BULK, HEADERS, TOKEN, practice_shop, product, requests_seen

SIZE, WINDOW = 500, 8
LOOK_SECONDS, LONGEST_LOOK = 0.02, 5.0
MOST_MIB, LEAST_SHARE = 250, 0.8
MOST_REQUESTS, MOST_REQUESTS_SLOW = 6, 10


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`seconds` until everything is confirmed; `whole`: with the start of the process; `requests` for each bulk."""

    rows: int
    seconds: float
    whole: float
    mib: float
    requests: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def write_list(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("article,name,price,weight,stock,in stock\n")
        file.writelines(f"D-{n},Product D-{n},9.99,1,10,1\n" for n in range(rows))


def importer(url: str, folder: Path, rows: int) -> dict[str, Any]:
    """`importer run` in this process, told by its own log from `accepted` to `ended`."""
    from importer.__main__ import main as command

    path = folder / "list.csv"
    sys.argv = [
        "importer",
        "run",
        str(path),
        "--mapping",
        "products",
        "--shop",
        "main",
        "--report",
        str(folder),
    ]
    os.environ |= {
        "IMPORTER_DATA_DIR": str(folder / "data"),
        "IMPORTER_SHOPS__MAIN__BASE_URL": url,
        "IMPORTER_SHOPS__MAIN__TOKEN": TOKEN,
        "IMPORTER_SHOPS__MAIN__BATCH_SIZE": str(SIZE),
        "IMPORTER_SHOPS__MAIN__BATCHES_IN_FLIGHT": str(WINDOW),
    }
    sys.stdout = sys.stderr
    try:
        command()
    except SystemExit as end:
        if end.code:
            raise
    report = orjson.loads((folder / "report.json").read_bytes())
    if report["counts"].get("succeeded") != rows:
        raise SystemExit(f"Not every row succeeded: {report['equation']}")
    return {"seconds": seconds_between(report["accepted_at"], report["ended_at"])}


def seconds_between(first: str, last: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


async def bare_loop(url: str, rows: int) -> dict[str, Any]:
    """Eight bulks under way, each asked for its open operations until there are none, then for its details."""
    bodies = [
        orjson.dumps([product(f"D-{n}") for n in range(first, min(first + SIZE, rows))])
        for first in range(0, rows, SIZE)
    ]
    places, pace = asyncio.Semaphore(WINDOW), Pace()
    async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=600) as client:

        async def see_through(body: bytes) -> None:
            async with places:
                uuid = (await client.post(BULK, content=body)).json()["bulk_uuid"]
                await pace.until_done(client, uuid)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for body in bodies:
                group.create_task(see_through(body))
        return {"seconds": time.perf_counter() - began}


class Pace:
    """What a good loop learns: how long a bulk takes here, so that it is asked when it should be done."""

    def __init__(self) -> None:
        self._usual = 0.0

    async def until_done(self, client: httpx.AsyncClient, uuid: str) -> None:
        began = time.perf_counter()
        await asyncio.sleep(self._usual * 0.9)
        pause = max(LOOK_SECONDS, self._usual / 10)
        while (await client.get(f"/rest/all/V1/bulk/{uuid}/operation-status/4")).json():
            await asyncio.sleep(pause)
            pause = min(LONGEST_LOOK, pause * 2)
        self._usual = time.perf_counter() - began
        answer = (await client.get(f"/rest/all/V1/bulk/{uuid}/detailed-status")).json()
        if any(one["status"] != 1 for one in answer["operations_list"]):
            raise SystemExit(f"The bulk {uuid} has operations that are not complete.")


def contest(name: str, url: str, folder: Path, rows: int) -> dict[str, Any]:
    found = importer(url, folder, rows) if name == "importer" else asyncio.run(bare_loop(url, rows))
    return {**found, "mib": peak_mib()}


def peak_mib() -> float:
    """VmHWM of this process; 0 where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def once(name: str, rows: int, options: list[str]) -> Figures:
    """One contestant with a shop of its own."""
    with tempfile.TemporaryDirectory() as folder, practice_shop(*options) as url:
        write_list(Path(folder) / "list.csv", rows)
        command = [sys.executable, "-m", "bench.delivery", "--contest", name, url, folder, str(rows)]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ours
        whole = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(done.stderr.decode())
        found = orjson.loads(done.stdout)
        asked = [entry for entry in requests_seen(url) if "/bulk" in entry["path"]]
        requests = len(asked) / sum(entry["method"] == "POST" for entry in asked)
    return Figures(rows=rows, whole=whole, requests=requests, **found)


def options_of(shop_seconds: float) -> list[str]:
    return ["--pace", str(SIZE / shop_seconds)] if shop_seconds else ["--instant"]


def measure(rows: int, rounds: int, shop_seconds: float) -> dict[str, list[Figures]]:
    """Turn and turn about, so that both meet the same machine."""
    found: dict[str, list[Figures]] = {"importer": [], "bare loop": []}
    for turn in range(rounds):
        for name in list(found) if turn % 2 else list(found)[::-1]:
            found[name].append(once(name, rows, options_of(shop_seconds)))
            print(f"{name:10} {asdict(found[name][-1])}", file=sys.stderr)  # noqa: T201 - it takes a while
    return found


def show(found: dict[str, list[Figures]], shop_seconds: float) -> None:
    def median(name: str, figure: str) -> float:
        return statistics.median(getattr(one, figure) for one in found[name])

    for name in found:
        print(  # noqa: T201 - this is what it is for
            f"{name:10} {median(name, 'rate'):>8,.0f} rows/s confirmed, {median(name, 'mib'):>5.0f} MiB, "
            f"{median(name, 'requests'):.1f} requests for each bulk, {median(name, 'whole'):.1f} s with its start "
            f"(median of {len(found[name])})"
        )
    share = median("importer", "rate") / median("bare loop", "rate")
    most = MOST_REQUESTS_SLOW if shop_seconds else MOST_REQUESTS
    print(f"importer against the bare loop {share:8.2f}  (wanted: {LEAST_SHARE} or more)")  # noqa: T201
    print(f"peak memory, MiB               {median('importer', 'mib'):8.0f}  (wanted: below {MOST_MIB})")  # noqa: T201
    print(f"requests for each bulk         {median('importer', 'requests'):8.1f}  (wanted: {most} or less)")  # noqa: T201


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument(
        "--shop-seconds", type=float, default=0.0, help="how long the shop works at a bulk of 500; 0: no time"
    )
    options.add_argument("--contest", nargs=4, help=argparse.SUPPRESS)
    said = options.parse_args()
    if said.contest:
        name, url, folder, rows = said.contest
        sys.__stdout__.buffer.write(orjson.dumps(contest(name, url, Path(folder), int(rows))))  # type: ignore[union-attr]
        return
    show(measure(said.rows, said.rounds, said.shop_seconds), said.shop_seconds)


if __name__ == "__main__":
    main()
