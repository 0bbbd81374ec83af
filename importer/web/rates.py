"""How many requests a token may make: a bucket for each, in this process, that fills evenly."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from importer.domain.errors import RequestError


class TooMany(RequestError):
    """More requests than a minute has room for. `rate` says when to come again."""

    code = "rate.limited"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is left to a token; `wait` is in whole seconds: until the bucket is full, or until there is room at all."""

    limit: int
    left: int
    wait: int

    def headers(self, status: int) -> dict[str, str]:
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.wait),
        }
        return told | ({"Retry-After": str(self.wait)} if status == HTTPStatus.TOO_MANY_REQUESTS else {})


class Rates:
    """`per_minute` 0 is without end. A minute's worth may come at once; tokens are few, so nobody is forgotten."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = per_minute
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> Rate | None:
        """One request. None when there is no limit; with `left` -1 it is one too many."""
        if not self._most:
            return None
        now = self._now()
        held, since = self._buckets.get(who, (float(self._most), now))
        held = min(float(self._most), held + (now - since) * self._most / 60)
        if held < 1:
            self._buckets[who] = (held, now)
            return Rate(limit=self._most, left=-1, wait=math.ceil((1 - held) * 60 / self._most))
        self._buckets[who] = (held - 1, now)
        wait = math.ceil((self._most - held + 1) * 60 / self._most)
        return Rate(limit=self._most, left=int(held - 1), wait=wait)


RATES: web.AppKey[Rates] = web.AppKey("rates", Rates)
RATE: web.RequestKey[Rate] = web.RequestKey("rate", Rate)
"""Of a request: what is left to its token."""


def count(request: web.Request, token_id: str) -> None:
    """Raises TooMany."""
    rates = request.app.get(RATES)  # what only answers a machine's question how we are has none
    rate = rates.take(token_id) if rates else None
    if rate is None:
        return
    request[RATE] = rate
    if rate.left < 0:
        text = (
            f"More than {rate.limit} requests in a minute came with this token. Come again in {rate.wait} s."
        )
        raise TooMany(text)
