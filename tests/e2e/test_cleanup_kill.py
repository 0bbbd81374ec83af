"""`kill -9` of `importer cleanup` at any moment: what is recorded as removed goes, what is not recorded is whole."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from importer.bootstrap import Importer, open_importer
from importer.domain.imports import ImportStatus, KeptFile
from importer.ports import Request
from importer.services.payloads import folder
from importer.settings import Settings

IMPORTS = 150
FILES = 4
KILLS = 6


async def chunks() -> AsyncIterator[bytes]:
    yield b"article,name,price\n"


async def grown(importer: Importer) -> list[str]:
    """Imports that have ended, with their files."""
    names = [f"imp_{number:04d}" for number in range(IMPORTS)]
    for name in names:
        kept = KeptFile(name="a.csv", file=f"{folder(name)}/source", size=19, sha256="0")
        await importer.ports.files.keep(kept.file, chunks(), limit=100)
        for number in range(1, FILES):
            await importer.ports.files.write(f"{folder(name)}/batches/{number}.zst", b"x")
        await importer.ports.imports.accept(
            Request(id=name, shop="main", mapping="products", entity="product", kept=kept, dry_run=False)
        )
        await importer.ports.imports.record_ended(name, ImportStatus.COMPLETED)
    return names


async def cleanup(settings: Settings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "importer", "cleanup", "--older-than", "0"),
        env={**os.environ, "IMPORTER_DATA_DIR": str(settings.data_dir)},
        stdout=asyncio.subprocess.PIPE,
    )


@pytest.mark.timeout(150)
async def test_killed_again_and_again_a_cleanup_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    dice = random.Random(KILLS)
    settings = Settings(data_dir=tmp_path / "data")
    place = settings.data_dir / "files"
    async with open_importer(settings) as importer:
        names = await grown(importer)

        async def recorded() -> set[str]:
            states = await importer.ports.imports.latest(limit=IMPORTS)
            return {state.id for state in states if state.files_removed}

        stops = []
        for _ in range(KILLS):
            before = len(await recorded())
            process = await cleanup(settings)
            wanted = before + dice.randint(1, 10)
            while process.returncode is None and len(await recorded()) < wanted:
                await asyncio.sleep(0)  # the command is another process: there is no signal to wait for
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
            stops.append(len(await recorded()))
            for name in set(names) - await recorded():
                assert len([path for path in (place / folder(name)).rglob("*") if path.is_file()]) == FILES
        last = await cleanup(settings)
        await last.communicate()

        assert stops == sorted(set(stops)), (
            "some kills came before anything was recorded: they proved nothing"
        )
        assert stops[-1] < IMPORTS, "some kills came when the work was done: they proved nothing"
        assert last.returncode == 0
        assert await recorded() == set(names)
        assert await importer.ports.removals.left(limit=IMPORTS) == []
        assert [path for path in place.rglob("*") if path.is_file()] == []
        for name in names:
            kept, worked_out = await importer.ports.imports.rebuild(name, check=True)
            assert kept == worked_out
