"""Fixtures that many tests share, and the closing lines that say which groups were skipped and why."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings as hypothesis_settings

from importer.store.database import connected
from tests.chaos.servers import MISSING as OWN_SERVERS_MISSING
from tests.clocks import HandClock

hypothesis_settings.register_profile(  # a busy machine is no defect
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SUITE = Path(os.environ.get("IMPORTER_TEST_SCHEMA_SUITE") or ROOT / ".venv/json-schema-tests")
CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/chromium-browser")) if path.exists()), None
)

AMQP_URL = os.environ.get("IMPORTER_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
POSTGRES_URL = os.environ.get("IMPORTER_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def _answers(url: str, port: int) -> bool:
    parts = urlsplit(url)
    try:
        with closing(socket.create_connection((parts.hostname or "", parts.port or port), timeout=2)):
            return True
    except OSError:
        return False


MISSING: dict[str, str | None] = {
    "magento_data": None
    if (SHARED / "data").is_dir()
    else "no ../shared with real Magento files and recordings",
    "rabbitmq": None
    if _answers(AMQP_URL, 5672)
    else "no RabbitMQ on 127.0.0.1:5672 (another: IMPORTER_TEST_AMQP_URL)",
    "postgresql": None
    if _answers(POSTGRES_URL, 5432)
    else "no PostgreSQL on 127.0.0.1:5432 (another: IMPORTER_TEST_POSTGRES_URL, with the right to make databases)",
    "own_servers": OWN_SERVERS_MISSING,
    "schema_suite": None
    if (SUITE / "tests/draft2020-12").is_dir()
    else "no official JSON Schema tests (make suite)",
    "curl": None if which("curl") else "no curl",
    "node": None
    if which("node") and which("npm")
    else "no Node.js with npm (Debian: apt-get install nodejs npm)",
    "browser": None if CHROMIUM else "no Chromium (Debian: apt-get install chromium)",
}
"""Marker -> what is missing on this machine for its tests; None when everything is there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is missing skips its tests; in strict form (IMPORTER_TEST_STRICT=1, as CI runs them) it fails them."""
    strict = os.environ.get("IMPORTER_TEST_STRICT") == "1"
    for item in items:
        for marker, missing in MISSING.items():
            if missing and item.get_closest_marker(marker):
                item.add_marker(
                    pytest.mark.usefixtures("missing_is_failure") if strict else pytest.mark.skip(missing)
                )


@pytest.fixture
def missing_is_failure(request: pytest.FixtureRequest) -> None:
    reasons = [text for marker, text in MISSING.items() if text and request.node.get_closest_marker(marker)]
    pytest.fail(f"This machine must have everything: {', '.join(reasons)}.")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each group that could not run."""
    for marker, missing in MISSING.items():
        if missing:
            terminalreporter.write_line(f"not run here: tests marked {marker}: {missing}")


@pytest.fixture
def data() -> Path:
    """Real input files of Magento; tests that use it are marked `magento_data`."""
    return SHARED / "data"


@asynccontextmanager
async def fresh_postgres() -> AsyncIterator[str]:
    """An empty database of its own on a real PostgreSQL; whoever used it must have left no connection behind."""
    import asyncpg

    name, place = f"importer_test_{secrets.token_hex(6)}", POSTGRES_URL.rpartition("/")[0]
    admin = await asyncpg.connect(POSTGRES_URL)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        yield f"{place}/{name}"
        left = await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name)
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()
    assert left == 0, f"{left} connections to the database were not closed"


@pytest.fixture
async def postgres_address() -> AsyncIterator[str]:
    async with fresh_postgres() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def state_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A state with the present schema, on each database that importer knows."""
    async with AsyncExitStack() as stack:
        address = f"sqlite:///{tmp_path}/data/importer.db"
        (tmp_path / "data").mkdir()
        if request.param == "postgresql":
            address = await stack.enter_async_context(fresh_postgres())
        async with connected(address) as database:
            await database.migrate()
        yield address


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings or the state of the person who runs it."""
    for name in [
        name for name in os.environ if name.startswith("IMPORTER_") and not name.startswith("IMPORTER_TEST_")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
