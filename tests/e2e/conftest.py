"""What the black box stands on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from importer.store.database import connected
from tests.conftest import AMQP_URL, fresh_postgres
from tests.contracts.brokers import topology


@pytest.fixture(
    params=["embedded", pytest.param("rabbitmq", marks=[pytest.mark.rabbitmq, pytest.mark.postgresql])]
)
async def carried(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, str]]:
    """Settings: everything on this machine, or steps in a RabbitMQ and the state in a PostgreSQL."""
    async with AsyncExitStack() as stack:
        if request.param == "embedded":
            yield {}
            return
        address = await stack.enter_async_context(fresh_postgres())
        names = await stack.enter_async_context(topology())
        async with connected(address) as database:
            await database.migrate()
        yield {
            "IMPORTER_DATABASE": address,
            "IMPORTER_BROKER": AMQP_URL,
            "IMPORTER_BROKER_EXCHANGE": names.exchange,
        }
