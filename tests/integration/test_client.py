"""The Python client: against the real service, and held against the document of the API."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from aiohttp import web

from importer.client import Client, Denied, Refused, Unavailable, Unknown, Untimely
from importer.client.answers import Answer, File, Import, Reason, Row, Upload
from importer.client.calls import CALLS, SAID
from importer.client.service import Said
from importer.domain.imports import ENDED
from importer.sandbox.shop import Shop
from tests.integration.conftest import let_go
from tests.integration.test_openapi import document
from tests.integration.test_web import TOKEN, Products, Site, serving, site
from tests.integration.test_web_commands import begun, settings

__all__ = ["begun", "settings", "site"]  # fixtures

ROOT = Path(__file__).parents[2]
MODELS: dict[type[Answer], str] = {
    File: "FileShown",
    Import: "ImportShown",
    Reason: "ReasonShown",
    Row: "RowShown",
    Upload: "UploadShown",
}
KINDS = {"str": "string", "int": "integer", "datetime": "string", "Mapping[str, int]": "object"}
in_thread = asyncio.to_thread


def client(site: Site, **words: Any) -> Client:
    return Client(site.address, token=TOKEN, sleep=lambda _seconds: None, **words)


def kinds(schema: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The JSON types that a schema allows."""
    if "$ref" in schema:
        return kinds(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return {kind for one in schema["anyOf"] for kind in kinds(one, schemas)}
    return {schema["type"]}


async def test_every_call_of_the_client_is_in_the_document(site: Site) -> None:
    told = await document(site)
    for name, call in CALLS.items():
        operation = told["paths"][call.path][call.method.lower()]
        known = {(one["in"], one["name"]) for one in operation["parameters"]}
        required = {one["name"] for one in operation["parameters"] if one.get("required")}
        content = operation.get("requestBody", {}).get("content", {})
        answer = operation["responses"][str(int(call.status))].get("content", {})

        assert {("query", one) for one in call.query} | {("header", one) for one in call.headers} <= known, (
            name
        )
        assert required == set(re.findall(r"{(\w+)}", call.path)), name
        assert not call.media or call.media in content, name
        if call.body:
            model = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert set(call.body) <= set(told["components"]["schemas"][model]["properties"]), name
        if call.answer:
            assert answer["application/json"]["schema"]["$ref"].rpartition("/")[2] == call.answer, name


async def test_every_answer_that_the_client_reads_is_as_the_document_says(site: Site) -> None:
    schemas = (await document(site))["components"]["schemas"]
    for model, name in MODELS.items():
        for field in fields(model):
            schema = schemas[name]["properties"][field.name]
            kind = str(field.type).removeprefix("<class '").removesuffix("'>")
            kind = field.type.__name__ if isinstance(field.type, type) else kind
            for word in ("datetime.", "collections.abc."):
                kind = kind.replace(word, "")
            plain = kind.removesuffix(" | None")
            expected = {KINDS.get(plain, "object")} | ({"null"} if plain != kind else set())

            assert field.name in schemas[name]["required"], (name, field.name)
            assert kinds(schema, schemas) == expected, (name, field.name)
    assert set(get_type_hints(Said)) == set(SAID) - {"mapping"}


async def test_a_file_is_sent_watched_and_told(site: Site, shop: Shop, products: Products) -> None:
    path = products(30, {3: {"price": "x"}, 7: {"price": "y"}})
    with client(site) as importer:
        begun = await in_thread(importer.create, path, mapping="products", idempotency_key="k", max_errors=5)
        again = await in_thread(importer.create, path, mapping="products", idempotency_key="k", max_errors=5)
        await site.run.finished(begun.id)
        done = await in_thread(importer.wait, begun.id)
        rows = await in_thread(lambda: list(importer.rows(done.id, outcomes=["invalid"])))
        listed = await in_thread(lambda: list(importer.imports(status="completed")))
        report = await in_thread(importer.report, done.id)
        to_mend = await in_thread(importer.rows_to_mend, done.id)

    assert again.id == begun.id
    assert (done.status, done.file.name, done.counts["succeeded"]) == ("completed", "list.csv", 28)
    assert [(row.row, row.column) for row in rows] == [(3, "price"), (7, "price")]
    assert [one.id for one in listed] == [done.id]
    assert report["equation"] == done.equation
    assert to_mend.count(b"\n") == 3


async def test_lists_are_read_to_their_end(site: Site, products: Products) -> None:
    path = products(60, {number: {"price": "x"} for number in range(1, 61)})
    with client(site) as importer:
        begun = await in_thread(importer.create, path, mapping="products", mode="check")
        await site.run.finished(begun.id)
        rows = await in_thread(lambda: list(importer.rows(begun.id)))

    assert [row.row for row in rows] == list(range(1, 61))


async def test_commands_are_obeyed(site: Site, begun: str, shop: Shop) -> None:
    with client(site) as importer:
        await in_thread(importer.pause, begun, note="lunch")
        assert (await in_thread(importer.get, begun)).status == "paused"
        await in_thread(importer.resume, begun)
        with pytest.raises(Untimely) as caught:
            await in_thread(importer.retry, begun)
        await in_thread(importer.cancel, begun)
        let_go(shop)
        await site.run.finished(begun)
        before = await in_thread(importer.get, begun)
        await in_thread(importer.retry, begun, outcomes=["not_sent"])
        assert (await in_thread(importer.get, begun)).attempt == before.attempt + 1
        await site.run.until(lambda state: state.status in ENDED, begun)

    assert caught.value.code == "retry.untimely"
    assert (before.status, before.ended) == ("cancelled", True)


async def test_problems_are_exceptions_with_their_codes(site: Site, products: Products) -> None:
    path = products(2)
    with client(site) as importer:
        with pytest.raises(Refused) as caught:
            await in_thread(importer.create, path, mapping="nothing")
        assert (caught.value.status, caught.value.code) == (422, "unknown_name")
        with pytest.raises(Unknown):
            await in_thread(importer.get, "imp_none/../x")
        with pytest.raises(Unknown):
            await in_thread(importer.get_upload, "upl_none")
    with Client(site.address, token="imp_wrong") as stranger, pytest.raises(Denied):
        await in_thread(stranger.get, "imp_1")
    with Client("http://127.0.0.1:1", token="x", sleep=lambda _s: None) as nobody, pytest.raises(Unavailable):
        await in_thread(nobody.get, "imp_1")


async def test_an_upload_goes_on_after_breaks_and_in_another_process(site: Site, products: Products) -> None:
    path = products(500)
    content = path.read_bytes()
    half = len(content) // 2
    with client(site) as importer:
        metadata = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content))}
        upload_id = (await site.http.post("/v1/uploads", headers=metadata)).json()["id"]
        piece = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        }
        await site.http.patch(f"/v1/uploads/{upload_id}", content=content[:half], headers=piece)
        seen: list[int] = []
        upload = await in_thread(
            importer.upload, path, upload_id=upload_id, progress=lambda one: seen.append(one.offset)
        )
        whole = await in_thread(importer.upload, path)
        done = await in_thread(importer.create, mapping="products", upload=whole.id, mode="check")
        await in_thread(importer.remove_upload, upload.id)
        with pytest.raises(Unknown):
            await in_thread(importer.get_upload, upload.id)

    assert seen == [half, len(content)]
    assert (done.file.name, done.file.size) == ("list.csv", len(content))


async def test_what_gets_no_answer_is_repeated_as_the_service_says(products: Products) -> None:
    """A service that is busy, then falls silent, then answers."""
    asked: list[tuple[str, bytes]] = []
    waited: list[float] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((request.headers["Idempotency-Key"], await request.read()))
        if len(asked) == 1:
            return web.json_response(
                {"detail": "Busy."}, status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "7"}
            )
        if len(asked) == 2:
            assert request.transport is not None
            request.transport.abort()
        if len(asked) == 3:
            told = {"code": "idempotency.running", "detail": "It is being taken in."}
            return web.json_response(told, status=HTTPStatus.CONFLICT)
        return web.json_response({"detail": "Enough."}, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    app = web.Application()
    app.router.add_post("/v1/imports", answer)
    path = products(3)
    async with serving(app) as address:
        with Client(address, token="x", sleep=waited.append) as importer, pytest.raises(Refused):
            await in_thread(importer.create, path, mapping="products")

    assert len(asked) == 4
    assert len(set(asked)) == 1
    assert waited == [7.0, 2.0, 4.0]


async def test_waiting_has_an_end(site: Site, begun: str, shop: Shop) -> None:
    with client(site) as importer, pytest.raises(TimeoutError, match="after 3 seconds"):
        await in_thread(importer.wait, begun, timeout=3)
    let_go(shop)


async def test_the_program_of_the_page_runs(site: Site, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "howto" / "use-the-python-client.md").read_text()
    [program] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    shutil.copy(ROOT / "samples" / "magento-products.csv", tmp_path / "products.csv")
    environment = {**os.environ, "IMPORTER": site.address, "TOKEN": TOKEN}
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=tmp_path, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await run.communicate()

    assert (run.returncode, err) == (0, b"")
    assert out.decode().splitlines()[-1].startswith("completed ")


def test_the_client_is_light() -> None:
    """Programs that import it need not wait for what the service needs."""
    code = (
        "import sys, importer.client; print(sorted({'polars', 'sqlalchemy', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"
