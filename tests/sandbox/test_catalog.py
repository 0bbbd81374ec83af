"""Catalogue files: what is wrong with one is told in one sentence; the ones we ship hold what they promise."""

import csv
from pathlib import Path

import pytest

from importer.sandbox.catalog import Catalog, CatalogError, load_catalog
from importer.sandbox.categories import Category

LUMA = Path(__file__).parents[2] / "samples" / "catalogs" / "luma.yaml"
GOOD = """
websites: [base]
stores: {default: base}
attribute_sets: {Default: 4, Special: 50}
tax_classes: [Goods]
categories: {Root: {One: {_id: 77}, Two: }}
attributes: {size: {input: select, options: [S, M]}, name: {label: Title}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def paths(category: Category, above: str = "") -> set[str]:
    own = f"{above}/{category.name}" if above else category.name
    below = [paths(child, own if category.id != 1 else "") for child in category.children]
    return {own}.union(*below)


def test_ids_are_the_given_ones_or_counted_in_the_order_of_the_file(tmp_path: Path) -> None:
    catalog = load_catalog(written(tmp_path, GOOD))

    assert catalog.attribute_sets == {"Default": 4, "Special": 50}
    assert [child.id for child in catalog.root.children[0].children] == [77, 3]
    assert catalog.attributes["size"].options == {"S": "500", "M": "501"}
    assert (catalog.attributes["name"].label, catalog.attributes["name"].required) == ("Title", True)
    assert catalog.attributes["tax_class_id"].options == {"None": "0", "Goods": "4"}
    assert catalog == load_catalog(written(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("websites: [base]", "", "at its top, `websites:` is missing; compare it with"),
        ("websites: [base]", "websites: 5", "at websites, a mapping .* belongs here, not `5`"),
        ("tax_classes:", "taxes: {}\ntax_classes:", "`taxes` is not known; use websites, stores"),
        ("{default: base}", "{default: shop}", "at stores.default, one of base belongs here, not `shop`"),
        ("Special: 50", "Special: 4", "at attribute_sets, an id stands twice"),
        ("Special: 50", "Special: x", "at attribute_sets.Special, a whole number belongs here, not `x`"),
        ("[S, M]", "[S, No]", "at attributes.size.options, .* the truth value False; put it in quotes"),
        ("input: select", "input: choice", "at attributes.size.input, one of text, .* not `choice`"),
        ("input: select", "input: text", "at attributes.size, options go with"),
        ("input: select", "inputs: select", "at attributes.size, `inputs` is not known; use id, label"),
        ("Two: }", "Two: {_id: 77}}", "at categories, an `_id` stands twice"),
        ("{Root: {One: {_id: 77}, Two: }}", "{}", "at categories, a root category is missing"),
        ("stores: {", "stores: [", "is not YAML in line 3"),
    ],
)
def test_a_wrong_catalogue_is_told_in_one_sentence_with_file_place_and_remedy(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))

    with pytest.raises(CatalogError, match=sentence) as caught:
        load_catalog(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read: No such file"):
        load_catalog(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("a: é".encode("latin-1"))
    with pytest.raises(CatalogError, match="is not UTF-8"):
        load_catalog(tmp_path / "latin.yaml")


def test_the_built_in_catalogue_is_a_coffee_shop() -> None:
    catalog = load_catalog(None)

    assert catalog.attribute_sets["Default"] == 4
    assert catalog.tax_classes["Taxable Goods"] == 2
    assert "Default Category/Coffee/Beans" in paths(catalog.root)
    inputs = {code: catalog.attributes[code].input for code in ("roast", "flavour_notes", "organic", "price")}
    assert inputs == {
        "roast": "select",
        "flavour_notes": "multiselect",
        "organic": "boolean",
        "price": "price",
    }


@pytest.fixture
def luma() -> Catalog:
    return load_catalog(LUMA)


@pytest.mark.magento_data
def test_the_luma_catalogue_has_every_name_of_the_luma_sample(luma: Catalog, data: Path) -> None:
    known = paths(luma.root)
    with (data / "luma_configurable_products.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["attribute_set_code"] in luma.attribute_sets
            assert row["tax_class_name"] in luma.tax_classes
            assert set(row["product_websites"].split(",")) <= set(luma.websites)
            assert set(row["categories"].split(",")) <= known
            for pair in row["additional_attributes"].split(","):
                code, _, text = pair.partition("=")
                attribute = luma.attributes[code]
                assert not attribute.options or set(text.split("|")) <= set(attribute.options), code
                assert "|" not in text or attribute.input == "multiselect", code
