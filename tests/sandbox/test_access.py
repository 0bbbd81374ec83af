"""Who may call what: resources of a token, bearer switched off, OAuth 1.0a, administrators."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT, Client as Signer

from importer.sandbox.access import ADMIN_SECONDS, NONCE_SECONDS, Integration
from tests.sandbox.conftest import TOKEN, Client, product

STORE, PRODUCTS = "Magento_Backend::store", "Magento_Catalog::products"
BULK = "Magento_Logging::system_magento_logging_bulk_operations"
WEBSITES = "/rest/V1/store/websites"


@pytest.fixture
async def stranger(client: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=client.http.base_url) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed(one: Integration, url: str, *, method: str = "GET", **words: str) -> dict[str, str]:
    """The header of an OAuth 1.0a request; `words` are changed parts of the signing."""
    signer = Signer(
        one.consumer_key,
        client_secret=one.consumer_secret,
        resource_owner_key=one.token,
        resource_owner_secret=one.token_secret,
        signature_method=words.pop("signature_method", SIGNATURE_HMAC_SHA256),
        **words,
    )
    _, headers, _ = signer.sign(url, http_method=method)
    return {"Authorization": headers["Authorization"]}


async def test_a_token_reaches_its_resources_and_no_others(
    client: Client, stranger: httpx.AsyncClient
) -> None:
    token = client.shop.access.grant([PRODUCTS]).token
    bulk = await stranger.post("/rest/all/async/bulk/V1/products", json=[product("a")], headers=bearer(token))
    status = await stranger.get(f"/rest/V1/bulk/{bulk.json()['bulk_uuid']}/status", headers=bearer(token))
    websites = await stranger.get(WEBSITES, headers=bearer(token))

    assert bulk.status_code == httpx.codes.ACCEPTED
    assert (status.status_code, status.json()["parameters"]) == (401, {"resources": BULK})  # contract 4
    assert (websites.status_code, websites.json()["parameters"]) == (401, {"resources": STORE})


@pytest.mark.parametrize("switch", ["bearer-off"])
async def test_without_bearer_tokens_a_signature_is_needed(
    client: Client, stranger: httpx.AsyncClient, switch: str
) -> None:
    """Contract S33: as 2.4.4 is shipped."""
    client.shop.bugs.change({switch: True})
    main = client.shop.access.main
    refused = await stranger.get(WEBSITES, headers=bearer(TOKEN))
    admin = await stranger.post(
        "/rest/V1/integration/admin/token", json={"username": "admin", "password": TOKEN}
    )
    by_admin = await stranger.get(WEBSITES, headers=bearer(admin.json()))
    by_signature = await stranger.get(WEBSITES, headers=signed(main, f"{client.http.base_url}{WEBSITES}"))

    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert by_admin.status_code == httpx.codes.OK
    assert by_signature.status_code == httpx.codes.OK, by_signature.text


async def test_a_signature_covers_the_query_and_the_method(
    client: Client, stranger: httpx.AsyncClient
) -> None:
    main, url = (
        client.shop.access.main,
        f"{client.http.base_url}/rest/V1/products?searchCriteria%5BpageSize%5D=1",
    )
    right = await stranger.get(url, headers=signed(main, url))
    other_query = await stranger.get(url.replace("=1", "=2"), headers=signed(main, url))
    other_method = await stranger.post(url, headers=signed(main, url))

    assert right.status_code == httpx.codes.OK, right.text
    for answer in (other_query, other_method):
        assert (answer.status_code, answer.json()["message"]) == (
            401,
            "The signature is invalid. Verify and try again.",
        )


@pytest.mark.parametrize("kind", [SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1])
async def test_a_signed_write_is_carried_out(client: Client, stranger: httpx.AsyncClient, kind: str) -> None:
    url = f"{client.http.base_url}/rest/all/V1/products"
    headers = signed(client.shop.access.main, url, method="POST", signature_method=kind)
    answer = await stranger.post(url, json=product("a"), headers=headers)

    assert answer.status_code == httpx.codes.OK, answer.text


async def test_a_nonce_counts_once(client: Client, stranger: httpx.AsyncClient) -> None:
    headers = signed(client.shop.access.main, f"{client.http.base_url}{WEBSITES}")
    first = await stranger.get(WEBSITES, headers=headers)
    second = await stranger.get(WEBSITES, headers=headers)

    assert first.status_code == httpx.codes.OK
    assert (second.status_code, second.json()) == (
        401, {"message": "The nonce is already being used by the consumer with ID %1", "parameters": [1]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ({"timestamp": str(int(time.time()) + NONCE_SECONDS * 2)}, 401, "Incorrect timestamp value in the oauth_timestamp parameter"),
        ({"timestamp": "soon"}, 401, "Incorrect timestamp value in the oauth_timestamp parameter"),
        ({"signature_method": SIGNATURE_PLAINTEXT}, 400, "Signature method %1 is not supported"),
    ],
)  # fmt: skip
async def test_a_signature_that_is_not_in_order_is_refused(
    client: Client, stranger: httpx.AsyncClient, words: dict[str, str], status: int, message: str
) -> None:
    url = f"{client.http.base_url}{WEBSITES}"
    answer = await stranger.get(WEBSITES, headers=signed(client.shop.access.main, url, **words))

    assert (answer.status_code, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize(
    ("header", "status", "message"),
    [
        ('OAuth oauth_consumer_key="x"', 400, "One or more input exceptions have occurred."),
        ("OAuth", 400, "One or more input exceptions have occurred."),
        (
            'OAuth oauth_consumer_key="short", oauth_signature="x", oauth_signature_method="HMAC-SHA256",'
            ' oauth_nonce="n", oauth_timestamp="1", oauth_token="t"',
            401, "Consumer key is not the correct length",
        ),
        (
            f'OAuth oauth_consumer_key="{"k" * 32}", oauth_signature="x", oauth_signature_method="HMAC-SHA256",'
            ' oauth_nonce="n", oauth_timestamp="1", oauth_token="t"',
            401, "A consumer having the specified key does not exist",
        ),
    ],
)  # fmt: skip
async def test_a_header_that_is_no_signature_is_told_what_it_lacks(
    stranger: httpx.AsyncClient, header: str, status: int, message: str
) -> None:
    answer = await stranger.get(WEBSITES, headers={"Authorization": header})

    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_a_token_of_an_administrator_is_valid_for_an_hour(
    client: Client, stranger: httpx.AsyncClient
) -> None:
    words = {"username": "admin", "password": TOKEN}
    token = (await stranger.post("/rest/V1/integration/admin/token", json=words)).json()
    before = await stranger.get(WEBSITES, headers=bearer(token))
    client.shop.clock.advance(seconds=ADMIN_SECONDS + 1)
    after = await stranger.get(WEBSITES, headers=bearer(token))

    assert (before.status_code, after.status_code) == (200, 401)


async def test_nobody_signs_in_with_a_wrong_password(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post(
        "/rest/V1/integration/admin/token", json={"username": "admin", "password": "x"}
    )

    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.json()["message"].startswith("The account sign-in was incorrect")


async def test_the_practice_routes_make_integrations(client: Client, stranger: httpx.AsyncClient) -> None:
    made = (await client.http.post("/practice/tokens", json={"resources": [PRODUCTS]})).json()
    odd = await client.http.post("/practice/tokens", json={"resources": "all"})
    unknown = await stranger.post("/practice/tokens", json={"resources": []})
    one = Integration(**made, resources=frozenset())
    url = f"{client.http.base_url}/rest/all/V1/products?searchCriteria="

    assert (odd.status_code, unknown.status_code) == (400, 401)
    assert (await stranger.get(url, headers=signed(one, url))).status_code == httpx.codes.OK
    assert (
        await stranger.get(WEBSITES, headers=bearer(made["token"]))
    ).status_code == httpx.codes.UNAUTHORIZED


async def test_a_bulk_tells_who_submitted_it(client: Client, stranger: httpx.AsyncClient) -> None:
    admin = await stranger.post(
        "/rest/V1/integration/admin/token", json={"username": "admin", "password": TOKEN}
    )
    person = {"customer": {"email": "a@example.com", "firstname": "A", "lastname": "B"}}
    second = client.shop.access.grant([PRODUCTS]).token
    told = []
    for headers in (bearer(TOKEN), bearer(second), bearer(admin.json()), {}):
        path, item = ("products", product("a")) if headers else ("customers", person)
        bulk = await stranger.post(f"/rest/all/async/bulk/V1/{path}", json=[item], headers=headers)
        status = await client.get(f"/V1/bulk/{bulk.json()['bulk_uuid']}/status")
        told.append((status["user_type"], status["user_id"]))

    assert told == [(1, 1), (1, 2), (2, 1), (4, None)]
