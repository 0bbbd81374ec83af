"""Which Windows code page a text is in, weighed by its words: how usual their letters are in the languages of a page.

A word is judged letter by letter, and by what stands beside what: Cyrillic and Greek words hold no ASCII letters, Latin
words hardly ever two letters beyond ASCII in a row, and no word has a capital behind a small letter.
"""

# ruff: noqa: RUF001 - letters that look like others are what this is about

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log

LANGUAGES: dict[str, tuple[str, ...]] = {
    "cp1252": (
        "üäößé",  # German
        "éèàêçâîôûùëïœæ",  # French
        "óáíéñúüº",  # Spanish
        "ãçáéíóêõúàâô",  # Portuguese
        "àèùòéìîº",  # Italian
        "øåæéöäü",  # Danish, Norwegian
        "äöåé",  # Swedish, Finnish
        "ðáíóþöúéýæ",  # Icelandic
        "ëéïèöü",  # Dutch
    ),
    "cp1250": (
        "łąężóśćńź",  # Polish
        "íáéěýřžčšůúťóňď",  # Czech
        "áíéčýžšúľťôňóäďŕĺ",  # Slovak
        "áéőíöóüúű",  # Hungarian
        "čšžćđ",  # Croatian, Slovene
        "ăşţâî",  # Romanian
    ),
    "cp1254": ("ıüşçiğöâîû",),  # Turkish; its capital dotted i is an i in lower case
    "cp1257": (
        "āīēšūļņžčķģ",  # Latvian
        "ėšųįžąūčę",  # Lithuanian
        "äõüöšž",  # Estonian
    ),
    "cp1251": (
        "оеаинтсрвлкмдпуыяьбзгчйхжюшцщэфёъ",  # Russian
        "аиоентрсвлкдпмузъягбчцшжщфхйюь",  # Bulgarian
        "оанивтерсклудмпязьбгйчхіцїжєюшщфґ",  # Ukrainian
        "аиоенртсјувкдмлпзбгцчњшжћхљфџђ",  # Serbian
    ),
    "cp1253": ("αοιτεσνηυρπκμλςάίόωγέδχθύήφβώξζψϊϋΐΰ",),  # Greek
}
"""Code page -> the letters beyond ASCII of its languages, the most frequent first. Of equals the first page wins."""

WORDS_OF = {
    "cp1252": "Western European letters",
    "cp1250": "Central European letters",
    "cp1254": "Turkish letters",
    "cp1257": "Baltic letters",
    "cp1251": "Cyrillic words",
    "cp1253": "Greek words",
}
"""Code page -> what a text in it reads as."""
OWN_SCRIPT = ("cp1251", "cp1253")
BETWEEN = frozenset("„“”‘’‚«»‹›–—…•·\u00a0")
"""Signs that a word may stand right behind."""
SIGNS = BETWEEN | frozenset("€°²³½¼¾®™©§±×µ£\u00ad")
WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
MOST_WORDS = 2000

UNUSUAL, SIGN, UNDEFINED = log(0.002), log(0.02), log(1e-6)
BESIDE_ASCII, IN_A_ROW, CAPITAL_INSIDE, SIGN_BEFORE = log(0.01), log(0.05), log(0.01), log(0.02)
"""How much less likely a word is for what a language hardly ever has."""
OTHER_LANGUAGE = 2.0
"""What a word of another language than the text's costs."""
CLEAR = 7.0
"""A page that is so much less likely than the best one is out of the question (a thousand to one)."""
STRANGE = -4.4
"""A text whose bytes beyond ASCII are less usual than this on the average may be in none of these pages."""


@dataclass(frozen=True)
class Found:
    """`others`: pages that may be meant as well, with a word as it reads in each; `word`: the first of them as read.
    `strange`: the text does not read well in any page."""

    page: str
    word: str
    others: dict[str, tuple[str, str]]
    strange: bool

    @property
    def doubt(self) -> str:
        if self.strange:
            return (
                f"The file is read as {shown(self.page)}, but it does not read well in any Windows code page "
                f"(`{self.word}`): look at its words, and say its encoding with `--encoding`."
            )
        if not self.others:
            return ""
        could = " or ".join(
            f"{shown(page)} (`{there}` instead of `{here}`)" for page, (here, there) in self.others.items()
        )
        return f"The file is read as {shown(self.page)}, but it could be {could}: if so, say it with `--encoding`."


def shown(page: str) -> str:
    """A code page's name in a sentence."""
    return f"Windows-{page.removeprefix('cp')} ({page})"


def recognise(probe: bytes) -> Found:
    """The likeliest page of a text that holds bytes beyond ASCII and is no UTF-8."""
    words = list(dict.fromkeys(match[0] for match in WORD.finditer(probe)))[:MOST_WORDS]
    scores = {page: _score(page, words) for page in LANGUAGES}
    best = max(scores, key=lambda page: scores[page])
    others = {
        page: pair
        for page, score in sorted(scores.items(), key=lambda one: -one[1])
        if page != best and scores[best] - score < CLEAR and (pair := _differing(words, best, page))
    }
    beyond = sum(byte > 0x7F for word in words for byte in word)
    return Found(best, _read(words[0], best), others, strange=scores[best] < STRANGE * max(beyond, 1))


def _differing(words: Iterable[bytes], best: str, page: str) -> tuple[str, str] | None:
    """The first word that is another one in the other page; where there is none it does not matter which is meant."""
    pairs = ((_read(word, best), _read(word, page)) for word in words)
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


def _read(word: bytes, page: str) -> str:
    return word.decode(page, "replace")


def _score(page: str, words: list[bytes]) -> float:
    """How likely the words are in the likeliest language of the page, some of them in another one of it."""
    likely = [list(_judged(_read(word, page), page)) for word in words]
    return max(
        sum(max(one[number], max(one) - OTHER_LANGUAGE) for one in likely)
        for number in range(len(LANGUAGES[page]))
    )


def _judged(word: str, page: str) -> Iterator[float]:
    """How likely the word is in each language of the page."""
    beside = _beside(word, own_script=page in OWN_SCRIPT)
    for letters in LANGUAGES[page]:
        yield beside + sum(_weight(char, letters) for char in word if char > "\x7f")


def _weight(char: str, letters: str) -> float:
    if char == "\ufffd":
        return UNDEFINED
    return _weights(letters).get(char.lower()[:1], SIGN if char in SIGNS else UNUSUAL)


@cache
def _weights(letters: str) -> dict[str, float]:
    """Frequencies fall about as the places in the order of frequency grow."""
    parts = [1 / (place + 3) for place in range(len(letters))]
    return {letter: log(part / sum(parts)) for letter, part in zip(letters, parts, strict=True)}


def _beside(word: str, *, own_script: bool) -> float:
    found = 0.0
    for before, char in pairwise(word):
        if not before.isalpha() or not char.isalpha():
            found += SIGN_BEFORE if char.isalpha() and before not in BETWEEN else 0
            continue
        ascii_ones = (before <= "\x7f") + (char <= "\x7f")
        if own_script and ascii_ones == 1:
            found += BESIDE_ASCII
        elif not own_script and ascii_ones == 0:
            found += IN_A_ROW
        if before.islower() and char.isupper():
            found += CAPITAL_INSIDE
    return found
