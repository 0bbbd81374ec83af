"""Mapping documents: all faults at once, each with its line; and the ones we ship have none."""

from pathlib import Path

import pytest

from importer.domain.errors import MappingInvalid, RequestError, UnknownName
from importer.sources.mappings import MappingFolders
from importer.transform.binding import bind

FOLDER = Path(__file__).parents[2] / "mappings"
MAPPINGS = MappingFolders([FOLDER])

FAULTY = """\
importer: 1
entity: product
request: {method: PATCH, path: products}
key: article
colums: {}
lists:
  product.custom_attributes: {key: attribute_code, value: value}
columns:
  sku:
    to: product.sku
    rules: [trimm]
  price:
    to: product.prices[x]
    rules: [{numbr: {decimal: ","}}]
    empty: nothing
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_the_shipped_mappings_have_no_faults(name: str) -> None:
    assert MAPPINGS.parse(name, MAPPINGS.text(name)).title


def test_all_faults_are_told_at_once_with_line_path_and_suggestion() -> None:
    with pytest.raises(MappingInvalid) as caught:
        MAPPINGS.parse("mine", FAULTY)

    told = {(fault.line, fault.path): fault.text for fault in caught.value.faults}
    assert told[(3, "request.method")] == "`PATCH` is not one of POST, PUT, DELETE."
    assert (3, "request.path") in told
    assert (4, "key") in told
    assert told[(5, "colums")] == "unknown word `colums`, did you mean `columns`?"
    assert told[(11, "columns.sku.rules.0")] == "unknown rule `trimm`, did you mean `trim`?"
    assert told[(14, "columns.price.rules.0")] == "unknown rule `numbr`, did you mean `number`?"
    assert told[(15, "columns.price.empty")] == "`nothing` is not one of keep, clear, error."


def test_what_only_the_engine_can_judge_is_told_with_its_line() -> None:
    text = "importer: 1\nentity: x\nrequest: {path: /V1/x}\nkey: a\ncolumns:\n  a: {to: 'b[c]'}\nschema: {type: nonsense}\n"
    with pytest.raises(MappingInvalid) as caught:
        MAPPINGS.parse("mine", text)

    assert [(fault.line, fault.path) for fault in caught.value.faults] == [
        (6, "columns.a.to"),
        (7, "schema.type"),
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [1\n", "just words"])
def test_what_is_no_mapping_at_all_gets_a_sentence(text: str) -> None:
    with pytest.raises(MappingInvalid):
        MAPPINGS.parse("mine", text)


@pytest.mark.parametrize("name", ["magento-product", "../mappings/products", "", "/etc/passwd"])
def test_an_unknown_name_is_refused_and_leaves_the_folder_alone(name: str) -> None:
    with pytest.raises(UnknownName, match="There is no mapping"):
        MAPPINGS.text(name)


def test_a_file_without_the_key_column_is_refused_with_its_columns() -> None:
    mapping = MAPPINGS.parse("magento-products", MAPPINGS.text("magento-products"))

    with pytest.raises(
        RequestError, match=r"no column sku, which the mapping .* Its columns are: name, price"
    ):
        bind(mapping, ["name", "price"])
