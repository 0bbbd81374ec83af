"""`importer migrate` as a person types it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from importer.cli import app
from importer.store.database import HEAD, connected, open_database
from tests.contracts.test_server import grown


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["migrate", *words])
    return result.exit_code, result.output


@pytest.mark.postgresql
def test_the_database_of_the_settings_is_brought_to_this_schema(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORTER_DATABASE", postgres_address)
    for _ in range(2):
        code, told = typed()
        assert (code, HEAD in told) == (0, True)


@pytest.mark.postgresql
async def test_a_state_is_moved_and_every_table_told(postgres_address: str, tmp_path: Path) -> None:
    import asyncio

    async with open_database(f"sqlite:///{tmp_path}/old.db") as old:
        await grown(old)
    code, told = await asyncio.to_thread(
        typed, "--from", f"sqlite:///{tmp_path}/old.db", "--to", postgres_address
    )
    assert code == 0, told
    assert "imports: 2 rows" in told
    assert "Write the new address into the settings" in told
    async with connected(postgres_address) as database:
        await database.require_schema()
