"""`searchCriteria` and `fields`, as products and attributes are looked up."""

from typing import Any

import pytest

from importer.sandbox.search import only
from tests.sandbox.conftest import Client, product, with_attributes

GROUP = "searchCriteria[filter_groups][{}][filters][{}][{}]"


def where(*groups: list[tuple[str, str, str]]) -> dict[str, str]:
    """Each group a list of (field, condition, value)."""
    found = {}
    for g, group in enumerate(groups):
        for f, words in enumerate(group):
            for name, word in zip(("field", "condition_type", "value"), words, strict=True):
                found[GROUP.format(g, f, name)] = word
    return found


@pytest.fixture
async def three(client: Client) -> Client:
    """A-1 at 5, A-2 at 10, B-3 at 20 with a colour."""
    await client.save(product("A-1", price=5))
    await client.save(product("A-2", price=10, status=2))
    await client.save(with_attributes("B-3", color="500", category_ids=["3"]))
    await client.save({"product": {"sku": "B-3", "price": 20}})
    return client


async def skus(client: Client, query: dict[str, str]) -> list[str]:
    return [item["sku"] for item in (await client.get("/V1/products", **query))["items"]]


@pytest.mark.parametrize(
    ("field", "condition", "value", "expected"),
    [
        ("sku", "eq", "a-1", ["A-1"]),
        ("sku", "neq", "A-1", ["A-2", "B-3"]),
        ("sku", "in", "A-1, B-3", ["A-1", "B-3"]),
        ("sku", "nin", "A-1,B-3", ["A-2"]),
        ("sku", "like", "a%", ["A-1", "A-2"]),
        ("sku", "like", "_-2", ["A-2"]),
        ("price", "gt", "5", ["A-2", "B-3"]),
        ("price", "gteq", "10", ["A-2", "B-3"]),
        ("price", "from", "10", ["A-2", "B-3"]),
        ("price", "lt", "10", ["A-1"]),
        ("price", "lteq", "10", ["A-1", "A-2"]),
        ("price", "to", "5", ["A-1"]),
        ("color", "notnull", "", ["B-3"]),
        ("color", "null", "", ["A-1", "A-2"]),
        ("category_id", "eq", "3", ["B-3"]),
        ("status", "eq", "2", ["A-2"]),
    ],
)
async def test_every_condition_finds_what_it_says(
    three: Client, field: str, condition: str, value: str, expected: list[str]
) -> None:
    assert await skus(three, where([(field, condition, value)])) == expected


async def test_filters_of_a_group_are_alternatives_and_groups_must_all_hold(three: Client) -> None:
    both = where([("sku", "eq", "A-1"), ("sku", "eq", "B-3")], [("price", "gt", "5")])

    assert await skus(three, both) == ["B-3"]


async def test_the_answer_repeats_the_criteria_in_either_spelling(three: Client) -> None:
    query = {
        "searchCriteria[filterGroups][0][filters][0][field]": "price",
        "searchCriteria[filterGroups][0][filters][0][value]": "5",
        "searchCriteria[filterGroups][0][filters][0][conditionType]": "gt",
        "searchCriteria[sortOrders][0][field]": "price",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[page_size]": "1",
    }
    found = await three.get("/V1/products", **query, fields="items[sku],search_criteria,total_count")

    assert found == {
        "items": [{"sku": "B-3"}],
        "search_criteria": {
            "filter_groups": [{"filters": [{"field": "price", "value": "5", "condition_type": "gt"}]}],
            "sort_orders": [{"field": "price", "direction": "DESC"}],
            "page_size": 1,
            "current_page": 1,
        },
        "total_count": 2,
    }


@pytest.mark.parametrize("query", [where([("nosuch", "eq", "1")]), where([("sku", "sounds", "1")])])
async def test_an_unknown_field_or_condition_is_a_masked_500(three: Client, query: dict[str, str]) -> None:
    answer = await three.http.get("/rest/V1/products", params=query)

    assert (answer.status_code, "Report ID: webapi-" in answer.json()["message"]) == (500, True)


async def test_attributes_tell_input_scope_options_and_whether_they_are_required(client: Client) -> None:
    [roast] = (await client.get("/V1/products/attributes", **where([("attribute_code", "eq", "roast")])))[
        "items"
    ]

    assert roast == await client.get("/V1/products/attributes/roast")
    assert (roast["frontend_input"], roast["scope"], roast["is_required"], roast["is_unique"]) == (
        "select", "global", False, "0",
    )  # fmt: skip
    assert [option["label"] for option in roast["options"]] == [" ", "Light", "Medium", "Dark"]
    assert roast["options"] == await client.get("/V1/products/attributes/roast/options")
    unknown = await client.http.get("/rest/V1/products/attributes/nosuch")
    assert unknown.status_code == 404


async def test_the_category_tree_can_begin_and_end_anywhere(client: Client) -> None:
    tree = await client.get("/V1/categories", rootCategoryId="2", depth="1")
    found = await client.get("/V1/categories/list", **where([("name", "eq", "Beans")]))

    assert [child["name"] for child in tree["children_data"]] == ["Coffee", "Tea", "Equipment", "Gifts"]
    assert all(child["children_data"] == [] for child in tree["children_data"])
    assert found["items"][0]["path"] == "1/2/3/4"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", {"a": [{"b": 1, "c": 2}], "d": 3}),
        ("d", {"d": 3}),
        ("a[b],d", {"a": [{"b": 1}], "d": 3}),
        ("a[b,c[x]],none", {"a": [{"b": 1, "c": 2}]}),
        ("]a[", {"a": [{"b": 1, "c": 2}]}),
    ],
)
def test_fields_leaves_out_what_is_not_named(fields: str, expected: Any) -> None:
    assert only({"a": [{"b": 1, "c": 2}], "d": 3}, fields) == expected
