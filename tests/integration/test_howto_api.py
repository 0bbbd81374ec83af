"""The lines for a shell in the README and in the page for programmers run, in their order."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import orjson
import pytest

from tests.integration.test_web import TOKEN, Site, site

__all__ = ["site"]  # a fixture

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```sh\n(curl .*?)```", re.DOTALL)

pytestmark = pytest.mark.curl


async def in_shell(text: str, site: Site, folder: Path, import_id: str = "") -> str:
    """What it printed; an answer of 400 or more is a failure."""
    words = {"IMPORTER": site.address, "TOKEN": TOKEN, "ID": import_id}
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", text.replace("curl ", "curl --fail-with-body -sS ", 1), cwd=folder, env={**os.environ, **words},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await shell.communicate()
    assert shell.returncode == 0, (text, out.decode(), err.decode())
    return out.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds a `products.csv`."""
    shutil.copy(ROOT / "samples" / "magento-products.csv", tmp_path / "products.csv")
    return tmp_path


async def test_the_line_of_the_readme_starts_an_import(site: Site, folder: Path) -> None:
    [line] = [block for block in BLOCK.findall((ROOT / "README.md").read_text()) if "/v1/imports" in block]
    answer = orjson.loads(await in_shell(line.replace("http://127.0.0.1:8700", site.address), site, folder))

    assert (await site.run.finished(answer["id"])).equation_holds


async def test_the_lines_of_the_page_for_programmers_run_in_their_order(site: Site, folder: Path) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "howto" / "use-the-api.md").read_text())
    token, fits, dry, taken = [orjson.loads(await in_shell(block, site, folder)) for block in blocks[:4]]
    log, state, rows = [await in_shell(block, site, folder, taken["id"]) for block in blocks[4:]]

    assert token["token"].startswith("imp_")
    assert (fits["items"][0]["mapping"], fits["items"][0]["ready"]) == ("magento-products", True)
    assert (await site.run.finished(dry["id"])).dry_run
    assert "event: ended" in log
    assert orjson.loads(state)["status"] == "completed"
    assert (rows, (folder / "to-mend.csv").exists()) == ("", True)
