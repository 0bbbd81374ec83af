"""One shop, three ways to give it products: one synchronous call each, one asynchronous call each, one bulk of all.

    python -m bench.apis [--write]

Some four minutes, nearly all of it waiting. The shop is a practice shop with the times of a real one and room for 134
requests at once, like the shop of the experiment that is repeated here. Everything is sent at once and nothing is sent
again. `--write` renews docs/apis.md and docs/apis.svg.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench.drawing import Line, Panel, drawing
from bench.practice import BULK, HEADERS, practice_shop, product

DOCS = Path(__file__).parent.parent / "docs"
SIZES = (1, 25, 50, 100, 150)
PROCESSES = 134
SHARE = 1 / 8
"""The most of the synchronous time that a bulk of 150 may need until it is accepted."""

LOOK_SECONDS = 0.2

Skus = list[str]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Seconds until the last answer and until the last product is written; answers 50x, whose products nobody has."""

    accepted: float
    done: float
    errors: int


async def sync(client: httpx.AsyncClient, skus: Skus) -> list[int]:
    return await _each(client, "/rest/all/V1/products", skus)


async def one_by_one(client: httpx.AsyncClient, skus: Skus) -> list[int]:
    return await _each(client, "/rest/all/async/V1/products", skus)


async def bulk(client: httpx.AsyncClient, skus: Skus) -> list[int]:
    return [await _post(client, BULK, [product(sku) for sku in skus])]


WAYS: dict[str, Callable[[httpx.AsyncClient, Skus], Awaitable[list[int]]]] = {
    "sync": sync,
    "async": one_by_one,
    "bulk": bulk,
}
"""Name -> sends the products and returns the status of every answer."""


async def _each(client: httpx.AsyncClient, path: str, skus: Skus) -> list[int]:
    return list(await asyncio.gather(*(_post(client, path, product(sku)) for sku in skus)))


async def _post(client: httpx.AsyncClient, path: str, document: Any) -> int:
    return (await client.post(path, content=orjson.dumps(document))).status_code


async def measure(client: httpx.AsyncClient, way: str, size: int) -> Figures:
    skus = [f"{way}-{size}-{number}" for number in range(size)]
    began = time.perf_counter()
    statuses = await WAYS[way](client, skus)
    accepted = time.perf_counter() - began
    errors = sum(status >= HTTPStatus.INTERNAL_SERVER_ERROR for status in statuses)
    if way == "sync":
        return Figures(accepted=accepted, done=accepted, errors=errors)
    await written(client, set(skus), size - errors)
    return Figures(accepted=accepted, done=time.perf_counter() - began, errors=errors)


async def written(client: httpx.AsyncClient, skus: set[str], count: int) -> None:
    """Until the shop's own log holds so many of them."""
    while True:
        entries = (await client.get("/practice/writes")).json()
        if len({entry["sku"] for entry in entries} & skus) >= count:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def experiment(url: str) -> dict[tuple[str, int], Figures]:
    found = {}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=300, limits=limits) as client:
        for size in SIZES:
            for way in WAYS:
                found[way, size] = await measure(client, way, size)
                print(f"{size:>4} by {way:6} {found[way, size]}")  # noqa: T201 - it takes minutes: say how far it is
    return found


def table(found: dict[tuple[str, int], Figures]) -> str:
    """Markdown: a line for each number of products."""
    lines = [
        "| Products | sync: all answered | async: accepted / done | bulk: accepted / done | 50x: sync, async, bulk |"
    ]
    lines.append("|---|---|---|---|---|")
    for size in SIZES:
        one, two, three = (found[way, size] for way in WAYS)
        lines.append(
            f"| {size} | {one.accepted:.2f} s | {two.accepted:.2f} s / {two.done:.1f} s "
            f"| {three.accepted:.2f} s / {three.done:.1f} s | {one.errors}, {two.errors}, {three.errors} |"
        )
    return "\n".join(lines)


def verdict(found: dict[tuple[str, int], Figures]) -> str:
    most = SIZES[-1]
    by_sync, by_bulk = found["sync", most], found["bulk", most]
    return (
        f"A bulk of {most} is accepted in {by_bulk.accepted:.2f} s, 1/{by_sync.accepted / by_bulk.accepted:.0f} of the "
        f"time of {most} synchronous calls (wanted: at most 1/{1 / SHARE:.0f}), with {by_bulk.errors} errors (wanted: 0)."
    )


def picture(found: dict[tuple[str, int], Figures]) -> str:
    titles = {"accepted": "until everything is accepted", "done": "until everything is done"}
    panels = [
        Panel(
            title, [Line(way, [(size, getattr(found[way, size], figure)) for size in SIZES]) for way in WAYS]
        )
        for figure, title in titles.items()
    ]
    return drawing("Seconds by number of products, all sent at once", panels)


def write(found: dict[tuple[str, int], Figures]) -> None:
    """The page has its text around the table; only what stands between the marks is renewed."""
    page = DOCS / "apis.md"
    before, rest = page.read_text().split("<!-- figures -->\n", 1)
    after = rest.split("<!-- /figures -->", 1)[1]
    page.write_text(
        f"{before}<!-- figures -->\n{table(found)}\n\n{verdict(found)}\n<!-- /figures -->{after}",
        encoding="utf-8",
    )
    (DOCS / "apis.svg").write_text(picture(found), encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--write", action="store_true", help="renew docs/apis.md and docs/apis.svg")
    said = options.parse_args()
    with practice_shop("--consumers", "2", "--bug", f"max-processes={PROCESSES}") as url:
        found = asyncio.run(experiment(url))
    print(f"\n{table(found)}\n\n{verdict(found)}")  # noqa: T201 - this is what it is for
    if said.write:
        write(found)


if __name__ == "__main__":
    main()
