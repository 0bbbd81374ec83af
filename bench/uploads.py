"""What a large upload and its copy cost in memory when files lie in a bucket; the S3 service is another process.

python -m bench.uploads [--mib 200]
"""

import argparse
import asyncio
import multiprocessing
import resource
import sys
import time
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection

import httpx

from importer.store.buckets import Bucket, BucketFiles

MIB = 1 << 20
NAME = "imports/bench/source"
SECRET = "secret"  # noqa: S105 - opens nothing but this service


def serve(ready: Connection) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    ready.send(f"http://{host}:{port}")
    ready.recv()
    server.stop()


async def sender(mib: int) -> AsyncIterator[bytes]:
    for number in range(mib):
        yield number.to_bytes(4) * (MIB // 4)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def peak() -> float:
    """The most memory that this process has held until now, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(address: str, mib: int) -> None:
    bucket = Bucket(
        name="bench-files", endpoint=address, region="us-east-1", access_key="key", secret_key=SECRET
    )
    files = BucketFiles(bucket)
    await files.check()
    await files.keep("imports/warm/source", sender(1), limit=MIB)
    say(f"before                   {peak():7.0f} MiB at most")
    began = time.perf_counter()
    await files.keep(NAME, sender(mib), limit=mib * MIB)
    say(f"{mib:5} MiB kept           {peak():7.0f} MiB at most, {time.perf_counter() - began:5.1f} s")
    began = time.perf_counter()
    async with files.local(NAME):
        pass
    say(f"{mib:5} MiB as a path      {peak():7.0f} MiB at most, {time.perf_counter() - began:5.1f} s")
    await files.remove("imports/bench")
    files.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=200)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,))
    server.start()
    try:
        address = here.recv()
        httpx.put(f"{address}/bench-files").raise_for_status()
        asyncio.run(measure(address, asked.mib))
    finally:
        here.send("end")
        server.join()


if __name__ == "__main__":
    main()
