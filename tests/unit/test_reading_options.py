"""What is said of a file wins, then what its mapping says, and only the rest is recognised."""

import json
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from importer.cli import COMMANDS, app
from importer.cli.reading import OPTIONS
from importer.domain.errors import MappingInvalid
from importer.formats import FORMATS
from importer.formats.reading import MARKS, WORDS, Reading, in_words
from importer.sources.mappings import MappingFolders
from importer.transform.language import WORDS as LANGUAGE

ROOT = Path(__file__).parents[2]
MAPPINGS = MappingFolders([ROOT / "mappings"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def type_(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def mapping(reading: str, name: str = "mine") -> str:
    text = MAPPINGS.text("products") + f"\nreading: {reading}\n"
    Path(f"{name}.yaml").write_text(text)
    return f"{name}.yaml"


def faults(reading: str) -> dict[str, str]:
    with pytest.raises(MappingInvalid) as caught:
        MAPPINGS.parse("mine", MAPPINGS.text("products") + f"\nreading: {reading}\n")
    return {fault.path: fault.text for fault in caught.value.faults}


@pytest.mark.parametrize("command", [("run",), ("check",), ("mappings", "suggest")])
def test_every_command_that_reads_a_file_has_the_same_options(command: tuple[str, ...]) -> None:
    found = get_command(app)
    for word in command:
        found = found.get_command(None, word)  # type: ignore[attr-defined]
    declared = {parameter.name: parameter.opts for parameter in found.params}

    assert command[0] in COMMANDS
    assert set(OPTIONS) == set(WORDS)
    assert {name: declared[name] for name in OPTIONS} == {name: [f"--{name}"] for name in OPTIONS}


def test_a_check_reads_the_file_as_it_is_told(tmp_path: Path) -> None:
    Path("list.dat").write_bytes("a~Größe~5\n".encode("cp1252"))
    Path("numbered.yaml").write_text(
        "importer: 1\nentity: x\nrequest: {path: /V1/x}\nkey: column_1\n"
        "columns:\n  column_1: {to: sku}\n  column_2: {to: name}\n"
    )
    done = type_("check", "list.dat", "--mapping", "numbered.yaml", "--format", "csv", "--encoding", "cp1252",
                 "--delimiter", "~", "--quote", "none", "--no-header")  # fmt: skip

    assert done.exit_code == 0, done.output
    assert "1 row checked, 1 good" in done.output
    assert '  delimiter "~": as you said; it fits 1 of 1 records at the beginning\n' in done.output
    assert "  quote character none: as you said\n" in done.output


def test_a_member_and_a_path_can_be_said_to_a_check(tmp_path: Path) -> None:
    Path("list.json").write_text('{"a": [{"sku": "x"}], "b": {"c": [{"sku": "A", "name": "B", "price": 5}]}}')
    done = type_("check", "list.json", "--mapping", "products", "--path", "b.c")

    assert "  path b.c: as you said\n" in done.output, done.exception
    assert type_("mappings", "suggest", "list.json", "--path", "b.c").exit_code == 0
    assert "b.d" in str(type_("check", "list.json", "--mapping", "products", "--path", "b.d").exception)


def test_what_the_mapping_says_is_believed_and_what_is_said_wins(tmp_path: Path) -> None:
    Path("list.dat").write_bytes("article~name~price\nA~Größe~5\n".encode("cp1252"))
    file = mapping('{format: csv, encoding: cp1252, delimiter: "~", quote: none, header: true}')
    usual = type_("check", "list.dat", "--mapping", file)
    said = type_("check", "list.dat", "--mapping", file, "--encoding", "cp850")

    assert usual.exit_code == 0, usual.output
    assert "  format csv: as the mapping says\n" in usual.output
    assert "  encoding cp1252: as the mapping says\n" in usual.output
    assert '  delimiter "~": as the mapping says; it fits 2 of 2' in usual.output
    assert "  encoding cp850: as you said\n" in said.output


def test_a_mapping_for_files_without_a_header_can_be_overruled() -> None:
    Path("list.csv").write_text("article,name,price\nA,B,5\n")
    file = mapping("{header: false}")
    usual = type_("check", "list.csv", "--mapping", file)

    assert "Its columns are: column_1, column_2, column_3" in str(usual.exception)
    assert type_("check", "list.csv", "--mapping", file, "--header").exit_code == 0


def test_words_that_nobody_said_are_kept_like_all_others_and_known_as_the_mappings() -> None:
    said = Reading(delimiter=";").over(in_words({"delimiter": "tab", "encoding": "cp1252", "header": "no"}))

    assert said.kept() == {"delimiter": ";", "encoding": "cp1252", "header": False}
    assert [said.why(word) for word in ("delimiter", "encoding")] == ["as you said", "as the mapping says"]


def test_the_faults_of_a_reading_are_told_all_at_once() -> None:
    told = faults('{delimiter: semicolons, quote: "", header: no, encoding: klingon, formt: csv}')

    assert told["reading.delimiter"] == "unknown word `semicolons`, did you mean `semicolon`?"
    assert "one ASCII character, or none" in told["reading.quote"]
    assert told["reading.header"].startswith("must be true or false, not `no`")
    assert told["reading.encoding"].startswith("`klingon` is no known encoding")
    assert told["reading.formt"] == "unknown word `formt`, did you mean `format`?"
    assert len(told) == 5


def test_the_language_knows_the_words_that_the_readers_know() -> None:
    words = LANGUAGE["reading"]["properties"]
    marks = {word for name in ("delimiter", "quote") for word in words[name]["anyOf"][0]["enum"]}

    assert list(words) == [word for word in words if word in WORDS]
    assert set(words) == set(WORDS)
    assert set(words["format"]["enum"]) == set(FORMATS)
    assert marks == set(MARKS) - {"\\t"}


def test_an_explanation_tells_how_files_are_read() -> None:
    Path("mappings").mkdir()
    mapping('{delimiter: ";", header: false}', "mappings/mine")
    done = type_("mappings", "explain", "mine")

    assert "read with, where nobody says otherwise: delimiter `;`, header `no`" in done.output


def test_every_cause_of_a_check_has_its_fix_in_json_as_on_the_terminal() -> None:
    Path("list.csv").write_text("sku,name,price\nA,a,free\n")
    [cause] = json.loads(type_("check", "list.csv", "--mapping", "products", "--json").output)["causes"]

    assert cause["fix"].startswith("Write it with digits")
    assert cause["fix"] in type_("check", "list.csv", "--mapping", "products").output


def test_a_doubtful_code_page_is_shown_by_a_check() -> None:
    Path("list.csv").write_bytes("sku,name,price\nA,Jalapeño,1\n".encode("cp1252"))

    told = type_("check", "list.csv", "--mapping", "products").output
    found = json.loads(type_("check", "list.csv", "--mapping", "products", "--json").output)

    assert "it could be Windows-1250 (cp1250) (`Jalapeńo` instead of `Jalapeño`)" in told
    assert len(found["doubts"]) == 1


def test_a_file_of_one_column_is_told_the_delimiter_with_which_there_are_more() -> None:
    Path("list.csv").write_text("sku\x1fname\x1fprice\nA\x1fa\x1f1\n")
    told = str(type_("check", "list.csv", "--mapping", "products").exception)

    assert r"Its columns are: sku\x1fname\x1fprice." in told
    assert r"say so with `--delimiter $'\x1f'`." in told
