"""Who may call what: integration tokens with their resources, tokens of administrators, OAuth 1.0a (contract 4).

Whatever is missing is answered with 401, never 403 (contract S32).
"""

import hmac
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from oauthlib.oauth1.rfc5849 import signature, utils

from importer.sandbox.errors import Refusal, required, unauthorized

ANONYMOUS, SELF = "anonymous", "self"
ADMIN_SECONDS = 3600
"""A token of an administrator is valid for an hour (recording 01)."""

NONCE_SECONDS = 600
"""How far ahead of the shop's clock a timestamp may be."""

ALPHABET = string.ascii_lowercase + string.digits
LENGTH = 32
NEEDED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
SIGNATURES = {
    "HMAC-SHA256": signature.sign_hmac_sha256_with_client,
    "HMAC-SHA1": signature.sign_hmac_sha1_with_client,
}
SIGN_IN_FAILED = "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."

INTEGRATION, ADMIN, GUEST = 1, 2, 4
"""User types as a bulk shows them (contract 4)."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`resources` None is everything."""

    kind: int
    id: int
    resources: frozenset[str] | None

    @property
    def user(self) -> tuple[int, int | None]:
        """As a bulk remembers who submitted it; a guest has no number."""
        return self.kind, self.id or None

    def may(self, resource: str) -> bool:
        return resource == ANONYMOUS or (
            self.kind != GUEST and (self.resources is None or resource in self.resources)
        )


STRANGER = Caller(kind=GUEST, id=0, resources=frozenset())


@dataclass(frozen=True, kw_only=True)
class Integration:
    """What System > Integrations shows: key and secret of the consumer, token and secret of its access."""

    id: int
    token: str
    token_secret: str
    consumer_key: str
    consumer_secret: str
    resources: frozenset[str] | None

    @property
    def caller(self) -> Caller:
        return Caller(kind=INTEGRATION, id=self.id, resources=self.resources)


class Access:
    """`bearer` off: integration tokens count only with OAuth signatures, as 2.4.4 ships it (contract S33)."""

    def __init__(self, token: str, *, bearer: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.bearer = bearer
        self._clock = clock
        self._integrations: list[Integration] = []
        self._admins = {"admin": token}
        """User name -> password; `admin` signs in with the shop's token."""
        self._sessions: dict[str, float] = {}
        self._nonces: set[tuple[int, str]] = set()
        self.main = self.grant(None, token=token)

    def grant(self, resources: Iterable[str] | None, *, token: str | None = None) -> Integration:
        """A new integration with these resources; None: with all of them."""
        made = Integration(
            id=len(self._integrations) + 1,
            token=token or _key(),
            token_secret=_key(),
            consumer_key=_key(),
            consumer_secret=_key(),
            resources=None if resources is None else frozenset(resources),
        )
        self._integrations.append(made)
        return made

    def add_admin(self, username: str, password: str) -> None:
        self._admins[username] = password

    def sign_in(self, username: str, password: str) -> str:
        """A token for an administrator. Raises Refusal."""
        known = self._admins.get(username, "")
        if not known or not hmac.compare_digest(known.encode(), password.encode()):
            raise Refusal(401, SIGN_IN_FAILED)
        token = _key()
        self._sessions[token] = self._clock() + ADMIN_SECONDS
        return token

    def authorize(self, header: str, resource: str, *, method: str = "GET", url: str = "") -> Caller:
        """Who calls; raises Refusal when the resource is not theirs."""
        scheme, _, rest = header.partition(" ")
        caller = STRANGER
        if scheme.lower() == "bearer":
            caller = self._bearer(rest.strip())
        elif scheme.lower() == "oauth":
            caller = self._signed(rest, method, url)
        if not caller.may(resource):
            raise unauthorized(resource)
        return caller

    def is_main(self, header: str) -> bool:
        """Whether the header shows the shop's first token; the practice routes ask so, whatever `bearer` says."""
        scheme, _, token = header.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode(), self.main.token.encode()
        )

    def _bearer(self, token: str) -> Caller:
        if self._sessions.get(token, 0.0) > self._clock():
            return Caller(kind=ADMIN, id=1, resources=None)
        for one in self._integrations if self.bearer else []:
            if hmac.compare_digest(one.token.encode(), token.encode()):
                return one.caller
        return STRANGER

    def _signed(self, header: str, method: str, url: str) -> Caller:
        words = dict(_words(header))
        absent = [name for name in NEEDED if not words.get(name)]
        if absent:
            raise required(*absent)
        if words["oauth_signature_method"] not in SIGNATURES:
            raise Refusal(400, "Signature method %1 is not supported", [words["oauth_signature_method"]])
        integration = self._consumer(words["oauth_consumer_key"])
        self._check_nonce(integration.id, words["oauth_nonce"], words["oauth_timestamp"])
        if not hmac.compare_digest(words["oauth_token"].encode(), integration.token.encode()):
            raise Refusal(401, "Specified token does not exist")
        if not _is_signed(integration, words, method, url):
            raise Refusal(401, "The signature is invalid. Verify and try again.")
        return integration.caller

    def _consumer(self, key: str) -> Integration:
        if len(key) != LENGTH:
            raise Refusal(401, "Consumer key is not the correct length")
        for one in self._integrations:
            if hmac.compare_digest(one.consumer_key.encode(), key.encode()):
                return one
        raise Refusal(401, "A consumer having the specified key does not exist")

    def _check_nonce(self, consumer: int, nonce: str, timestamp: str) -> None:
        """Every nonce once for a consumer; a timestamp must be a time, and not of the future."""
        seconds = int(timestamp) if timestamp.isdecimal() else 0
        if not 0 < seconds <= self._clock() + NONCE_SECONDS:
            raise Refusal(401, "Incorrect timestamp value in the oauth_timestamp parameter")
        if (consumer, nonce) in self._nonces:
            raise Refusal(401, "The nonce is already being used by the consumer with ID %1", [consumer])
        self._nonces.add((consumer, nonce))


def _key() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _words(header: str) -> Iterable[tuple[str, str]]:
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name and name != "realm":
            yield unquote(name), unquote(value.strip('"'))


def _is_signed(one: Integration, words: Mapping[str, str], method: str, url: str) -> bool:
    address, _, query = url.partition("?")
    parameters = parse_qsl(query, keep_blank_values=True)
    parameters += [(name, value) for name, value in words.items() if name != "oauth_signature"]
    base = "&".join(
        utils.escape(part) for part in (method, signature.base_string_uri(address), _normalized(parameters))
    )
    sign = SIGNATURES[words["oauth_signature_method"]]
    expected = sign(base, _Secrets(one.consumer_secret, one.token_secret))
    return hmac.compare_digest(expected.encode(), words["oauth_signature"].encode())


def _normalized(parameters: Iterable[tuple[str, str]]) -> str:
    escaped = sorted((utils.escape(name), utils.escape(value)) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in escaped)


@dataclass(frozen=True)
class _Secrets:
    """What the signing of oauthlib reads."""

    client_secret: str
    resource_owner_secret: str
