"""Where a shop is, who we are there, and how it wants to be called: values only."""

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """How operations travel. In `async` and `sync` a batch holds one operation."""

    BULK = "bulk"  # a batch is one request; the shop's consumer works it off
    ASYNC = "async"  # one request for each operation; the shop's consumer works it off
    SYNC = "sync"  # one request for each operation, done when it is answered


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """The access token of an integration, as it is."""

    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OAuth1:
    """An integration's four keys; every request is signed (HMAC-SHA256)."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Admin:
    """An administrator's login, exchanged for a token that runs out; `totp_secret` (base32) is the second factor's."""

    user: str
    password: str = field(repr=False)
    totp_secret: str | None = field(default=None, repr=False)


Credentials = Bearer | OAuth1 | Admin


@dataclass(frozen=True, kw_only=True)
class Access:
    """Times in seconds: to connect, for a look-up, for a status, for a submission."""

    base_url: str
    credentials: Credentials
    mode: Mode = Mode.BULK
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    status_seconds: float = 30.0
    submit_seconds: float = 120.0

    @property
    def root(self) -> str:
        return self.base_url.rstrip("/")
