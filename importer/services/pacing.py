"""The pace of the shops: what each may be given now, learned from what it does with what it got."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from importer.domain import pace as rules
from importer.domain.batches import Batch
from importer.domain.errors import BackendDenied, BackendError, ShopClosed
from importer.domain.imports import Reason
from importer.domain.pace import Bounds, Pace
from importer.ports import Ports

DEADLOCKS = 0.02
"""Share of a batch's operations that failed in passing from which on they are trouble."""


class Pacing:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.errors: Counter[tuple[str, str]] = Counter()
        """(shop, code) -> how often this process met that error of the shop."""

    async def get(self, shop: str) -> Pace:
        bounds = self._bounds(shop)
        kept = await self._ports.paces.get(shop)
        return rules.within(kept, bounds) if kept else rules.begin(bounds)

    async def gate(self, shop: str) -> None:
        """Let a call to the shop through, unless the shop is closed. Raises ShopClosed, BackendError.

        Of those who come when a closed shop may be tried again one does it, with a cheap call.
        """
        pace = await self.get(shop)
        if not pace.is_closed:
            return
        now = self._ports.clock.now()
        before, after = await self._adjust(shop, lambda pace, _bounds: rules.claim_probe(pace, now=now))
        if not after.is_closed:
            return
        if after == before:
            raise _away(after, now)
        await self._ports.shops.backend(shop).probe()
        await self._adjust(shop, lambda pace, _bounds: rules.reopen(pace))

    def met(self, shop: str, error: BackendError) -> None:
        """Counted, unless the shop was not called."""
        if not isinstance(error, ShopClosed):
            self.errors[shop, error.code] += 1

    async def shut(self, shop: str, error: BackendError, *, sent_at: datetime | None) -> float | None:
        """The shop stood in the way of a batch sent at `sent_at`. Seconds for which nobody calls it.

        None when it is this call alone: the shop is asked for something cheap before it is closed.
        """
        now, reason = self._ports.clock.now(), Reason(code=error.code, text=error.text)
        if not isinstance(error, BackendDenied):
            await self.trouble(shop, sent_at=sent_at, reason=reason, smaller=False)
            if error.retry_after is None and await self._answers(shop):
                return None
        _, pace = await self._adjust(
            shop,
            lambda pace, _bounds: rules.close(pace, now=now, reason=reason, seconds=error.retry_after),
        )
        return _seconds(pace, now)

    async def _answers(self, shop: str) -> bool:
        """A shop that refuses some of its calls is not away: it is asked twice."""
        for _ in range(2):
            with suppress(BackendError):
                await self._ports.shops.reader(shop).probe()
                return True
        return False

    async def trouble(self, shop: str, *, sent_at: datetime | None, reason: Reason, smaller: bool) -> None:
        now = self._ports.clock.now()
        await self._adjust(
            shop,
            lambda pace, bounds: rules.slower(
                pace, bounds, now=now, sent_at=sent_at, reason=reason, smaller=smaller
            ),
        )

    async def taken(self, batch: Batch, seconds: float) -> None:
        """The shop took the batch; it needed so long for it."""
        if seconds > self._ports.shops.limits(batch.shop).slow_accept_seconds:
            text = f"The shop needed {seconds:.0f} seconds to take a batch of {batch.operations:,} rows."
            reason = Reason(code="pace.slow_accept", text=text)
            await self.trouble(batch.shop, sent_at=batch.sending_at, reason=reason, smaller=True)

    async def confirmed(self, batch: Batch, *, again: int) -> None:
        """The shop is done with the batch; `again` operations failed in passing."""
        if again > DEADLOCKS * batch.operations:
            text = f"{again:,} of {batch.operations:,} rows of a batch met failures that pass (deadlocks, lock waits)."
            reason = Reason(code="pace.deadlocks", text=text)
            await self.trouble(batch.shop, sent_at=batch.sent_at, reason=reason, smaller=False)
        elif not again:
            bounds = self._bounds(batch.shop)
            pace = await self.get(batch.shop)
            if rules.faster(pace, bounds) != pace:
                await self._adjust(batch.shop, rules.faster)

    async def _adjust(self, shop: str, change: Callable[[Pace, Bounds], Pace]) -> tuple[Pace, Pace]:
        bounds = self._bounds(shop)
        return await self._ports.paces.adjust(
            shop, rules.begin(bounds), lambda pace: change(rules.within(pace, bounds), bounds)
        )

    def _bounds(self, shop: str) -> Bounds:
        limits = self._ports.shops.limits(shop)
        return Bounds(
            in_flight=limits.batches_in_flight, size=limits.batch_size, fixed=limits.pace == "fixed"
        )


def _away(pace: Pace, now: datetime) -> ShopClosed:
    return ShopClosed(pace.reason.text, code=pace.reason.code, retry_after=_seconds(pace, now))


def _seconds(pace: Pace, now: datetime) -> float:
    return max(0.0, (pace.closed_until - now).total_seconds()) if pace.closed_until else 0.0
