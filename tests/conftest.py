"""Fixtures that many tests share, and the closing lines that say which groups were skipped and why."""

import os
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SUITE = Path(os.environ.get("IMPORTER_TEST_SCHEMA_SUITE") or ROOT / ".venv/json-schema-tests")
CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/chromium-browser")) if path.exists()), None
)

AMQP_URL = os.environ.get("IMPORTER_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with closing(socket.create_connection((parts.hostname or "", parts.port or 5672), timeout=2)):
            return True
    except OSError:
        return False


MISSING: dict[str, str | None] = {
    "magento_data": None
    if (SHARED / "data").is_dir()
    else "no ../shared with real Magento files and recordings",
    "rabbitmq": None
    if _answers(AMQP_URL)
    else "no RabbitMQ on 127.0.0.1:5672 (another: IMPORTER_TEST_AMQP_URL)",
    "schema_suite": None
    if (SUITE / "tests/draft2020-12").is_dir()
    else "no official JSON Schema tests (make suite)",
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


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings or the state of the person who runs it."""
    for name in [
        name for name in os.environ if name.startswith("IMPORTER_") and not name.startswith("IMPORTER_TEST_")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
