"""The published schema of the mapping language says what the code says: neither can drift from the other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from importer.domain.errors import MappingInvalid
from importer.sources.mappings import MappingFolders
from importer.sources.yaml_documents import load
from importer.transform.gate import FUNCTIONS
from importer.transform.language import COLUMN, WORDS, published
from importer.transform.rules import RULES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mappings"
SCHEMA: dict[str, Any] = json.loads((FOLDER / "mapping.schema.json").read_text())
LANGUAGE = Draft202012Validator(SCHEMA)
SHIPPED = sorted(FOLDER.glob("*.yaml"))
PAGE = (ROOT / "docs/mapping.md").read_text()


def test_the_file_is_the_language_of_the_code() -> None:
    """`importer mappings schema > mappings/mapping.schema.json` writes it."""
    assert published() == SCHEMA
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_editor_finds_nothing_wrong_with_a_shipped_mapping(path: Path) -> None:
    document, _, faults = load(path.read_text())

    assert faults == []
    assert list(LANGUAGE.iter_errors(document)) == []
    assert path.read_text().startswith("# yaml-language-server: $schema=mapping.schema.json\n")


def described(schema: Any) -> bool:
    return not isinstance(schema, dict) or "description" in schema or "const" in schema


def test_every_word_and_every_rule_is_described_for_the_editor() -> None:
    assert all(described(word) for word in [*WORDS.values(), *COLUMN["properties"].values()])
    assert len(SCHEMA["$defs"]["rule"]["anyOf"]) == len(RULES)


SAMPLES = [None, "", "x", 5, True, [], ["x"], {}, {"x": "y"}, {"map": {"a": 1}}, {"format": "%Y-%m-%d"},
           {"find": "a", "replace": "b"}, {"decimal": ","}, {"decimal": "x"}, {"field": "a"}, {"key": "a", "value": "b"},
           {"true": ["a"]}, {"fields": {"a": "b"}}, {"fields": {"a": {"type": "x"}}}, "website", "option:a"]  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_an_editor_and_the_loader_agree_about_the_argument_of_a_rule(name: str) -> None:
    """Where the shape is right only the rule's own finer faults are left, and these stand at the rule itself."""
    before = {"join": ["split"], "entries": ["split"], "look_up_each": ["split"]}.get(name, [])
    for sample in SAMPLES:
        call = {name: sample} if sample is not None else name
        column = {"to": "a", "rules": [*before, call]}
        document = {
            "importer": 1,
            "entity": "x",
            "request": {"path": "/V1/x"},
            "key": "a",
            "columns": {"a": column},
        }
        agrees = LANGUAGE.is_valid(document)
        place = f"columns.a.rules.{len(before)}"
        told = faults(document)
        finer = told and all(path == f"{place}.{name}" for path in told)

        assert not told or finer if agrees else told, (name, sample, told)


def faults(document: Any) -> list[str]:
    try:
        MappingFolders([]).parse("mine", yaml.safe_dump(document))
    except MappingInvalid as error:
        return [fault.path for fault in error.faults]
    return []


def first_cells(heading: str) -> list[str]:
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([a-z_]+)`", row)]


def test_the_page_has_exactly_the_words_and_rules_of_the_code() -> None:
    assert sorted(first_cells("Words of a document")) == sorted(WORDS)
    assert sorted(first_cells("Words of a column")) == sorted(COLUMN["properties"])
    assert sorted(first_cells("Rules")) == sorted(RULES)


@pytest.mark.parametrize("name", RULES)
def test_the_page_tells_of_a_rule_what_the_code_tells(name: str) -> None:
    says = RULES[name].says.replace("|", "\\|")

    assert f"| `{name}` | {says} |" in PAGE


def test_every_example_on_the_page_is_a_mapping_without_faults() -> None:
    examples = re.findall(r"```yaml\n(importer: 1.*?)```", PAGE, re.DOTALL)

    assert examples
    for text in examples:
        assert MappingFolders([]).parse("example", text).entity


def test_the_page_names_every_function_of_expressions() -> None:
    assert all(f"`{name.upper()}`" in PAGE for name in FUNCTIONS - {"ifnull"})
