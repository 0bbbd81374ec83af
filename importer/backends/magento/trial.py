"""Trying a shop before an import does: nothing is changed in it, unless a canary is asked for.

A request is made that Magento refuses before anything is stored: a bulk of one item without content, `[{}]`. The
permission is looked at first (401), then the item (400, recording 21), so that a 400 says that we may send.
"""

import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from importer.backends.magento.access import Access
from importer.backends.magento.answers import BULK_RESOURCE, MENU
from importer.backends.magento.client import TryingClient
from importer.backends.magento.single import receipt_of
from importer.backends.magento.statuses import progress
from importer.domain.errors import AnswerLost, BackendDenied, BackendError, BackendRefused, BackendUnavailable
from importer.domain.rows import plural
from importer.domain.trials import Check, Found

NOTHING = b"[{}]"
BULK_PRODUCTS = "/async/bulk/V1/products"
CLOCK_WARNING, CLOCK_LIMIT = 60.0, 600.0
"""Seconds between the shop's clock and ours: signatures suffer from the one, finding a lost bulk from the other."""

READS = (
    ("/V1/store/websites", "Magento_Backend::store"),
    ("/V1/products/attribute-sets/sets/list?searchCriteria[pageSize]=1", "Magento_Catalog::sets"),
    ("/V1/products/attributes?searchCriteria[pageSize]=1", "Magento_Catalog::attributes_attributes"),
    ("/V1/categories?depth=0", "Magento_Catalog::categories"),
    ("/V1/taxClasses/search?searchCriteria[pageSize]=1", "Magento_Tax::manage_tax"),
)
"""What an import of products looks up, and the permission it needs."""

CANARY_SENTENCE = "The product that was requested doesn't exist"
NO_CONSUMER = (
    "The shop took an operation and no consumer touched it in {seconds:.0f} seconds. On the shop's host: "
    "bin/magento queue:consumers:start async.operations.all"
)
OLD, NEW = "2.4.5 or older", "2.4.6 or newer"


class Trial:
    """`pause` waits so many seconds; `now` is this machine's time."""

    def __init__(
        self,
        access: Access,
        *,
        batch_bytes: int,
        pause: Callable[[float], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._access, self._batch_bytes, self._pause, self._now = access, batch_bytes, pause, now
        self._client = TryingClient(access)

    async def close(self) -> None:
        await self._client.close()

    async def checks(self, *, canary: float | None) -> AsyncIterator[Check]:
        """Every step once, in order; those that need a bad one are skipped. `canary` is how many seconds to wait for a
        consumer; None leaves the canary at home."""
        steps: list[tuple[str, Callable[[], Awaitable[Check]]]] = [
            ("address", self._address), ("tls", self._tls), ("clock", self._clock), ("login", self._login),
            ("look-ups", self._look_ups), ("send", self._send), ("follow", self._follow), ("version", self._version),
            ("routes", self._routes), ("limits", self._limits),
        ]  # fmt: skip
        if canary is not None:
            steps.append(("consumer", lambda: self._consumer(canary)))
        needed_by_all, bad = ("address", "tls", "login"), ""
        for name, step in steps:
            if bad:
                yield Check(name=name, found=Found.SKIPPED, text=f"Not looked at: first the {bad}.")
                continue
            check = await _checked(name, step)
            if check.found is Found.BAD and name in needed_by_all:
                bad = name
            yield check
        if canary is None:
            text = (
                "Not looked at. --canary sends one operation that changes nothing and waits for a consumer."
            )
            yield Check(name="consumer", found=Found.SKIPPED, text=text)

    async def _address(self) -> Check:
        """A stranger's call: Magento answers it with 401 in JSON."""
        answer = await self._client.knock("/V1/store/websites")
        if answer.is_magento:
            return _good("address", f"{self._access.base_url} answers, and it is Magento's API.")
        text = (
            f"{self._access.base_url} answers {answer.status}, but not as Magento's API does: {answer.says}"
        )
        return Check(name="address", found=Found.BAD, text=text, code="shop.address")

    async def _tls(self) -> Check:
        if not self._access.root.startswith("https:"):
            text = "The address is http://: on this machine that is fine, on a network the token travels unencrypted."
            here = urlsplit(self._access.root).hostname in ("127.0.0.1", "localhost", "::1")
            return Check(name="tls", found=Found.GOOD if here else Found.WARNING, text=text)
        ends = (await self._client.knock("/V1/store/websites")).certificate_ends
        if ends is None:
            return _good("tls", "The certificate is accepted.")
        days = (ends - self._now()).days
        text = f"The certificate is accepted and good for {days} more days."
        return Check(name="tls", found=Found.GOOD if days > 14 else Found.WARNING, text=text)

    async def _clock(self) -> Check:
        theirs = (await self._client.knock("/V1/store/websites")).date
        if theirs is None:
            return Check(name="clock", found=Found.WARNING, text="The shop does not tell its time.")
        apart = (self._now() - theirs).total_seconds()
        text = clocks(apart)
        if abs(apart) > CLOCK_LIMIT:
            text += " A bulk whose answer was lost could not be found again: set this machine's clock or the shop's."
            return Check(name="clock", found=Found.BAD, text=text, code="shop.clock")
        return Check(
            name="clock", found=Found.GOOD if abs(apart) <= CLOCK_WARNING else Found.WARNING, text=text
        )

    async def _login(self) -> Check:
        """Magento says the same to a stranger and to somebody without the one permission (recording 02), so a login is
        bad only when it opens nothing at all."""
        calls: list[Callable[[], Awaitable[None]]] = [
            *(partial(self._read, path) for path, _ in READS),
            self._count,
            partial(self._submit_nothing, "POST"),
        ]
        denials = []
        for call in calls:
            try:
                await call()
            except BackendDenied as error:
                denials.append(error)
            else:
                return _good("login", f"The shop knows us (auth = {self._kind}).")
        raise denials[0]

    async def _look_ups(self) -> Check:
        missing = []
        for path, resource in READS:
            try:
                await self._read(path)
            except BackendDenied as error:
                if error.code != "shop.token":
                    raise
                missing.append(f"{MENU[resource]} ({resource})")
        if missing:
            text = f"Not allowed: {'; '.join(missing)}. {GRANT}"
            return Check(name="look-ups", found=Found.BAD, text=text, code="shop.token")
        return _good(
            "look-ups", "Websites, attribute sets, attributes, categories and tax classes can be read."
        )

    async def _send(self) -> Check:
        await self._submit_nothing("POST")
        return _good(
            "send", "Products may be sent (an empty item was refused as it should be, nothing was stored)."
        )

    async def _follow(self) -> Check:
        try:
            await self._count()
        except BackendDenied as error:
            text = f"What became of a bulk may not be read: {MENU[BULK_RESOURCE]} ({BULK_RESOURCE}) is missing. {GRANT}"
            return Check(name="follow", found=Found.BAD, text=text, code=error.code)
        return _good("follow", "What became of a bulk may be read.")

    async def _version(self) -> Check:
        """PATCH is refused before anything else, and differently since 2.4.6 (contract 1.1); the page magento_version
        tells the rest, where it was not taken away."""
        page = await self._client.version_page()
        status = await self._client.patch_status()
        guess = {400: OLD, 405: NEW}.get(status, "")
        if not guess and not page:
            return Check(name="version", found=Found.WARNING, text="The shop does not show its version.")
        told = [f"its page says {page}"] * bool(page) + [f"it refuses PATCH in the way of {guess}"] * bool(
            guess
        )
        return _good(
            "version", f"Probably {guess or page}: {', '.join(told)}. Neither tells the patch level."
        )

    async def _routes(self) -> Check:
        """Contract S1, looked at with an item that is refused at once."""
        try:
            await self._submit_nothing("PUT", "/bySku")
        except AnswerLost as error:
            if not error.settled:  # anything but a 500
                raise
            text = (
                f"Bulk PUT and DELETE of single products do not work ({error.text}). POST does. For mappings that use "
                'them, set mode = "async".'
            )
            return Check(name="routes", found=Found.WARNING, text=text, code=error.code)
        return _good("routes", "Bulk POST, PUT and DELETE are there.")

    async def _limits(self) -> Check:
        """Blanks around an item that is refused: only the size matters."""
        size = self._batch_bytes
        while size >= 1024:
            try:
                await self._submit_nothing("POST", padding=size)
            except (BackendRefused, AnswerLost) as error:  # a web server may also hang up on a large body
                if isinstance(error, BackendRefused) and error.code != "shop.too_large":
                    raise
                size //= 2
                continue
            if size == self._batch_bytes:
                return _good("limits", f"A request of {size:,} bytes (batch_bytes) passes.")
            break
        else:
            text = "Not even a request of a thousand bytes gets a good answer."
            return Check(name="limits", found=Found.BAD, text=text, code="shop.too_large")
        text = f"A request of {self._batch_bytes:,} bytes is too large for a web server there; set batch_bytes = {size}."
        return Check(name="limits", found=Found.WARNING, text=text, code="shop.too_large")

    async def _consumer(self, patience: float) -> Check:
        """Deletes a product that does not exist, asynchronously: a consumer that lives says so (recording 20)."""
        sku = f"importer-canary-{secrets.token_hex(8)}"
        answer = await self._client.send("DELETE", f"/async/V1/products/{sku}", b"")
        bulk, waited, step = receipt_of(answer).bulk_uuid, 0.0, 0.25
        while waited <= patience:
            seen = await progress(self._client, bulk, 1)
            if seen.statuses:
                [one] = seen.statuses
                if CANARY_SENTENCE in one.text:
                    return _good(
                        "consumer", f"A consumer works: it answered within {max(waited, step):.1f} seconds."
                    )
                text = f"A consumer works, but answered strangely: {one.text}"
                return Check(name="consumer", found=Found.WARNING, text=text)
            await self._pause(step)
            waited, step = waited + step, min(2.0, step * 1.5)
        return Check(
            name="consumer", found=Found.BAD, text=NO_CONSUMER.format(seconds=patience), code="shop.stalled"
        )

    async def _read(self, path: str) -> None:
        address, _, query = path.partition("?")
        await self._client.get(address, dict([query.split("=", 1)]) if query else None)

    async def _count(self) -> None:
        """Of a bulk that nobody has: the answer is 0 (contract S20)."""
        await self._client.get(f"/V1/bulk/{uuid.uuid4()}/operation-status/4")

    async def _submit_nothing(self, method: str, tail: str = "", *, padding: int = 0) -> None:
        try:
            body = NOTHING[:-1] + b" " * (padding - len(NOTHING)) + NOTHING[-1:]
            await self._client.send(method, f"{BULK_PRODUCTS}{tail}", body)
        except BackendRefused as error:
            if error.code != "shop.refused":
                raise
            return
        text = "The shop took a bulk with an empty item, which Magento refuses. What is it?"
        raise BackendUnavailable(text, code="shop.answer")

    @property
    def _kind(self) -> str:
        return type(self._access.credentials).__name__.lower()


GRANT = "Grant it under System > Extensions > Integrations > API (or System > Permissions > User Roles), then save and re-authorize."


def clocks(apart: float) -> str:
    """`apart` in seconds, either way."""
    return f"The shop's clock and ours are {plural(round(abs(apart)), 'second')} apart."


def _good(name: str, text: str) -> Check:
    return Check(name=name, found=Found.GOOD, text=text)


async def _checked(name: str, step: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await step()
    except BackendError as error:
        return Check(name=name, found=Found.BAD, text=error.text, code=error.code)
