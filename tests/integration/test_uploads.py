"""Uploads that resume, over real HTTP: what tus asks for, and the import that is made of one."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
import pytest

from importer.bootstrap import open_importer
from importer.domain.tokens import Scope
from importer.duties import clean
from importer.services.uploading import PART_BYTES
from importer.settings import Settings
from tests.clocks import HandClock
from tests.integration.conftest import working
from tests.integration.test_bucket import bucket, in_bucket, s3
from tests.integration.test_web import Products, Site, logged_in, problem, site

__all__ = ["bucket", "in_bucket", "s3", "site"]  # fixtures

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
MIB = 1 << 20


async def begin(site: Site, size: int, name: str = "liste.csv") -> str:
    """Its address."""
    metadata = f"filename {b64encode(name.encode()).decode()},is_final"
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = await site.http.post("/v1/uploads", headers=headers)
    assert (answer.status_code, answer.headers["tus-resumable"]) == (HTTPStatus.CREATED, "1.0.0"), answer.text
    assert answer.headers["location"] == f"/v1/uploads/{answer.json()['id']}"
    return answer.headers["location"]


async def send(site: Site, place: str, content: bytes, offset: int = 0) -> httpx.Response:
    headers = {**PIECE, "Upload-Offset": str(offset)}
    return await site.http.patch(place, content=content, headers=headers)


async def offset(site: Site, place: str) -> int:
    answer = await site.http.head(place, headers=TUS)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def id_of(place: str) -> str:
    return place.rpartition("/")[2]


async def test_an_upload_in_pieces_becomes_an_import_more_than_once(site: Site, products: Products) -> None:
    content = products(40, {3: {"price": "x"}}).read_bytes()
    place = await begin(site, len(content), "C:\\lists\\liste.csv")
    first = await send(site, place, content[:100])
    early = await site.http.post("/v1/imports", params={"mapping": "products", "upload": id_of(place)})
    rest = await send(site, place, content[100:], 100)

    assert (first.status_code, first.headers["upload-offset"]) == (HTTPStatus.NO_CONTENT, "100")
    assert "100 of its" in problem(early, 409, "upload.unfinished")
    assert (rest.status_code, rest.headers["upload-offset"]) == (HTTPStatus.NO_CONTENT, str(len(content)))
    assert rest.headers["upload-expires"].endswith(" GMT")

    for mode in ("check", "apply"):
        form = {"mapping": (None, "products"), "upload": (None, id_of(place)), "mode": (None, mode)}
        answer = await site.http.post("/v1/imports", files=form)
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        state = await site.run.finished(answer.json()["id"])
        assert (state.mode, state.kept.name, state.rows_read) == (mode, "liste.csv", 40)
        assert state.kept.sha256 == hashlib.sha256(content).hexdigest()


async def test_an_import_of_an_upload_is_repeated_with_its_key(site: Site, products: Products) -> None:
    content = products(3).read_bytes()
    place = await begin(site, len(content))
    await send(site, place, content)
    query = {"mapping": "products", "upload": id_of(place)}
    twice = [
        await site.http.post("/v1/imports", params=query, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]

    assert twice[0].status_code == HTTPStatus.ACCEPTED
    assert twice[0].json() == twice[1].json()


async def test_a_server_says_what_it_can(site: Site) -> None:
    answer = await site.stranger.options("/v1/uploads")

    assert answer.status_code == HTTPStatus.NO_CONTENT
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,termination"
    assert answer.headers["tus-max-size"] == str(MIB)


async def test_what_is_known_of_an_upload_comes_back(site: Site) -> None:
    place = await begin(site, 10, "größe.csv")
    await send(site, place, b"1234")
    head = await site.http.head(place, headers=TUS)
    document = (await site.http.get(place)).json()

    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("4", "10")
    assert "filename Z3LDtsOfZS5jc3Y=" in head.headers["upload-metadata"]
    assert (document["name"], document["size"], document["offset"]) == ("größe.csv", 10, 4)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": "0.2.2", "Upload-Length": "1"}, 412, "upload.version"),
        ({"Upload-Length": "1"}, 412, "upload.version"),
        ({**TUS}, 422, "upload.length"),
        ({**TUS, "Upload-Length": "-1"}, 422, "upload.length"),
        ({**TUS, "Upload-Length": "1e3"}, 422, "upload.length"),
        ({**TUS, "Upload-Length": "9" * 5000}, 422, "upload.length"),
        ({**TUS, "Upload-Length": str(MIB + 1)}, 413, "too_large"),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": "filename ***"}, 422, "upload.metadata"),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": ",,"}, 422, "upload.metadata"),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": "näme YQ=="}, 422, "upload.metadata"),
    ],
)
async def test_an_upload_that_cannot_begin_is_told_in_one_sentence(
    site: Site, headers: dict[str, str], status: int, code: str
) -> None:
    raw = {name: value.encode() for name, value in headers.items()}
    answer = await site.http.post("/v1/uploads", headers=raw)

    problem(answer, status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert ("tus-version" in answer.headers) == (status == HTTPStatus.PRECONDITION_FAILED)


async def test_a_piece_that_does_not_fit_is_refused_and_changes_nothing(site: Site) -> None:
    place = await begin(site, 10)
    await send(site, place, b"12345")
    there = {**PIECE, "Upload-Offset": "5"}

    assert "5 bytes" in problem(await send(site, place, b"x", 4), 409, "upload.offset")
    problem(await send(site, place, b"x", 6), 409, "upload.offset")
    problem(await send(site, place, b"123456", 5), 413, "upload.size")
    problem(await site.http.patch(place, content=once(b"123456"), headers=there), 413, "upload.size")
    problem(
        await site.http.patch(place, content=b"x", headers={**there, "Upload-Offset": "five"}),
        422,
        "upload.offset",
    )
    problem(
        await site.http.patch(place, content=b"x", headers={**there, "Content-Type": "text/csv"}), 415, "http"
    )
    problem(
        await site.http.patch(place, content=b"x", headers={**there, "Tus-Resumable": "2"}),
        412,
        "upload.version",
    )
    assert (await site.http.head(place)).status_code == HTTPStatus.PRECONDITION_FAILED
    assert await offset(site, place) == 5
    assert (await send(site, place, b"67890", 5)).status_code == HTTPStatus.NO_CONTENT


async def once(content: bytes) -> AsyncIterator[bytes]:
    """Without a length before it."""
    yield content


async def test_an_upload_belongs_to_its_token(site: Site, products: Products) -> None:
    content = products(3).read_bytes()
    place = await begin(site, len(content))
    await send(site, place, content)
    await site.run.importer.tokens.add("other", "imp_other", scope=Scope.IMPORT)
    await site.run.importer.tokens.add("reader", "imp_reader", scope=Scope.READ)
    other = {**PIECE, "Upload-Offset": "0", "Authorization": "Bearer imp_other"}

    for answer in (
        await site.stranger.get(place, headers=other),
        await site.stranger.patch(place, content=b"x", headers=other),
        await site.stranger.delete(place, headers=other),
    ):
        problem(answer, 404, "upload.unknown")
    query = {"mapping": "products", "upload": id_of(place)}
    stolen = await site.stranger.post(
        "/v1/imports", params=query, headers={"Authorization": other["Authorization"]}
    )
    problem(stolen, 422, "upload.unknown")
    reader = await site.stranger.get(place, headers={"Authorization": "Bearer imp_reader"})
    problem(reader, 403, "token.scope")
    problem(await site.stranger.get(place), 401, "unauthorized")


async def test_an_upload_is_removed(site: Site) -> None:
    place = await begin(site, 10)
    await send(site, place, b"12345")
    kept = site.run.importer.settings.data_dir / "files" / "uploads"

    assert list(kept.rglob("part"))
    assert (await site.http.delete(place, headers=TUS)).status_code == HTTPStatus.NO_CONTENT
    problem(await site.http.get(place), 404, "upload.unknown")
    assert not list(kept.rglob("part"))


async def test_who_can_only_post_says_what_is_meant(site: Site) -> None:
    place = await begin(site, 3)
    override = "X-HTTP-Method-Override"
    sent = await site.http.post(
        place, content=b"abc", headers={**PIECE, "Upload-Offset": "0", override: "PATCH"}
    )
    assert (sent.status_code, sent.headers["upload-offset"]) == (HTTPStatus.NO_CONTENT, "3")
    problem(await site.http.post(place, headers={**TUS, override: "PUT"}), 422, "upload.method")
    assert (
        await site.http.post(place, headers={**TUS, override: "DELETE"})
    ).status_code == HTTPStatus.NO_CONTENT
    problem(await site.http.get(place), 404, "upload.unknown")


async def test_a_file_and_an_upload_at_once_are_one_too_many(site: Site, products: Products) -> None:
    content = products(3).read_bytes()
    query = {"mapping": "products", "upload": "upl_1"}

    problem(await site.http.post("/v1/imports", params=query, content=content), 422, "form.two_files")
    form = {"mapping": (None, "products"), "upload": (None, "upl_1"), "file": ("a.csv", content)}
    problem(await site.http.post("/v1/imports", files=form), 422, "form.two_files")
    problem(await site.http.post("/v1/imports", params=query), 422, "upload.unknown")
    problem(await site.http.post("/v1/imports", params={"upload": "upl_1", "x": "1"}), 400, "form.unknown")


@pytest.mark.parametrize("kept", ["folder", "bucket"])
async def test_what_came_before_the_connection_was_cut_is_kept(
    kept: str, settings: Settings, in_bucket: Settings, products: Products
) -> None:
    content = products(1).read_bytes() + b"A-2,%b,9.90\n" % (b"x" * 1000) * 4000
    roomy = (settings if kept == "folder" else in_bucket).model_copy(
        update={"upload_mib": 8, "requests_per_minute": 0}
    )
    async with working(roomy) as run, logged_in(run) as site:
        place = await begin(site, len(content))
        url = urlsplit(site.address)
        _, writer = await asyncio.open_connection(url.hostname, url.port)
        head = [
            f"PATCH {place} HTTP/1.1",
            f"Host: {url.netloc}",
            f"Content-Length: {len(content)}",
            "Upload-Offset: 0",
            f"Authorization: {site.http.headers['authorization']}",
            *(f"{name}: {value}" for name, value in PIECE.items()),
        ]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + content[: PART_BYTES + 1000])
        await writer.drain()
        async with asyncio.timeout(30):
            while await offset(site, place) < PART_BYTES:
                await asyncio.sleep(0)
        writer.close()
        async with asyncio.timeout(30):
            while await offset(site, place) < PART_BYTES + 1000:
                await asyncio.sleep(0)
        rest = await send(site, place, content[PART_BYTES + 1000 :], PART_BYTES + 1000)
        assert rest.status_code == HTTPStatus.NO_CONTENT
        answer = await site.http.post(
            "/v1/imports", params={"mapping": "products", "upload": id_of(place), "mode": "check"}
        )
        state = await run.finished(answer.json()["id"])
        assert (state.kept.sha256, state.rows_read) == (hashlib.sha256(content).hexdigest(), 4001)


async def test_the_duty_removes_uploads_whose_time_is_over(settings: Settings, clock: HandClock) -> None:
    short = settings.model_copy(update={"keep_uploads_hours": 2.0})
    kept = settings.data_dir / "files" / "uploads"
    async with open_importer(short, clock=clock) as importer:
        upload = await importer.uploading.begin("me", name="a.csv", size=5)
        await importer.uploading.append(upload, once(b"abc"))
        clock.forward(2 * 3600 - 1)
        await clean(importer)
        there = list(kept.rglob("part"))
        clock.forward(1)
        await clean(importer)

    assert len(there) == 1
    assert not list(kept.rglob("part"))
