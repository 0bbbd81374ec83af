"""The page for new users is true: its commands run in their order and print what it says."""

import asyncio
import re
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "test-without-a-shop.md"
BLOCK = re.compile(r"```(sh|text|python)\n(.*?)```", re.DOTALL)
MARK = "=== block ==="

pytestmark = pytest.mark.timeout(300)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def blocks() -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(PAGE.read_text()) if kind != "python"]


async def test_the_commands_of_the_page_print_what_it_says(tmp_path: Path) -> None:
    commands = "".join(f"{text}\necho '{MARK}'\n" for kind, text in blocks() if kind == "sh")
    told: list[str] = []
    for kind, text in blocks():
        if kind == "sh":
            told.append("")
        else:
            told[-1] = text
    script = "set -m\n" + commands.replace("8710", str(free_port())).replace(
        ".venv/bin/importer", f"{sys.executable} -m importer"
    )
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    said = out.decode().split(MARK + "\n")

    assert process.returncode == 0, err.decode()
    assert [part.strip() for part in said[1:-1]] == [text.strip() for text in told[1:]]


async def test_the_test_of_the_page_passes(tmp_path: Path) -> None:
    [code] = [text for kind, text in BLOCK.findall(PAGE.read_text()) if kind == "python"]
    (tmp_path / "test_page.py").write_text(code)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto",
        "-o", "asyncio_default_fixture_loop_scope=function", "--rootdir", tmp_path, tmp_path,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()

    assert process.returncode == 0, out.decode()
    assert "1 passed" in out.decode()
