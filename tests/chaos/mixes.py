"""What one import has to live through, thrown by dice with a seed: its rows, its shop's bugs, and what happens when."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from importer.sandbox.catalog import load_catalog
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.chaos.processes import TOKEN

MAPPINGS = Path(__file__).parents[2] / "mappings"
ROWS = 500
KNOWN = 50
"""So many of the products are in the shop before, at another price."""

LATENCY = {"submit": 0.02, "status": 0.002, "operation": 0.002}
NOW_AND_THEN: Mapping[str, float] = {
    "wrapped-deadlock": 0.03,
    "lock-wait": 0.03,
    "reset-after-store": 0.3,
    "lost-message": 0.01,
    "row-inserted-late": 0.01,
    "consumer-killed": 0.01,
    "duplicate-delivery": 0.03,
    "too-many-requests": 0.1,
    "unavailable": 0.1,
    "internal-error": 0.05,
}
"""Bugs that may be on during a whole import, each with a chance of one in three."""

OPEN_FOR_EVER = {"lost-message", "row-inserted-late", "consumer-killed"}
"""With these nobody can tell what became of some rows."""

INCIDENTS: Mapping[str, Callable[[Shop, bool], None]] = {
    "storm": lambda shop, on: shop.bugs.change({"unavailable": 0.5 * on, "too-many-requests": 0.3 * on}),
    "down": lambda shop, on: shop.bugs.change({"down": on}),
    "connections are cut": lambda shop, on: shop.faults.change({"cut_connections": on}),
    "consumers stand still": lambda shop, on: shop.faults.change({"hold_consumers": on}),
    "an answer is lost": lambda shop, on: shop.faults.change({"drop_answers": 2 * on}),
    "half a day passes": lambda shop, on: shop.clock.advance(hours=13 * on),
}
"""What may begin at one request and end some requests later."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the file; `wrong` is one that our own check refuses."""

    sku: str
    name: str
    price: str

    @property
    def wrong(self) -> bool:
        return self.price == "free"


@dataclass(frozen=True, kw_only=True)
class Incident:
    name: str
    begins: int
    ends: int


@dataclass(frozen=True, kw_only=True)
class Mix:
    """`idempotent`: whether the mapping says so. `incidents` begin and end at requests, counted from the first."""

    name: str
    rows: Sequence[Row]
    bugs: Mapping[str, float]
    incidents: Sequence[Incident]
    idempotent: bool
    consumers: int
    magento: str
    seed: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def mapping(self) -> str:
        return "products" if self.idempotent else "products-once"

    @property
    def unknown_may_be(self) -> bool:
        return not self.idempotent or bool(OPEN_FOR_EVER & set(self.bugs))

    @property
    def summary(self) -> str:
        """For who looks into a failure."""
        bugs = ", ".join(f"{name} {rate:g}" for name, rate in self.bugs.items())
        happens = ", ".join(f"{one.name} at {one.begins} to {one.ends}" for one in self.incidents)
        return f"{self.name}: {self.mapping}, Magento {self.magento}, {self.consumers} consumers; {bugs}; {happens}"

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.name}.csv"
        lines = ["article,name,price", *(f"{row.sku},{row.name},{row.price}" for row in self.rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def shop(self) -> Shop:
        setup = Setup(magento=self.magento, seed=self.seed, latency=LATENCY)
        return Shop(catalog=load_catalog(), token=TOKEN, consumers=self.consumers, setup=setup)


def mix(seed: int, number: int, *, lines: int = ROWS) -> Mix:
    """The same for the same numbers."""
    dice = random.Random(f"{seed}:{number}")
    idempotent = dice.random() < 2 / 3
    bugs = {"deadlock": 0.05, "double-write": 1.0}
    bugs |= {name: rate for name, rate in NOW_AND_THEN.items() if dice.random() < 1 / 3}
    if not idempotent:
        bugs.pop("duplicate-delivery", None)  # then it is the shop that does it twice
    consumers = 1 if "duplicate-delivery" in bugs else dice.choice([1, 2, 3])  # likewise at once
    patient = not OPEN_FOR_EVER & set(bugs)
    return Mix(
        name=f"s{number}",
        rows=rows(dice, number, lines),
        bugs=bugs,
        incidents=incidents(dice),
        idempotent=idempotent,
        consumers=consumers,
        magento=dice.choice(["2.4.4", "2.4.6", "latest"]),
        seed=seed * 1000 + number,
        settings={"GIVE_UP_SECONDS": "90" if patient else "3"},
    )


def rows(dice: random.Random, number: int, lines: int) -> list[Row]:
    """Some are wrong, some come twice (the last one counts), some have a name that is taken (the shop refuses them)."""
    made: list[Row] = []
    right: list[Row] = []
    for place in range(lines):
        row = Row(
            sku=f"C{number}-{place:04d}", name=f"Thing {number} {place}", price=f"{dice.randint(100, 999)}.50"
        )
        luck = dice.random()
        if luck < 0.04:
            row = Row(sku=row.sku, name=row.name, price="free")
        elif luck < 0.06 and right:
            row = Row(sku=dice.choice(right).sku, name=row.name, price=row.price)
        elif luck < 0.08 and right:
            row = Row(sku=row.sku, name=dice.choice(right).name, price=row.price)
        made.append(row)
        right += [] if row.wrong else [row]
    return made


def incidents(dice: random.Random) -> list[Incident]:
    """Up to three, each over after a few requests: those that find the shop in trouble are counted, too.
    Who waits for consumers asks in distances that grow, so two questions are long."""
    found, request = [], 8
    for _ in range(dice.randint(0, 3)):
        begins = request + dice.randint(0, 15)
        name = dice.choice(list(INCIDENTS))
        request = begins + dice.randint(1, 2 if name == "consumers stand still" else 5)
        found.append(Incident(name=name, begins=begins, ends=request))
    return found


def without_repeats(folder: Path) -> None:
    """`products-once`: the mapping of products, with the word that its request must not be repeated blindly."""
    document = yaml.safe_load((MAPPINGS / "products.yaml").read_text())
    document["request"]["idempotent"] = False
    (folder / "products-once.yaml").write_text(yaml.safe_dump(document))


class Director:
    """Hears a shop's requests and lets happen what the mix says."""

    def __init__(self, shop: Shop, mix: Mix) -> None:
        self._shop, self._mix = shop, mix
        self._requests = 0

    def begin(self) -> None:
        self._shop.bugs.change(dict(self._mix.bugs))

    def heard(self, entry: Mapping[str, Any]) -> None:
        if entry["kind"] != "request":
            return
        self._requests += 1
        for incident in self._mix.incidents:
            if self._requests in (incident.begins, incident.ends):
                INCIDENTS[incident.name](self._shop, self._requests == incident.begins)
                self._shop.wake()
                if self._requests == incident.ends:
                    self._shop.bugs.change(
                        {**dict.fromkeys(("unavailable", "too-many-requests")), **self._mix.bugs}
                    )
