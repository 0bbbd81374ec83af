"""The adapters of a port must keep one contract; each test here runs against all of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from importer.store.database import Database, open_database


class HandClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def database(state_address: str) -> AsyncIterator[Database]:
    async with open_database(state_address) as opened:
        yield opened
