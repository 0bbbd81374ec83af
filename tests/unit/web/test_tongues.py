"""The page in other languages: nothing is missing, nothing is left over, and the listener's wish counts."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from aiohttp.test_utils import make_mocked_request

from importer.domain.fires import FireStatus
from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.domain.trials import Found
from importer.services.reporting.account import IN_WORDS
from importer.web.graphs import STEPS
from importer.web.tongues import tongue_of, tongues

WEB = Path(__file__).parents[3] / "importer/web"
CALL = re.compile(r"(?:\bsay|\bself|tongue_of\(request\))(\.count)?\(")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
VERBS = {"Pause", "Resume", "Release", "Cancel", "Retry"}
EVIDENCE = {"format", "encoding", "delimiter", "quote character", "header", "sheet", "path", "columns"}


def said() -> Iterator[str]:
    """Every sentence that templates and handlers say, and every word of a list that they may say."""
    for path in (*WEB.rglob("*.html"), *(WEB / "pages").glob("*.py"), WEB / "tongues.py"):
        text = path.read_text()
        for call in CALL.finditer(text):
            rest = text[call.end() : call.end() + 400]
            if call[1]:
                yield from TEXT.findall(rest)[:2]
            elif rest.startswith('"'):
                yield TEXT.findall(rest)[0]
    yield from (word.value for words in (ImportStatus, FireStatus, Scope, Found) for word in words)
    yield from (outcome.value.replace("_", " ") for outcome in Outcome)
    yield from (*IN_WORDS.values(), *VERBS, *EVIDENCE, *STEPS.values(), "Rows, from the beginning on")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_german_says_everything_and_nothing_that_nobody_asks_for() -> None:
    german, wanted = tongues()["de"].words, set(said())

    assert wanted - set(german) == set()
    assert set(german) - wanted == set()


def test_no_word_of_the_page_stands_in_a_template_itself() -> None:
    """Texts between tags are said by `say`: what is left is names, signs and units."""
    bare = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<(style|script)[^>]*>.*?</\1>|<[^>]*>", re.DOTALL)
    names = {"importer", "UTC", "JSON", "JSON Lines", "XLSX"}
    for path in WEB.rglob("*.html"):
        if path.name in ("docs.html", "report.html"):
            continue
        left = {part.strip(" \n.,:()&;-") for part in bare.sub("\n", path.read_text()).splitlines()}
        assert left - names - {""} == set(), path.name


def test_a_sentence_keeps_its_values() -> None:
    for english, other in tongues()["de"].words.items():
        assert fields(other) == fields(english), english


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/", {}, "en"),
        ("/", {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}, "de"),
        ("/", {"Accept-Language": "en-GB,en;q=0.9,de;q=0.8"}, "en"),
        ("/", {"Accept-Language": "fr, de;q=0.1"}, "de"),
        ("/", {"Accept-Language": "de;q=0, en;q=0.1"}, "en"),
        ("/", {"Accept-Language": "de;q=x, ;;;,"}, "en"),
        ("/", {"Accept-Language": "de", "Cookie": "importer_language=en"}, "en"),
        ("/?lang=de", {"Cookie": "importer_language=en"}, "de"),
        ("/?lang=../../x", {"Cookie": "importer_language=../x"}, "en"),
    ],
)
def test_who_is_spoken_to_decides_on_the_language(path: str, headers: dict[str, str], language: str) -> None:
    assert tongue_of(make_mocked_request("GET", path, headers=headers)).language == language


def test_numbers_and_the_equation_are_said_in_the_language() -> None:
    counts = {Outcome.SUCCEEDED: 12_402, Outcome.NOT_SENT: 1}

    assert tongues()["en"].equation(12_403, counts) == "12,403 rows read = 12,402 succeeded + 1 not sent"
    assert (
        tongues()["de"].equation(12_403, counts)
        == "12.403 Zeilen gelesen = 12.402 erfolgreich + 1 nicht gesendet"
    )
    assert [tongues()["de"].duration(seconds) for seconds in (40, 720, 12_000)] == [
        "40 s",
        "12 min",
        "3 h 20 min",
    ]
