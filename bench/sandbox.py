"""How fast the practice shop is when nothing takes time: operations accepted and worked off per second, on one core.

    python -m bench.sandbox [--operations 20000] [--bulk 1000] [--profile]

The client is another process, pinned to the other core when there is one, and its bodies are made before the clock
runs. Accepting is measured over HTTP with the consumers held; working off from then until the queue is empty.
"""

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import pstats
import sys
import time
import urllib.request
from multiprocessing.connection import Connection

from importer.sandbox.server import running
from importer.sandbox.shop import Shop

TOKEN = "bench"  # noqa: S105 - opens nothing but this shop
PATH = "/rest/all/async/bulk/V1/products"


def item(number: int) -> dict[str, object]:
    """A product with what a new one needs, and its stock: as in the recorded bulk of 150."""
    return {
        "product": {
            "sku": f"sku-{number}", "name": f"Product {number}", "attribute_set_id": 4, "price": 9.99, "status": 1,
            "visibility": 4, "type_id": "simple", "weight": 1,
            "extension_attributes": {"stock_item": {"qty": 10, "is_in_stock": True}},
        }
    }  # fmt: skip


def client(pipe: Connection, operations: int, size: int) -> None:
    """Sends everything once it knows the address; answers with the seconds that took."""
    pin(-1)
    bodies = [
        json.dumps([item(n) for n in range(start, min(start + size, operations))]).encode()
        for start in range(0, operations, size)
    ]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    pipe.send("ready")
    address = pipe.recv()
    began = time.perf_counter()
    for body in bodies:
        request = urllib.request.Request(f"{address}{PATH}", data=body, headers=headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            answer.read()
    pipe.send(time.perf_counter() - began)


def pin(place: int) -> None:
    """To one core, the last or the first; where the system lets us."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})


async def measure(operations: int, size: int, consumers: int) -> dict[str, tuple[float, float]]:
    """Seconds of accepting and of working off: by the clock, and of this process's own core."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=client, args=(theirs, operations, size))
    process.start()
    pin(0)
    shop = Shop(token=TOKEN, consumers=consumers)
    shop.faults.hold_consumers = True
    loop = asyncio.get_running_loop()
    async with running(shop) as address:
        await loop.run_in_executor(None, ours.recv)
        busy = time.process_time()
        ours.send(address)
        accepted = float(await loop.run_in_executor(None, ours.recv)), time.process_time() - busy
        shop.faults.hold_consumers = False
        began, busy = time.perf_counter(), time.process_time()
        shop.wake()
        await shop.idle()
        shop.bulks.operations.flush()
        worked = time.perf_counter() - began, time.process_time() - busy
        done = shop.state.connection.execute(
            "SELECT count(*) FROM magento_operation WHERE status = 1"
        ).fetchone()[0]
    process.join()
    if done != operations:
        raise SystemExit(f"{done} of {operations} operations are complete.")
    return {"accepted": accepted, "worked off": worked}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--bulk", type=int, default=1_000)
    parser.add_argument("--consumers", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    words = parser.parse_args()
    profile = cProfile.Profile()
    if words.profile:
        profile.enable()
    seconds = asyncio.run(measure(words.operations, words.bulk, words.consumers))
    profile.disable()
    for what, (clock, core) in seconds.items():
        sys.stdout.write(
            f"{what:10} {words.operations / clock:>9,.0f} operations/s by the clock,"
            f" {words.operations / core:>9,.0f} for each second of its core\n"
        )
    if words.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
