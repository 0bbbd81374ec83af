"""The log of an import on the command line, and the state that it alone gives."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from importer.domain.errors import UnknownName
from importer.store.database import open_database
from importer.store.tables import imports
from tests.integration.conftest import Running


async def typed(run: Running, *words: str) -> tuple[int | None, str]:
    environment = {**os.environ, "IMPORTER_DATA_DIR": str(run.importer.settings.data_dir)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", *words, env=environment, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_the_log_tells_what_happened_and_the_state_follows_from_it(
    service: Running, products: Callable[..., Path]
) -> None:
    state = await service.run(products(25, {3: {"price": "x"}}))
    code, told = await typed(service, "events", state.id, "--follow")
    kinds = [line.split()[3] for line in told.splitlines()]

    assert code == 0
    assert kinds[:3] == ["accepted", "counted", "rows_prepared"]
    assert kinds.count("sending") == kinds.count("sent") == kinds.count("confirmed") == 3
    assert kinds[-1] == "ended"
    assert await typed(service, "rebuild", state.id, "--check") == (
        0, f"{state.id}: the state is what its {state.seq} events say: 25 rows read = 24 succeeded + 1 invalid\n"
    )  # fmt: skip


async def test_a_state_that_was_spoilt_is_found_and_worked_out_again(
    service: Running, products: Callable[..., Path]
) -> None:
    state = await service.run(products(5))
    async with (
        open_database(service.importer.settings.database_address) as database,
        database.writing() as connection,
    ):
        await connection.execute(update(imports).values(rows_read=99, sent=1))

    code, told = await typed(service, "rebuild", state.id, "--check")
    assert (code, told) == (
        70,
        f"{state.id}: the state differs from what its events say, in rows_read, sent.\n",
    )
    assert (await typed(service, "rebuild", state.id))[0] == 0
    assert await service.importer.ports.imports.get(state.id) == state


async def test_an_unknown_import_has_no_log(service: Running) -> None:
    with pytest.raises(UnknownName):
        await service.importer.ports.imports.rebuild("imp_nowhere", check=True)
