"""After an import: what the shop holds and did, by its HTTP API alone, against what importer's commands say of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx

from tests.chaos.mixes import Mix, Row
from tests.chaos.processes import TOKEN, Told

Held = Mapping[str, tuple[str, float]]
"""SKU -> name and price."""

MOVES: Mapping[str, set[str]] = {
    "": {"sending", "blocked", "split"},
    "sending": {"sent", "in_doubt", "not_taken", "refused"},
    "in_doubt": {
        "sent",
        "not_taken",
        "refused",
        "confirmed",
    },  # confirmed: nobody can tell, and it must not go again
    "not_taken": {"sending", "blocked", "split"},
    "sent": {"confirmed", "lagging"},
    "lagging": {"confirmed"},
}
"""Event of a batch -> what may come next (docs/states.md); others end its story."""


class Shelf:
    """A practice shop as a client sees it."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def fill(self, rows: Sequence[Row]) -> None:
        """These products at another price."""
        items = [
            {"product": {"sku": row.sku, "name": f"Old {row.sku}", "price": 1, "attribute_set_id": 4}}
            for row in {row.sku: row for row in rows}.values()
        ]
        async with self._client() as client:
            answer = await client.post("/rest/all/async/bulk/V1/products", json=items)
        assert answer.is_success, answer.text

    async def held(self) -> Held:
        found: dict[str, tuple[str, float]] = {}
        page = 1
        while True:
            bounds = {"searchCriteria[pageSize]": "300", "searchCriteria[currentPage]": str(page)}
            answer = await self._get("/rest/all/V1/products", bounds)
            found |= {item["sku"]: (item["name"], float(item.get("price") or 0)) for item in answer["items"]}
            if page * 300 >= answer["total_count"]:
                return found
            page += 1

    async def writes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._get("/practice/writes")
        return found

    async def overlaps(self) -> list[Any]:
        found: list[Any] = await self._get("/practice/overlaps")
        return found

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        async with self._client() as client:
            answer = await client.get(path, params=params)
        assert answer.is_success, answer.text
        return answer.json()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )


def equation(report: Mapping[str, Any], mix: Mix) -> None:
    counts, listed = report["counts"], Counter(outcomes(report).values())
    assert report["status"] == "completed", (report["status"], report["failure"])
    assert report["rows_read"] == len(mix.rows) == sum(counts.values()), report["equation"]
    assert counts["pending"] == 0, report["equation"]
    for outcome in set(counts) - {"succeeded"}:
        assert listed.get(outcome, 0) == counts[outcome], (outcome, report["equation"])
    assert counts["invalid"] == sum(row.wrong for row in mix.rows), report["equation"]
    assert not counts["unknown"] or mix.unknown_may_be, report["equation"]


def outcomes(report: Mapping[str, Any]) -> dict[int, str]:
    """Of the rows that did not succeed, by number from 1."""
    return {one["row"]: one["outcome"] for one in [*report["rows"], *report["skipped"]]}


def truth(report: Mapping[str, Any], rows: Sequence[Row], held: Held) -> None:
    """No row succeeded that the shop does not hold as sent; none failed that it holds."""
    other = outcomes(report)
    for number, row in enumerate(rows, 1):
        outcome = other.get(number, "succeeded")
        holds = not row.wrong and held.get(row.sku) == (row.name, float(row.price))
        assert outcome != "succeeded" or holds, (number, row, held.get(row.sku))
        assert outcome not in ("failed", "invalid", "not_sent", "blocked") or not holds, (
            number,
            row,
            outcome,
        )


def once(writes: Sequence[Mapping[str, Any]], mix: Mix) -> None:
    """No key was executed by two operations: what was written is never sent again. A message that the shop itself
    delivers twice may meet a deadlock the second time, and then nobody can know."""
    operations: dict[str, set[tuple[str, int]]] = {}
    for write in writes:
        operations.setdefault(write["sku"], set()).add((write["bulk_uuid"], write["operation_id"]))
    twice = {sku: found for sku, found in operations.items() if len(found) > 1}
    assert not twice or "duplicate-delivery" in mix.bugs, twice


def story(events: Sequence[Mapping[str, Any]]) -> None:
    """Numbers without a gap, and for each batch a way that the page of states allows."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    last: dict[str, str] = {}
    for event in events:
        batch = event["data"].get("batch")
        if batch:
            assert event["kind"] in MOVES[last.get(batch, "")], (batch, last.get(batch), event)
            last[batch] = event["kind"]


async def check(mix: Mix, shelf: Shelf, said: Sequence[Told], mark: int) -> Mapping[str, Any]:
    """Everything at once; `said` are the answers of report, events and rebuild --check, `mark` is how much was written
    before. The report is returned."""
    report = json.loads(said[0].out)
    events = [json.loads(line) for line in said[1].out.splitlines()]
    equation(report, mix)
    truth(report, mix.rows, await shelf.held())
    once((await shelf.writes())[mark:], mix)
    assert not await shelf.overlaps()
    story(events)
    assert said[2].code == 0, said[2].out
    return dict(report)


def commands(import_id: str) -> list[list[str]]:
    return [
        ["report", import_id, "--json"],
        ["events", import_id, "--json"],
        ["rebuild", import_id, "--check"],
    ]


def silence(events: Told) -> str:
    """How long it took, and where nothing happened for the longest time: for people who look for lost time."""
    found = [json.loads(line) for line in events.out.splitlines()]
    at = [datetime.fromisoformat(event["at"]).timestamp() for event in found]
    longest, seq = max((after - before, place) for place, (before, after) in enumerate(pairwise(at), 1))
    return f"in {at[-1] - at[0]:.1f} s, of which {longest:.1f} s after event {seq} ({found[seq - 1]['kind']})"
