"""What a token lets its owner do: how much (its scope), in which shops, until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from importer.domain.errors import RequestError

MOST_NAME = 128
USE_IS_NOTED_AFTER = timedelta(minutes=1)
"""The time of the last use is written at most this often: reading must not become writing."""


class Scope(StrEnum):
    """How much a token may do. Each holds those before it."""

    READ = "read"  # see imports, reports, mappings, shops
    IMPORT = "import"  # and start, steer and retry imports
    ADMIN = "admin"  # and everything else: make and take back tokens

    def holds(self, other: "Scope") -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as it is kept. `shops` None means all of them; a token of some shops sees nothing of the others."""

    id: str
    name: str
    scope: Scope
    shops: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None

    def sees(self, shop: str) -> bool:
        return self.shops is None or shop in self.shops

    def seen(self, shops: Iterable[str]) -> list[str]:
        return [shop for shop in shops if self.sees(shop)]

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def use_is_due(self, now: datetime) -> bool:
        return self.used_at is None or now - self.used_at >= USE_IS_NOTED_AFTER


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What somebody asks for."""

    name: str
    scope: Scope
    shops: tuple[str, ...] | None = None
    expires_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises RequestError."""
        if not self.name.strip():
            raise RequestError("A token needs a name: whom it is for.", code="token.name")
        if len(self.name) > MOST_NAME or not self.name.isprintable():
            text = f"The name of a token is one line of at most {MOST_NAME} characters."
            raise RequestError(text, code="token.name")
        if self.scope is Scope.ADMIN and self.shops is not None:
            text = "A token with the scope admin is for all shops: it can make tokens for every one of them."
            raise RequestError(text, code="token.shops")
        if self.shops == ():
            raise RequestError("Say which shops the token is for, or nothing for all.", code="token.shops")
        if self.expires_at is not None and self.expires_at <= now:
            raise RequestError(f"{self.expires_at:%Y-%m-%d %H:%M} UTC is over.", code="token.expires")
