"""`importer mappings`: what a person sees who has a file and no mapping yet."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from importer import formats
from importer.cli.mappings import mappings
from importer.sources.mappings import MappingFolders
from importer.transform import Transform
from importer.transform.binding import bind
from importer.transform.rules import RULES
from importer.transform.wording import WORDS

ROOT = Path(__file__).parents[2]


def type_(*words: str | Path) -> Result:
    return CliRunner().invoke(mappings, [str(word) for word in words], env={"COLUMNS": "200"})


def suggested(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(type_("suggest", path, "--json").stdout)
    return found


def matches(one: dict[str, Any]) -> dict[str, tuple[str | None, str]]:
    return {match["file"]: (match["column"], match["how"]) for match in one["matches"]}


@pytest.mark.parametrize(
    ("sample", "mapping"),
    [("coffee.csv", "products"), ("magento-products.csv", "magento-products")],
)
def test_a_sample_is_recognised_as_what_it_is(sample: str, mapping: str) -> None:
    [best, *_] = suggested(ROOT / "samples" / sample)

    assert (best["mapping"], best["ready"], best["missing"]) == (mapping, True, [])


def test_columns_are_found_by_name_synonym_likeness_and_values_each_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "sku;Bezeichnung;Preis EUR;Sichtbar;Farbe\n1;Tee;4.50;everywhere;rot\n2;Kaffee;7.90;search;blau\n"
    )
    [best, *_] = suggested(file)

    assert best["mapping"] == "products"
    assert matches(best) == {
        "sku": ("article", "synonym"),
        "Bezeichnung": ("name", "synonym"),
        "Preis EUR": ("price", "similar"),
        "Sichtbar": ("shown in", "values"),
        "Farbe": (None, "unknown"),
    }
    reasons = {match["file"]: match["reason"] for match in best["matches"]}
    assert reasons["Preis EUR"] == "reads like preis, and 100% of its values fit"
    assert reasons["Sichtbar"] == "100% of its values fit the rules of shown in, and of no other column"


def test_a_likely_name_whose_values_do_not_fit_is_not_suggested(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("sku;name;Preis EUR\n1;Tee;cheap\n2;Kaffee;dear\n")

    [ours] = [one for one in suggested(file) if one["mapping"] == "products"]

    [refused] = [match for match in ours["matches"] if match["file"] == "Preis EUR"]
    assert refused["reason"] == "reads like preis, but only 0% of its values fit"
    assert matches(ours)["Preis EUR"] == (None, "unknown")


def test_a_suggestion_on_the_terminal_ends_with_what_to_type(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("sku,name,Preis EUR\n1,Tee,4.50\n")
    done = type_("suggest", file)

    assert done.exit_code == 0
    assert "price: synonyms: [Preis EUR]" in done.stdout
    assert f"importer run {file} --mapping products --dry-run" in done.stdout


def test_a_file_that_lacks_the_key_ends_with_2_and_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Artikel-Nr.,Bezeichnung\n1,Tee\n")
    done = type_("suggest", file)

    assert done.exit_code == 2
    assert "article" in done.stdout
    assert "reads like artikelnummer" in done.stdout


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "mappings").glob("*.yaml")))
def test_every_shipped_mapping_is_explained(name: str) -> None:
    document = json.loads(type_("explain", name, "--json").stdout)
    shown = type_("explain", name)

    assert shown.exit_code == 0
    assert all(column["to"] or column["notes"] or column["column"] for column in document["columns"])
    assert all(column["column"] in shown.stdout for column in document["columns"])


def test_an_explanation_tells_place_rules_and_notes_in_words() -> None:
    columns = json.loads(type_("explain", "products", "--json").stdout)["columns"]
    [active] = [column for column in columns if column["column"] == "active"]

    assert active == {
        "column": "active",
        "synonyms": ["online"],
        "to": "product.status",
        "rules": ["yes/1 → 1, no/0 → 2"],
        "notes": ["`1` when empty or absent"],
    }


def test_every_rule_can_be_told_in_words() -> None:
    assert set(WORDS) == set(RULES)


def test_the_schema_is_printed_as_it_is_published() -> None:
    assert type_("schema").stdout == (ROOT / "mappings/mapping.schema.json").read_text()


GUIDE = (ROOT / "docs/howto/write-a-mapping.md").read_text()


def example(language: str) -> str:
    return GUIDE.split(f"```{language}\n", 1)[1].split("```", 1)[0]


@pytest.fixture
def beginner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person in an empty folder who does what the guide says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "tea.csv").write_text(example("csv"))
    (tmp_path / "mappings/tea.yaml").write_text(example("yaml"))
    return tmp_path


def test_the_guides_mapping_has_no_faults_and_fits_the_guides_file(beginner: Path) -> None:
    check = type_("check", beginner / "mappings/tea.yaml")
    [best, *_] = suggested(beginner / "tea.csv")

    assert (check.exit_code, best["mapping"], best["ready"]) == (0, "tea", True)
    assert [match["file"] for match in best["matches"] if match["how"] == "unknown"] == ["Brand", "Sizes"]


def test_the_guides_fault_is_told_as_the_guide_shows_it(beginner: Path) -> None:
    text = example("yaml").replace("{number:", "{numbr:")
    (beginner / "mappings/tea.yaml").write_text(text)

    assert f"    {type_('check', 'mappings/tea.yaml').stdout.splitlines()[0]}\n" in GUIDE


def test_the_guides_rows_become_what_the_guide_says(beginner: Path) -> None:
    folders = MappingFolders([beginner / "mappings"])
    mapping = folders.parse("tea", folders.text("tea"))
    head = formats.header(beginner / "tea.csv", "tea.csv")
    [frame] = formats.frames(beginner / "tea.csv", "tea.csv", head)
    done = Transform(mapping, bind(mapping, head.own), {})(frame.cells)

    assert done.errors == []
    assert [json.loads(text)["product"] for text in done.operations.get_column("#payload")] == [
        {"type_id": "simple", "attribute_set_id": 4, "sku": "TEA-1", "name": "Sencha", "price": 12.5, "status": 1},
        {"type_id": "simple", "attribute_set_id": 4, "sku": "TEA-2", "name": "Assam", "price": 1009, "status": 2},
    ]  # fmt: skip


def test_a_check_names_what_the_schema_requires_and_nothing_fills(tmp_path: Path) -> None:
    text = (
        "importer: 1\nentity: x\nrequest: {path: /V1/x}\nkey: sku\nconstants: {product.kind: simple}\n"
        "lists: {product.custom: {key: code, value: value}}\n"
        "columns:\n  sku: {to: product.sku}\n  url: {to: 'product.custom[url]'}\n  whole: {to: product.whole}\n"
        "schema:\n  required: [product, other]\n  properties:\n    product:\n"
        "      required: [sku, kind, custom, whole, nosuch]\n"
        "      properties:\n        absent: {required: [a]}\n        whole: {required: [a]}\n"
    )
    (tmp_path / "mine.yaml").write_text(text)
    done = type_("check", tmp_path / "mine.yaml")

    assert done.exit_code == 0
    told = [line.partition(": ")[2] for line in done.output.splitlines()]
    assert told == [
        "no faults",
        "the schema requires `other`, and no column or constant fills it",
        "the schema requires `product.nosuch`, and no column or constant fills it",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "mappings").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_mappings_fill_what_their_schemas_require(path: Path) -> None:
    assert type_("check", path).output == f"{path}: no faults\n"
