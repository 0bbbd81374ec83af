"""`importer tokens`: make, list, take back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from importer.cli import app
from importer.cli.tokens import end_of
from importer.domain.errors import RequestError

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPORTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__TOKEN", "x")
    return CliRunner()


def test_a_token_is_shown_once_listed_and_taken_back(run: CliRunner) -> None:
    words = ["tokens", "create", "anna", "--scope", "read", "--shop", "main", "--expires", "90d"]
    secret = run.invoke(app, words, catch_exceptions=False).output.strip()
    listed = run.invoke(app, ["tokens", "list"], catch_exceptions=False).output

    assert secret.startswith("imp_")
    assert secret not in listed
    assert "  read    main  until " in listed
    assert listed.rstrip().endswith("never used  anna")
    assert run.invoke(app, ["tokens", "revoke", "anna"], catch_exceptions=False).exit_code == 0
    assert run.invoke(app, ["tokens", "list"]).output == ""


def test_the_command_of_earlier_versions_makes_a_token_for_everything(run: CliRunner) -> None:
    run.invoke(app, ["tokens", "new", "anna"], catch_exceptions=False)

    assert "  admin   all shops  no end, never used  anna" in run.invoke(app, ["tokens", "list"]).output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--shop", "moon"], "unknown_name"),
        (["--expires", "soon"], "token.expires"),
        (["--expires", "2001-01-01"], "token.expires"),
        (["--scope", "admin", "--shop", "main"], "token.shops"),
    ],
)
def test_what_cannot_be_is_refused(run: CliRunner, words: list[str], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        run.invoke(app, ["tokens", "create", "anna", *words], catch_exceptions=False)

    assert caught.value.code == code
    assert run.invoke(app, ["tokens", "list"]).output == ""


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("90d", NOW + timedelta(days=90)),
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_span_or_the_end_of_a_day(text: str, end: datetime) -> None:
    assert end_of(text, NOW) == end
