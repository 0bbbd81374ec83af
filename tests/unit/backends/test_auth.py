"""Saying who we are: a token, signatures, an administrator's token that runs out; and no secret anywhere else."""

import base64
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
import respx

from importer.backends.magento.access import Access, Admin, Bearer, Credentials, OAuth1
from importer.backends.magento.auth import (
    LOGIN,
    LOGIN_WITH_OTP,
    AdminToken,
    lifetime,
    one_time_password,
)
from importer.backends.magento.client import WritingClient
from importer.domain.errors import AnswerLost, BackendDenied, BackendUnavailable

ADDRESS = "https://shop.example"
WEBSITES = f"{ADDRESS}/rest/all/V1/store/websites"
KEYS = OAuth1(
    consumer_key="key-c", consumer_secret="secret-c", access_token="key-t", access_token_secret="secret-t"
)
ADMIN = Admin(user="robot", password="secret-p")


class Seconds:
    """A clock that moves when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def net() -> Any:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[..., WritingClient]]:
    opened: list[WritingClient] = []

    def make(credentials: Credentials, clock: Seconds | None = None) -> WritingClient:
        client = WritingClient(Access(base_url=ADDRESS, credentials=credentials))
        if clock is not None and isinstance(credentials, Admin):
            client._http.auth = AdminToken(ADDRESS, credentials, clock=clock)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


def jwt(seconds: int) -> str:
    """A token as Magento 2.4.4 makes them (recording 01)."""
    claims = {"uid": 1, "utypid": 2, "iat": 1795496923, "exp": 1795496923 + seconds}
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"kid": "1", "alg": "HS256"}, claims)
    )
    return f"{head}.{body}.c2ln"


def signature(method: str, url: str, parameters: list[tuple[str, str]], *, key: str) -> str:
    """RFC 5849, section 3.4, with SHA-256: written out, so that the library is checked and not asked."""
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in parameters)
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    text = "&".join(quote(part, safe="~") for part in (method, url, normal))
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


async def test_a_signed_request_carries_a_signature_over_its_address_and_parameters(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    route = net.get(WEBSITES).respond(json=[])

    await client_of(KEYS).get("/V1/store/websites", {"searchCriteria[pageSize]": "3", "name": "a b+ä"})

    request = route.calls.last.request
    scheme, _, words = request.headers["authorization"].partition(" ")
    given = {
        name: unquote(value.strip('"')) for name, value in (word.split("=", 1) for word in words.split(", "))
    }
    signed = [
        pair for pair in given.items() if pair[0] != "oauth_signature"
    ] + request.url.params.multi_items()
    assert ("name", "a b+ä") in signed
    expected = signature("GET", WEBSITES, signed, key="secret-c&secret-t")
    assert scheme == "OAuth"
    assert given["oauth_signature_method"] == "HMAC-SHA256"
    assert given["oauth_signature"] == expected


async def test_every_sending_is_signed_anew(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    net.get(WEBSITES).respond(json=[])
    client = client_of(KEYS)

    await client.get("/V1/store/websites")
    await client.get("/V1/store/websites")

    first, second = (call.request.headers["authorization"] for call in net.calls)
    assert first != second


async def test_an_administrator_logs_in_once_for_many_requests(
    net: respx.MockRouter, client_of: Callable[..., WritingClient], seconds: Seconds
) -> None:
    login = net.post(f"{ADDRESS}{LOGIN}").respond(json=jwt(3600))
    route = net.get(WEBSITES).respond(json=[])
    client = client_of(ADMIN, seconds)

    await client.get("/V1/store/websites")
    await client.get("/V1/store/websites")

    assert login.call_count == 1
    assert json.loads(login.calls.last.request.content) == {"username": "robot", "password": "secret-p"}
    assert route.calls.last.request.headers["authorization"] == f"Bearer {jwt(3600)}"


async def test_a_token_is_renewed_before_it_ends_whatever_the_shops_clock_says(
    net: respx.MockRouter, client_of: Callable[..., WritingClient], seconds: Seconds
) -> None:
    login = net.post(f"{ADDRESS}{LOGIN}").respond(json=jwt(3600))
    net.get(WEBSITES).respond(json=[])
    client = client_of(ADMIN, seconds)

    await client.get("/V1/store/websites")
    seconds.now += 3600 - 61
    await client.get("/V1/store/websites")
    assert login.call_count == 1

    seconds.now += 2
    await client.get("/V1/store/websites")
    assert login.call_count == 2


async def test_a_request_that_is_not_authorized_renews_the_token_once_and_is_repeated(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    tokens = iter(["old", "new"])
    net.post(f"{ADDRESS}{LOGIN}").mock(side_effect=lambda _: httpx.Response(200, json=next(tokens)))

    def answer(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer new"
        return httpx.Response(202 if good else 401, json={"bulk_uuid": "u"} if good else {"message": "no"})

    route = net.post(f"{ADDRESS}/rest/all/async/bulk/V1/products").mock(side_effect=answer)

    assert await client_of(ADMIN).send("POST", "/async/bulk/V1/products", b"[1]") == {"bulk_uuid": "u"}
    assert [call.request.content for call in route.calls] == [b"[1]", b"[1]"]


async def test_a_permission_that_is_missing_does_not_log_in_for_ever(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    login = net.post(f"{ADDRESS}{LOGIN}").respond(json="token")
    net.get(WEBSITES).respond(401, json={"message": "The consumer isn't authorized to access %resources."})

    with pytest.raises(BackendDenied) as caught:
        await client_of(ADMIN).get("/V1/store/websites")

    assert login.call_count == 2
    assert "System > Permissions > User Roles" in caught.value.text


async def test_a_refused_login_rests_so_that_the_account_is_not_locked(
    net: respx.MockRouter, client_of: Callable[..., WritingClient], seconds: Seconds
) -> None:
    text = "The account sign-in was incorrect or your account is disabled temporarily."
    login = net.post(f"{ADDRESS}{LOGIN}").respond(401, json={"message": text})
    client = client_of(ADMIN, seconds)

    for _ in range(3):
        with pytest.raises(BackendDenied) as caught:
            await client.get("/V1/store/websites")
        assert text in caught.value.text
        assert "System > Permissions > All Users" in caught.value.text
        assert "secret-p" not in caught.value.text
    assert login.call_count == 1
    assert caught.value.retry_after == 300.0

    seconds.now += 301
    with pytest.raises(BackendDenied):
        await client.get("/V1/store/websites")
    assert login.call_count == 2


async def test_a_shop_that_asks_for_a_second_factor_is_told_so(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    net.post(f"{ADDRESS}{LOGIN}").respond(
        401, json={"message": "Please use the 2fa provider-specific endpoints to obtain a token."}
    )

    with pytest.raises(BackendDenied, match="set totp_secret"):
        await client_of(ADMIN).get("/V1/store/websites")


async def test_the_second_factor_is_sent_to_its_own_address(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    login = net.post(f"{ADDRESS}{LOGIN_WITH_OTP}").respond(json="token")
    net.get(WEBSITES).respond(json=[])
    secret = base64.b32encode(b"12345678901234567890").decode()

    await client_of(Admin(user="robot", password="p", totp_secret=secret)).get("/V1/store/websites")

    sent = json.loads(login.calls.last.request.content)
    now = datetime.now(UTC)
    assert len(sent["otp"]) == 6
    assert sent["otp"] in {
        one_time_password(secret, datetime.fromtimestamp(now.timestamp() - ago, UTC)) for ago in (0, 30)
    }


@pytest.mark.parametrize(
    ("moment", "otp"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_one_time_passwords_are_those_of_rfc_6238(moment: int, otp: str) -> None:
    """Appendix B, SHA-1, the last six of its eight digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()

    assert one_time_password(secret, datetime.fromtimestamp(moment, UTC)) == otp


def test_a_secret_that_is_none_is_told_without_showing_it() -> None:
    with pytest.raises(BackendDenied) as caught:
        one_time_password("not base32!", datetime.now(UTC))

    assert "base32" in caught.value.text
    assert "not base32!" not in caught.value.text


async def test_a_login_that_is_lost_leaves_nothing_in_doubt(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    """The batch itself never left."""
    net.post(f"{ADDRESS}{LOGIN}").mock(side_effect=httpx.ReadTimeout)

    with pytest.raises(BackendUnavailable):
        await client_of(ADMIN).send("POST", "/async/bulk/V1/products", b"[]")


async def test_a_lost_answer_to_the_request_itself_stays_in_doubt(
    net: respx.MockRouter, client_of: Callable[..., WritingClient]
) -> None:
    net.post(f"{ADDRESS}{LOGIN}").respond(json="token")
    net.post(f"{ADDRESS}/rest/all/async/bulk/V1/products").mock(side_effect=httpx.ReadTimeout)

    with pytest.raises(AnswerLost):
        await client_of(ADMIN).send("POST", "/async/bulk/V1/products", b"[]")


@pytest.mark.parametrize("answer", [{"json": {"token": "x"}}, {"text": "<html>"}, {"status_code": 502}])
async def test_a_login_that_is_answered_with_something_else_is_tried_later(
    net: respx.MockRouter, client_of: Callable[..., WritingClient], answer: dict[str, Any]
) -> None:
    net.post(f"{ADDRESS}{LOGIN}").respond(**answer)

    with pytest.raises(BackendUnavailable):
        await client_of(ADMIN).get("/V1/store/websites")


@pytest.mark.parametrize(
    ("token", "lives"),
    [(jwt(3600), 3600.0), ("8r2x1w", 3600.0), ("a.b.c", 3600.0), ("a.e30.c", 3600.0)],
)
def test_a_tokens_lifetime_is_its_own_or_a_cautious_hour(token: str, lives: float) -> None:
    assert lifetime(token) == lives


@pytest.mark.parametrize(
    "credentials",
    [Bearer(token="secret-b"), KEYS, Admin(user="robot", password="secret-p", totp_secret="secret-o")],
)
def test_no_secret_is_in_what_is_shown(credentials: Credentials) -> None:
    access = Access(base_url=ADDRESS, credentials=credentials)

    assert "secret" not in repr(access).replace("totp_secret", "").replace("consumer_secret", "")


@pytest.mark.parametrize("credentials", [Bearer(token="secret-b"), KEYS, ADMIN])
async def test_no_secret_is_in_a_log_however_loud(
    net: respx.MockRouter,
    client_of: Callable[..., WritingClient],
    caplog: pytest.LogCaptureFixture,
    credentials: Credentials,
) -> None:
    caplog.set_level(logging.DEBUG)
    net.post(f"{ADDRESS}{LOGIN}").respond(json="secret-token")
    net.get(WEBSITES).respond(500, json={"message": "Internal Error."})

    with pytest.raises(BackendUnavailable):
        await client_of(credentials).get("/V1/store/websites")

    assert caplog.text
    assert "secret" not in caplog.text
    assert "key-t" not in caplog.text
