"""Mapping documents: all faults at once, each with its line; and the ones we ship have none."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from importer.domain.errors import Fault, MappingInvalid, RequestError, UnknownName
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


LINKS = "{name: a, request: {path: /V1/x}, payload: [links]}"
HEAD = "importer: 1\nentity: x\nrequest: {path: /V1/x}\nkey: id\n"


def faults(columns: str = "", rest: str = "") -> list[tuple[int, str, str]]:
    """What is told about a mapping with these columns beside its key, and these words beside the columns."""
    text = f"{HEAD}columns:\n  id: {{to: id}}\n{columns}\n{rest}\n"
    try:
        MAPPINGS.parse("mine", text)
    except MappingInvalid as error:
        return [(fault.line, fault.path, fault.text) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("column", "path", "told"),
    [
        ("{to: c, requird: true}", "requird", "unknown word `requird`, did you mean `required`?"),
        ("{to: c, required: yes}", "required", "must be true or false, not `yes`"),
        ("{to: c, synonyms: [1]}", "synonyms.0", 'must be a text; put it in quotes: "1".'),
        ("{to: c, rules: trim}", "rules", "must be a list, not `trim`"),
        ("{to: c, rules: [{number: {decimal: ;}}]}", "rules.0.number.decimal", "is not one of `.`, `,`."),
        ("{to: c, rules: [{number: {decimal: ',', thousands: ','}}]}", "rules.0.number", "at once"),
        ("{to: c, rules: [{number: {decimals: ','}}]}", "rules.0.number.decimals", "did you mean `decimal`?"),
        ("{to: c, rules: [{trim: x}]}", "rules.0.trim", "must be nothing, not `x`"),
        ("{to: c, rules: [date]}", "rules.0", "`date` needs an argument"),
        ("{to: c, rules: [join]}", "rules.0", "`join` gets a text, and it takes a list: put `split` before it."),
        ("{to: c, rules: [split, number]}", "rules.1", "`number` gets a list of texts from `split`"),
        ("{to: c, rules: [number, trim]}", "rules.1", "put it before `number`."),
        ("{to: c, rules: [{regex: {find: '(a', replace: b}}]}", "rules.0.regex", "unclosed group"),
        ("{to: c, rules: [{regex: {find: '(?=a)', replace: b}}]}", "rules.0.regex", "look-around"),
        ("{to: c, rules: [{regex: {find: 'a', replace: $1}}]}", "rules.0.regex", "`$1` names a group"),
        ("{to: c, rules: [{extract: a}]}", "rules.0.extract", "needs a group"),
        ("{to: c, rules: [{date: {format: '%d.%m'}}]}", "rules.0.date", "does not give a whole date"),
        ("{to: c, rules: [{date: {format: '%Y-%m-%d', to: '%Q'}}]}", "rules.0.date", "is no form of a date"),
        ("{to: c, rules: [{boolean: {true: [ja], false: [Ja]}}]}", "rules.0.boolean", "yes and no at once"),
        ("{to: c, rules: [{values: {map: {a: 1, A: 2}}}]}", "rules.0.values", "stands twice with two meanings"),
        ("{to: c, rules: [{look_up: web_site}]}", "rules.0.look_up", "did you mean `website`?"),
        ("{to: c, rules: [split, {look_up_each: 'option:'}]}", "rules.1.look_up_each", "does not fit"),
        ("{to: c, rules: [split, {entries: {field: a, with: {a: 1}}}]}", "rules.1.entries", "under `with:` too"),
        ("{to: c, rules: [{pairs: {key: a, value: a}}]}", "rules.0.pairs", "two different fields"),
        ("{to: c, rules: [number], default: none}", "default", "the default `none` is no number"),
        ("{to: c, rules: [boolean], default: 1}", "default", "is no boolean"),
        ("{to: c.}", "to", "is not a path"),
        ("{to: id}", "to", "is filled twice"),
        ("{to: id.inner}", "to", "a value and holds others"),
        ("{to: 'c[x]'}", "to", "is not declared under `lists:`"),
        ("{to: c, when: {column: idd, in: [a]}}", "when.column", "did you mean `id`?"),
        ("{to: c, when: {column: id}}", "when", "a condition is `{column: name, in: [...]}`"),
        ("{to: c, inherit: {word: x, flag: idd}}", "inherit", "is not a column, did you mean `id`?"),
        ("{to: c, inherit: {word: x}}", "inherit.flag", "`flag:` is missing"),
        ("{to: c, synonyms: [ID]}", "synonyms.0", "`ID` means the column `id` already."),
        ("{}", "", "goes nowhere"),
        ("{to: c, expand: {attributes: ','}}", "", ""),
    ],
)  # fmt: skip
def test_a_fault_of_a_column_has_its_line_its_path_and_says_what_would_be_right(
    column: str, path: str, told: str
) -> None:
    found = faults(f"  col: {column}")

    if not told:
        assert [fault[1] for fault in found] == ["attribute_path"]
        return
    [(line, where, text)] = found
    assert (line, where) == (7, f"columns.col.{path}".rstrip("."))
    assert told in text


@pytest.mark.parametrize(
    ("rest", "path", "told"),
    [
        ("constants: {id: 5}", "columns.id.to", "is filled twice"),
        ("constants: {a: 5}\nschema: {properties: {a: {type: string}}}", "constants.a", "the schema refuses it: must be a text"),
        ("ignore: {ID: why}", "ignore", "is a column of this mapping"),
        ("skip: [{when: {column: id, in: [a]}}]", "skip.0.code", "`code:` is missing"),
        ("scope: {column: stor}", "scope.column", "`stor` is not one of the columns"),
        ("phases: [{name: a, when: {column: id, in: [x]}}]", "phases.0", "add a last phase without `when`"),
        ("phases: [{name: a}, {name: b}]", "phases.0", "must be the last phase"),
        ("phases: [{name: a, when: {column: id, in: [x]}}, {name: a}]", "phases.1.name", "two phases named `a`"),
        (f"phases: [{LINKS}, {{name: z}}]", "phases.1", "must come before the phases with a `request`"),
        ("phases: [{name: links, request: {path: /V1/x}}]", "phases.0", "`request` and `payload` go together"),
        ("phases: [{name: links, payload: [links]}]", "phases.0", "`request` and `payload` go together"),
        (f"phases: [{LINKS}]", "phases.0.payload.0", "no column goes to `links`"),
        ("phases: [{name: x, request: {path: /V1/x}, payload: [id]}]", "phases.0.payload.0", "`id` holds the key"),
        (f"constants: {{links: 1}}\nphases: [{LINKS}, {LINKS.replace('name: a', 'name: b')}]", "phases.1.payload.0", "in an earlier phase already"),
        (f"phases: [{LINKS.replace('name', 'when: {column: id, in: [a]}, name')}]", "phases.0.when", "put `when` at their columns"),
        ("schema: {requird: [a]}", "schema.requird", "no word of JSON Schema, did you mean `required`?"),
        ("schema: {properties: {id: {pattern: '('}}}", "schema.properties.id.pattern", "no regular expression"),
        ("schema: {$ref: 'https://x/y'}", "schema.$ref", "is elsewhere"),
        ("schema: {$ref: '#/$defs/a'}", "schema.$ref", "leads to nothing"),
        ("schema: {$ref: '#/$defs/a', $defs: {a: {$ref: '#'}}}", "schema.$ref", "leads back to itself"),
        ("schema: {properties: {id: {minLength: -1}}}", "schema.properties.id.minLength", "must be 0 or more"),
        ("title: ''", "title", "must not be empty"),
        ("entity: y", "entity", "stands on line 2 already"),
        ("clear_marker: !!binary aGk=", "clear_marker", "no kind of value"),
    ],
)  # fmt: skip
def test_a_fault_of_the_document_has_its_path_and_says_what_would_be_right(
    rest: str, path: str, told: str
) -> None:
    found = {where: text for _, where, text in faults("", rest)}

    assert told in found[path]


def test_lists_of_several_columns_may_go_to_one_place_and_nothing_else_may() -> None:
    lists = "  a: {to: c, rules: [split]}\n  b: {to: c, rules: [split]}"

    assert faults(lists) == []
    [(line, path, text)] = faults(f"{lists}\n  d: {{to: c, rules: [trim]}}")
    assert (line, path, text) == (9, "columns.d.to", "`c` is filled twice.")


def test_a_phase_with_a_request_is_for_rows_of_all_phases_and_scopes_before_it() -> None:
    mapping = MAPPINGS.parse("magento-products", MAPPINGS.text("magento-products"))

    assert [phase.name for phase in mapping.selections] == ["products", "configurables"]
    assert {number: phase.name for number, phase in mapping.follow_ups.items()} == {3: "links"}
    assert mapping.in_phase(1).request.path == "/V1/products"
    assert mapping.in_phase(3).request.path == "/V1/products/:sku/links"


def test_a_default_is_judged_by_the_schema_of_its_place() -> None:
    schema = "schema: {properties: {c: {properties: {d: {minimum: 0}}}}}"

    [(line, path, text)] = faults("  col: {to: c.d, rules: [number], default: -1}", schema)

    assert (line, path) == (7, "columns.col.default")
    assert text == "the schema refuses it: must be 0 or more, not `-1`."


@pytest.mark.parametrize(
    ("place", "column"),
    [
        ("a.b", "{to: a.b, rules: [number], default: -1}"),
        ("l.0.v", "{to: 'l[x]', rules: [number], default: -1}"),
        ("l.0.w.u", "{to: 'l[x].w.u', rules: [number], default: -1}"),
        ("n.0.u", "{to: 'n[0].u', rules: [number], default: -1}"),
        ("n.0", "{to: 'n[0]', rules: [number], default: -1}"),
    ],
)
def test_the_schema_finds_a_default_wherever_its_path_leads(place: str, column: str) -> None:
    inner: Any = {"minimum": 0}
    for part in reversed(place.split(".")):
        inner = {"items": inner} if part == "0" else {"properties": {part: inner}}
    found = faults(f"  col: {column}", f"lists: {{l: {{key: k, value: v}}}}\nschema: {inner}")

    assert [path for _, path, _ in found] == ["columns.col.default"]


def test_words_that_older_yaml_takes_for_truth_values_and_times_stay_texts() -> None:
    text = f"{HEAD}columns:\n  id: {{to: id, rules: [{{values: {{map: {{yes: on, no: 010, 12:30: x, 1: y}}}}}}]}}\n"
    [call] = MAPPINGS.parse("mine", text).columns["id"].rules

    assert call.argument == {"map": {"yes": "on", "no": "010", "12:30": "x", "1": "y"}}


@pytest.mark.parametrize("text", ["[" * 3000, "a: &a [*a]", "a: !!python/object:os.system x", "a: 1\n---\nb: 1", "? [a]\n: b",
                                  "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                                  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                                  "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", "a: \0", "a: !!int b"])  # fmt: skip
def test_a_hostile_document_gets_a_sentence(text: str) -> None:
    with pytest.raises(MappingInvalid):
        MAPPINGS.parse("mine", text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [path, *(place for name, value in inner for place in places(value, (*path, name)))]


SHIPPED = yaml.safe_load(MAPPINGS.text("products"))


@settings(max_examples=150)
@given(place=st.sampled_from(places(SHIPPED)[1:]), value=JSON)
def test_whatever_stands_anywhere_in_a_document_is_a_mapping_or_faults(
    place: tuple[Any, ...], value: Any
) -> None:
    document = yaml.safe_load(MAPPINGS.text("products"))
    inner = document
    for word in place[:-1]:
        inner = inner[word]
    inner[place[-1]] = value
    told: list[Fault] = []
    try:
        MAPPINGS.parse("mine", yaml.safe_dump(document, allow_unicode=True))
    except MappingInvalid as error:
        told += error.faults
    assert all(fault.line >= 1 and fault.text for fault in told)


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


def told(text: str) -> list[str]:
    with pytest.raises(MappingInvalid) as caught:
        MAPPINGS.parse("mine", text)
    return [f"{fault.line} {fault.path}" for fault in caught.value.faults]


def test_several_missing_words_are_told_once_each() -> None:
    text = "importer: 1\ncolumns:\n  a: {to: b}\nskip:\n  - {fix: x}\n"

    assert told(text) == ["1 entity", "1 request", "1 key", "5 skip.0.when", "5 skip.0.code", "5 skip.0.text"]


def test_what_a_word_hides_that_stands_twice_is_judged_as_well() -> None:
    columns = """\
columns:
  id: {to: id, rules: [trimm]}
  id: {to: id, rules: [uper]}
  b:
    to: d
    rules: [lowr, {values: {map: {x: 1}, map: 5}}]
    rules: [trim]
schema: {properties: {x: {typ: string}, x: {type: strin}}}
"""

    assert sorted(told(HEAD + columns), key=lambda one: int(one.split()[0])) == told(HEAD + columns)
    assert sorted(told(HEAD + columns)) == sorted(
        [
            "6 columns.id.rules.0",
            "7 columns.id",
            "7 columns.id.rules.0",
            "10 columns.b.rules.0",
            "10 columns.b.rules.1.values.map",
            "10 columns.b.rules.1.values.map",
            "11 columns.b.rules",
            "12 schema.properties.x",
            "12 schema.properties.x.typ",
            "12 schema.properties.x.type",
        ]
    )


def test_a_whole_block_that_stands_twice_is_judged_in_both_places() -> None:
    text = "columns:\n  id: {to: id, rules: [trimm]}\ncolumns:\n  id: {to: id}\n  x: {to: x, rules: [lowr]}\n"

    assert told(HEAD + text) == ["6 columns.id.rules.0", "7 columns", "9 columns.x.rules.0"]


def test_merged_and_repeated_parts_of_yaml_are_no_words_that_stand_twice() -> None:
    text = "columns:\n  id: &one {to: id, rules: [trim]}\n  b: {<<: *one, to: b}\n  c: {<<: *one, to: c}\n"

    assert MAPPINGS.parse("mine", HEAD + text).columns["c"].to == "c"


def test_two_rules_in_one_entry_are_told_to_be_two_entries() -> None:
    [(_, path, text)] = faults("  a: {to: a, rules: [{trim: null, number: {}}]}")

    assert (path, text) == (
        "columns.a.rules.0",
        "one entry of a list holds one rule; write `trim` and `number` as entries of their own.",
    )


@pytest.mark.parametrize(
    ("count", "word", "told"),
    [
        (3, "zzz", "(known: c0, c1, c2, id)"),
        (40, "zzz", "(there are 41 columns)"),
        (40, "c399", "did you mean `c39`?"),
    ],
)
def test_columns_are_listed_only_where_there_are_few(count: int, word: str, told: str) -> None:
    columns = "\n".join(f"  c{n}: {{to: c{n}}}" for n in range(count))
    [(_, _, text)] = faults(columns, f"scope: {{column: {word}}}")

    assert told in text
