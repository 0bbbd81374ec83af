"""The routes that are ours and not Magento's: the two logs, and the faults. All of them need the shop's token."""

from aiohttp import web

from importer.sandbox import bodies
from importer.sandbox.errors import Refusal, unauthorized
from importer.sandbox.shop import Shop

PREFIX = "/practice/"


class Practice:
    """Handlers for one shop. They answer even when the shop is down."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get(f"{PREFIX}requests", self._requests)
        router.add_get(f"{PREFIX}writes", self._writes)
        router.add_post(f"{PREFIX}faults", self._faults)

    async def _requests(self, request: web.Request) -> web.Response:
        self._admit(request)
        return bodies.json_answer(self._shop.journal.requests)

    async def _writes(self, request: web.Request) -> web.Response:
        self._admit(request)
        return bodies.json_answer(self._shop.journal.writes)

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

    def _admit(self, request: web.Request) -> None:
        if not self._shop.access.is_main(request.headers.get("Authorization", "")):
            raise unauthorized("practice")
