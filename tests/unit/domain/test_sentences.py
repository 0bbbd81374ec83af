"""Sentences of several authors become one text in which each has its end."""

import pytest

from importer.domain.sentences import sentences


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("The shop is away", "Import it again."), "The shop is away. Import it again."),
        (("The shop is away.", "Import it again"), "The shop is away. Import it again."),
        (("Really?", "", "Yes!"), "Really? Yes!"),
        (("It says 'No.'", "Look."), "It says 'No.' Look."),
        (("It says (no).", "Look."), "It says (no). Look."),
        (("It says (no.)", "Look."), "It says (no.) Look."),
        ((" a ", "  ", "b…"), "a. b…"),
        (("",), ""),
        ((), ""),
    ],
)
def test_each_part_ends_as_a_sentence_does(parts: tuple[str, ...], text: str) -> None:
    assert sentences(*parts) == text
