"""What a line of the log may hold."""

import json
import logging
import sys

import pytest

from importer.domain.errors import ConfigurationError
from importer.domain.steps import Step, StepKind
from importer.logs import Json, Text, context, set_up

STEP = Step(kind=StepKind.PREPARE, target="imp_1", shop="main", entity="product")


def record(message: str, *, crashed: bool = False) -> logging.LogRecord:
    secret = "geheim"
    try:
        raise ValueError(f"{len(secret)} characters")
    except ValueError:
        found = sys.exc_info() if crashed else None
    return logging.LogRecord("importer.x", logging.ERROR, __file__, 1, message, (), found)


def test_a_traceback_has_its_places_and_no_values() -> None:
    line = Json().format(record("crashed", crashed=True))

    assert "\n" not in line
    assert "6 characters" in json.loads(line)["error"]
    assert "geheim" not in line


def test_a_step_of_an_import_has_no_batch_and_its_ids_end_with_it() -> None:
    inside = json.loads(context(STEP).run(Json().format, record("within")))
    outside = json.loads(Json().format(record("without")))

    assert (inside["import"], inside["step"], "batch" in inside) == ("imp_1", "prepare", False)
    assert "import" not in outside


@pytest.mark.parametrize("form", [Text(), Json()])
def test_what_others_wrote_makes_no_line_of_its_own(form: logging.Formatter) -> None:
    assert "\n" not in form.format(record("a file named x\n2026-11-25 CRITICAL all is lost"))


def test_a_level_that_does_not_exist_is_refused_with_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_LOG", "loud")

    with pytest.raises(ConfigurationError, match="IMPORTER_LOG is DEBUG, INFO, WARNING or ERROR, not `LOUD`"):
        set_up("text")
