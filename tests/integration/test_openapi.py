"""The document of the API: it holds every route, its examples run, and what it does not tell does not happen."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.shop import Shop
from importer.settings import Settings
from importer.web.app import create_app
from importer.web.openapi import example
from importer.web.operations import RULES, Operation
from tests.integration.conftest import let_go, make_settings
from tests.integration.test_web import TOKEN, Products, Site, site

__all__ = ["site"]  # a fixture

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("IMPORTER_TEST_API_EXAMPLES", "3"))
"""Generated requests for each operation; a night's run may take more."""


PIECES = """
import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
"""
"""A media type that Schemathesis does not know by itself."""


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path, shop.address, batches_in_flight=2)  # type: ignore[attr-defined]
    return settings.model_copy(update={"requests_per_minute": 0, "webhook_hosts": ["127.0.0.1"]})


async def message_to_a_webhook(site: Site, content: bytes) -> tuple[str, str]:
    """Ids of a webhook and of a message that nobody has taken."""
    made = await site.http.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/"})
    await site.finished(content)
    await site.run.importer.notices.announcing.sweep()
    told = await site.http.get(f"/v1/webhooks/{made.json()['id']}/deliveries")
    return made.json()["id"], told.json()["items"][0]["id"]


async def document(site: Site) -> dict[str, Any]:
    answer = await site.stranger.get("/v1/openapi.json")
    assert answer.status_code == httpx.codes.OK
    return dict(answer.json())


def of_the_api(site: Site) -> list[Operation]:
    rules = create_app(site.run.importer)[RULES].values()
    return [one for one in dict.fromkeys(rules) if not one.page]


async def test_every_route_is_in_the_document_and_the_other_way_round(site: Site) -> None:
    told = {
        (method.upper(), path)
        for path, methods in (await document(site))["paths"].items()
        for method in methods
    }
    routes = {
        (route.method, route.resource.canonical)
        for route in create_app(site.run.importer).router.routes()
        if route.resource and route.resource.canonical.startswith("/v1/") and route.method != "HEAD"
    }

    assert told == routes


async def test_every_model_that_is_named_is_there_and_every_name_of_an_operation_is_its_own(
    site: Site,
) -> None:
    text = (await site.stranger.get("/v1/openapi.json")).text
    told = await document(site)
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]

    assert told["openapi"] == "3.1.0"
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(told["components"]["schemas"])
    assert len(set(names)) == len(names)


async def test_every_code_of_a_query_is_documented(site: Site) -> None:
    codes = (ROOT / "docs" / "codes.md").read_text()

    for one in of_the_api(site):
        for name in one.query.model_fields if one.method == "GET" else ():
            assert f"`query.{name}`" in codes


@pytest.mark.curl
async def test_every_example_of_the_document_runs(
    site: Site, shop: Shop, products: Products, tmp_path: Path
) -> None:
    webhook, message = await message_to_a_webhook(site, products(1).read_bytes())
    shop.faults.hold_consumers = True
    products(40, name="products.csv")
    (tmp_path / "mapping.yaml").write_text(site.run.importer.ports.mappings.text("products"))
    import_id = await site.send((tmp_path / "products.csv").read_bytes(), policy="check-first")
    await site.run.until(lambda state: state.sent == 20 and state.read_whole, import_id)
    made = await site.http.post("/v1/tokens", json={"name": "x", "scope": "read"})
    words = {"IMPORTER": site.address, "TOKEN": TOKEN, "ID": import_id, "TOKEN_ID": made.json()["id"]}
    words["UPLOAD_ID"] = await upload(site, (tmp_path / "products.csv").stat().st_size)
    words |= {"WEBHOOK_ID": webhook, "MESSAGE_ID": message}
    retry = [one for one in of_the_api(site) if one.path.endswith("/retry")]

    for one in [one for one in of_the_api(site) if one not in retry] + retry:
        if one in retry:
            let_go(shop)
            await site.run.finished(import_id)
        status, text = await in_shell(example(one), words, tmp_path)
        assert status in [answer.status for answer in one.answers], (example(one), text)


async def upload(site: Site, size: int) -> str:
    """Its id."""
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)}
    return str((await site.http.post("/v1/uploads", headers=headers)).json()["id"])


async def in_shell(line: str, words: dict[str, str], folder: Path) -> tuple[int, str]:
    """The status and what the line printed."""
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", f"{line} -o answer -w '%{{http_code}}'", cwd=folder, env={**os.environ, **words},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await shell.communicate()
    assert shell.returncode == 0, err.decode()
    return int(out), (folder / "answer").read_bytes().decode("utf-8", "replace")


async def test_the_page_shows_every_call_and_loads_nothing_from_elsewhere(site: Site) -> None:
    page = await site.stranger.get("/docs")

    assert page.status_code == httpx.codes.OK
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert all(f"<code>{one.method} {one.path}</code>" in page.text for one in of_the_api(site))
    assert not re.findall(r"(?:src|href)=\"(?!/|#|data:)", page.text)


@pytest.mark.timeout(300)
async def test_generated_requests_get_documented_answers_and_no_defect(
    site: Site, products: Products, tmp_path: Path
) -> None:
    """Schemathesis over the whole API of a real server: odd, wrong and right requests, some about things there are."""
    known = (await site.finished(products(5, {2: {"price": "x"}}).read_bytes()))["id"]
    made = await site.http.post("/v1/tokens", json={"name": "x", "scope": "read"})
    webhook, message = await message_to_a_webhook(site, products(1).read_bytes())
    told = await document(site)
    real = {"id": known, "token": made.json()["id"], "shop": "main", "mapping": "products"}
    real |= {"upload": await upload(site, 1000), "webhook": webhook, "message": message}
    for path in told["paths"].values():
        for one in path.values():
            for parameter in one["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": [real[parameter["name"]]]}
    (tmp_path / "openapi.json").write_text(json.dumps(told))
    (tmp_path / "hooks.py").write_text(PIECES)
    run = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", "openapi.json", "--url", site.address,
        "--header", f"Authorization: Bearer {TOKEN}", "--max-examples", str(EXAMPLES), "--seed", "1",
        "--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--no-color",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance,response_headers_conformance",
        cwd=tmp_path, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks.py"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await run.communicate()

    assert run.returncode == 0, out.decode()[-8000:]
    assert f"Tested: {len(of_the_api(site))}" in out.decode()
