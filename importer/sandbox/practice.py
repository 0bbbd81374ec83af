"""The routes that are ours and not Magento's: logs, faults, bugs, clock. All of them need the shop's token."""

from typing import Any

from aiohttp import web

from importer.sandbox import bodies
from importer.sandbox.bugs import BUGS, UnknownBug
from importer.sandbox.crons import Crons
from importer.sandbox.doctor import findings
from importer.sandbox.errors import Refusal, unauthorized
from importer.sandbox.shop import Shop

PREFIX = "/practice/"
CLOCK = ("days", "hours", "minutes", "seconds")


class Practice:
    """Handlers for one shop. They answer even when the shop is down."""

    def __init__(self, shop: Shop, crons: Crons) -> None:
        self._shop, self._crons = shop, crons

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get(f"{PREFIX}requests", self._requests)
        router.add_get(f"{PREFIX}writes", self._writes)
        router.add_get(f"{PREFIX}overlaps", self._overlaps)
        router.add_post(f"{PREFIX}faults", self._faults)
        router.add_get(f"{PREFIX}bugs", self._bugs)
        router.add_post(f"{PREFIX}bugs", self._change_bugs)
        router.add_post(f"{PREFIX}clock", self._clock)
        router.add_post(f"{PREFIX}pace", self._pace)
        router.add_get(f"{PREFIX}doctor", self._doctor)
        router.add_post(f"{PREFIX}tokens", self._tokens)

    async def _requests(self, request: web.Request) -> web.Response:
        self._admit(request)
        return bodies.json_answer(self._shop.journal.requests)

    async def _writes(self, request: web.Request) -> web.Response:
        self._admit(request)
        return bodies.json_answer(self._shop.journal.writes)

    async def _overlaps(self, request: web.Request) -> web.Response:
        """Pairs of writes of one SKU that overlapped."""
        self._admit(request)
        return bodies.json_answer(self._shop.journal.overlapping())

    async def _faults(self, request: web.Request) -> web.Response:
        """`{"down": true}`, `{"hold_consumers": true}`, `{"drop_answers": 1}`, `{"refuse": {"times": 1, "status": 500}}`;
        the answer tells what is switched on now."""
        self._admit(request)
        try:
            self._shop.faults.change(await bodies.decoded(request))
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        self._shop.wake()
        return bodies.json_answer(self._shop.faults)

    async def _bugs(self, request: web.Request) -> web.Response:
        """Every bug with what it does and its value; null where it is off."""
        self._admit(request)
        active = self._shop.bugs.active
        told = {
            name: {"does": bug.does, "kind": bug.kind, "value": active.get(name)}
            for name, bug in BUGS.items()
        }
        return bodies.json_answer(told)

    async def _change_bugs(self, request: web.Request) -> web.Response:
        """`{"deadlock": "5%", "down": true, "lost-message": false}`; the answer tells which are on now."""
        self._admit(request)
        try:
            self._shop.bugs.change(await bodies.decoded(request))
        except UnknownBug as error:
            raise Refusal(400, str(error)) from None
        self._shop.wake()
        return bodies.json_answer(self._shop.bugs.active)

    async def _clock(self, request: web.Request) -> web.Response:
        """`{"hours": 12}` moves the clock and runs the crons that became due; the answer names them."""
        self._admit(request)
        self._shop.clock.advance(**_steps(await bodies.decoded(request)))
        return bodies.json_answer({"now": self._shop.now(), "ran": self._crons.tick()})

    async def _pace(self, request: web.Request) -> web.Response:
        """`{"operations": 200}`: the consumers together work off so many a second from now on; 0: as a real shop."""
        self._admit(request)
        words = await bodies.decoded(request)
        pace = words.get("operations") if isinstance(words, dict) else None
        if not isinstance(pace, int | float) or isinstance(pace, bool) or pace < 0:
            raise Refusal(400, 'An object with a number belongs here: {"operations": 200}.')
        self._shop.pace = pace
        return bodies.json_answer({"operations": self._shop.pace})

    async def _doctor(self, request: web.Request) -> web.Response:
        self._admit(request)
        return bodies.json_answer(findings(self._shop))

    async def _tokens(self, request: web.Request) -> web.Response:
        """`{"resources": ["Magento_Catalog::products"]}` makes an integration with these alone, no body one with all;
        the answer has its token and what OAuth 1.0a needs."""
        self._admit(request)
        made = self._shop.access.grant(_resources(await bodies.decoded(request)))
        return bodies.json_answer({name: value for name, value in vars(made).items() if name != "resources"})

    def _admit(self, request: web.Request) -> None:
        if not self._shop.access.is_main(request.headers.get("Authorization", "")):
            raise unauthorized("practice")


def _resources(words: Any) -> list[str] | None:
    if words is None:
        return None
    names = words.get("resources") if isinstance(words, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(
            400,
            'An object with a list of resources belongs here: {"resources": ["Magento_Catalog::products"]}.',
        )
    return names


def _steps(words: Any) -> dict[str, float]:
    if not isinstance(words, dict) or not words or not set(words) <= set(CLOCK):
        raise Refusal(400, f"An object with some of {', '.join(CLOCK)} belongs here.")
    for name, value in words.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise Refusal(400, f"{name}: a number of 0 or more belongs there.")
    return words
