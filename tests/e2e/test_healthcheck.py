"""`importer healthcheck` beside a real `importer serve`, as a container's runtime calls it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.chaos.processes import Service, environment


async def health(port: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "importer",
        "healthcheck",
        env={**os.environ, "IMPORTER_PORT": port, "IMPORTER_HOST": "0.0.0.0"},  # noqa: S104
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    return process.returncode, err.decode()


@pytest.mark.timeout(60)
async def test_it_is_well_while_the_process_answers_and_not_when_it_is_gone(tmp_path: Path) -> None:
    service = Service(environment(tmp_path, {"main": {"BASE_URL": "http://127.0.0.1:1"}}))
    await service.start()
    await service.ready()
    port = (await service.ask("GET", "/livez")).url.port
    well = await health(str(port))
    await service.stop()
    gone = await health(str(port))

    assert well == (0, "")
    assert gone[0] == 1
    assert gone[1].startswith(f"importer: 127.0.0.1:{port} does not answer")
