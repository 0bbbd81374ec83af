"""Bindings select routing keys as the broker's topic exchange does."""

import re

import pytest
from hypothesis import given, strategies as st

from importer.domain.consumers import Consumer, binding_fault, matches, taken
from importer.domain.steps import Step, StepKind

WORDS = st.sampled_from(["step", "deliver", "main", "product", "a", ""])
KEYS = st.lists(WORDS, min_size=1, max_size=5).map(".".join)
BINDINGS = st.lists(st.one_of(WORDS, st.sampled_from(["*", "#"])), min_size=1, max_size=5).map(".".join)


def as_expression(binding: str) -> str:
    """The same said as a regular expression over a key whose words each end with a dot."""
    parts = {"*": r"[^.]*\.", "#": r"(?:[^.]*\.)*"}
    return "".join(parts.get(word, re.escape(word) + r"\.") for word in binding.split("."))


@given(binding=BINDINGS, key=KEYS)
def test_a_binding_selects_what_the_same_regular_expression_does(binding: str, key: str) -> None:
    assert matches(binding, key) == bool(re.fullmatch(as_expression(binding), key + "."))


@given(key=KEYS)
def test_a_key_matches_itself_and_everything(key: str) -> None:
    assert matches(key, key)
    assert matches("#", key)


@pytest.mark.parametrize(
    ("binding", "taken"),
    [
        ("step.#", True),
        ("step.deliver.*.product", True),
        ("step.deliver.#", True),
        ("#.product", True),
        ("step.*.product", False),
        ("step.deliver.*.customer", False),
        ("step.deliver.main", False),
    ],
)
def test_a_consumer_takes_what_one_of_its_bindings_selects(binding: str, taken: bool) -> None:
    consumer = Consumer(name="own", bindings=("step.track.other.stock", binding))

    assert consumer.takes("step.deliver.main.product") is taken


@pytest.mark.parametrize(
    ("binding", "says"),
    [
        ("step..product", "empty word"),
        ("", "empty word"),
        ("step.deliver.main.product.x", "more words"),
        ("deliver.main.product", "does not begin with step"),
        ("step.#", None),
        ("*.deliver.*.*", None),
        ("step.#.deliver.#.x", None),
    ],
)
def test_a_binding_that_can_select_nothing_is_told(binding: str, says: str | None) -> None:
    fault = binding_fault(binding)

    assert (fault is None) == (says is None)
    assert says is None or says in str(fault)


def test_a_shop_with_a_dot_in_its_name_is_one_word() -> None:
    step = Step(kind=StepKind.DELIVER, target="imp_1.1", shop="shop.example", entity="product")

    assert taken(step, [Consumer(name="own", bindings=("step.deliver.shop_example.product",))])
    assert taken(step, [Consumer(name="own", bindings=("step.*.*.product",))])
