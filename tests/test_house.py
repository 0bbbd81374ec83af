"""The house keeps its own rules: documents say what the code says, modules stay readable, nothing foreign is shipped."""

import hashlib
import json
import re
import subprocess
from enum import StrEnum
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from importer.cli import exits
from importer.domain.batches import BatchStatus
from importer.domain.fires import FireStatus
from importer.domain.history import EventKind
from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.settings import LoginSettings, NoticeSettings, Settings, ShopSettings
from importer.transform.findings import SAID
from importer.transform.rules import RULES

ROOT = Path(__file__).parent.parent
CODE = re.compile(r'(?:code = |code=|"code": )"([a-z_]+(?:\.[a-z_]+)*)"')


def table_words(text: str, heading: str) -> set[str]:
    """First cells of the table under a heading of a document."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return {
        line.split("|")[1].strip()
        for line in section.splitlines()
        if line.startswith("| ") and "---" not in line
    }


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Import", ImportStatus),
        ("Batch", BatchStatus),
        ("Row", Outcome),
        ("Events", EventKind),
        ("Fire", FireStatus),
    ],
)
def test_the_page_of_states_has_exactly_the_words_of_the_code(heading: str, words: type[StrEnum]) -> None:
    told = table_words((ROOT / "docs/states.md").read_text(), heading)

    assert told - {"Status", "Outcome", "Event"} == {word.value for word in words}


def test_every_code_is_documented() -> None:
    documented = set(re.findall(r"`([A-Za-z_.]+)`", (ROOT / "docs/codes.md").read_text()))
    used = {said.code for said in SAID.values()} | {rule.code for rule in RULES.values() if rule.code}
    for path in (ROOT / "importer").rglob("*.py"):
        if "sandbox" not in path.parts:
            used |= set(CODE.findall(path.read_text()))
    for path in (ROOT / "mappings").glob("*.yaml"):
        used |= {skip["code"] for skip in yaml.safe_load(path.read_text()).get("skip", [])}
    bases = {
        "error",
        "request",
        "conflict",
        "file_damaged",
        "shop",
        "shop.denied",
    }  # always refined by a subclass or a code

    assert used - documented - bases == set()


def test_every_word_of_a_schema_that_can_refuse_has_a_sentence_of_its_own() -> None:
    leading = {"$ref", "$dynamicRef", "allOf", "if", "properties", "patternProperties", "prefixItems", "propertyNames",
               "dependentSchemas", "format"}  # fmt: skip
    refusing = set(Draft202012Validator.VALIDATORS) - leading | {"minContains", "maxContains", "false"}

    assert set(SAID) == refusing
    assert all(said.text.endswith((".", "{forms}")) and said.fix.endswith(".") for said in SAID.values())


def test_every_rule_is_documented() -> None:
    section = (ROOT / "docs/mapping.md").read_text().split("## Rules")[1].split("\n## ")[0]

    assert set(RULES) <= set(re.findall(r"`([a-z_]+)`", section))


def test_the_readme_tells_the_exit_codes() -> None:
    told = {int(n) for n in re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)}

    assert told == {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}


def test_vendored_files_are_what_they_are_said_to_be() -> None:
    folder = ROOT / "importer/web/static/vendor"
    listed = json.loads((folder / "vendor.json").read_text())

    assert {entry["file"] for entry in listed} == {path.name for path in folder.iterdir()} - {"vendor.json"}
    for entry in listed:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "importer").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_is_one_readable_subject(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
    assert path.stem not in ("utils", "helpers", "common", "manager", "misc")


def test_the_makefile_stays_small_and_every_target_is_explained() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())

    assert len(targets) <= 12
    assert targets == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert all(
        f"make {name}" in (ROOT / "README.md").read_text() for name in ("demo", "test", "page", "help")
    )


def test_decisions_are_short() -> None:
    for path in (ROOT / "docs/decisions").glob("*.md"):
        assert len(path.read_text().splitlines()) <= 25, path.name


def test_the_lock_file_belongs_to_the_project() -> None:
    done = subprocess.run(  # noqa: S603 - our own tool, no input
        [ROOT / ".venv/bin/uv", "lock", "--check", "--offline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("Settings", Settings),
        ("A shop: `[shops.<name>]`", ShopSettings),
        ("A login of a source: `[logins.<name>]`", LoginSettings),
        ("A receiver of notices: `[notices.<name>]`", NoticeSettings),
    ],
)
def test_every_setting_is_documented(heading: str, model: type[BaseModel]) -> None:
    text = (
        (ROOT / "docs/settings.md")
        .read_text()
        .replace("# Settings\n", "# # Settings\n", 1)
        .replace("# #", "##")
    )
    told = {name for cell in table_words(text, heading) for name in re.findall(r"`([a-z_]+)`", cell)}

    assert told == set(model.model_fields) - {"shops"}
