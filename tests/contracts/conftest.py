"""The adapters of a port must keep one contract; each test here runs against all of them."""

from collections.abc import AsyncIterator

import pytest

from importer.store.database import Database, open_database


@pytest.fixture
async def database(state_address: str) -> AsyncIterator[Database]:
    async with open_database(state_address) as opened:
        yield opened
