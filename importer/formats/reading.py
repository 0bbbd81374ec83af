"""How a file is read: what a person says, what is recognised for the rest, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from importer.domain.errors import RequestError


@dataclass(frozen=True, kw_only=True)
class Reading:
    """None stands for "recognise it". Once a file is recognised every word that its format has is filled in."""

    format: str | None = None  # csv, jsonl, json, xlsx
    member: str | None = None  # the file inside a zip archive
    encoding: str | None = None  # as Python names it: utf-8, cp1252, utf-16 ...
    delimiter: str | None = None  # one ASCII character
    quote: str | None = None  # one ASCII character; "" says that cells are never quoted
    header: bool | None = None  # False: the first record is data, the columns are column_1, column_2 ...
    sheet: str | None = None  # of a workbook
    path: str | None = None  # to the array in a JSON document, such as data.products
    usual: frozenset[str] = (
        frozenset()
    )  # the words above that nobody said: the mapping has them for its files

    def over(self, usual: "Reading") -> "Reading":
        """With the words of `usual` where nothing was said."""
        added = {name: word for name, word in usual.kept().items() if not self.said(name)}
        return replace(self, **added, usual=self.usual | added.keys())

    def why(self, name: str) -> str:
        """Who has said the word, as evidence tells it."""
        return "as the mapping says" if name in self.usual else "as you said"

    def filled(self, **words: object) -> "Reading":
        """With `words` where nothing was said."""
        missing = {name: value for name, value in words.items() if getattr(self, name) is None}
        return replace(self, **missing)  # type: ignore[arg-type]

    def kept(self) -> dict[str, Any]:
        """The words as they are kept with an import; `Reading(**words)` is the same reading again."""
        return {name: value for name in WORDS if (value := getattr(self, name)) is not None}

    def said(self, name: str) -> bool:
        return getattr(self, name) is not None


WORDS = tuple(word.name for word in fields(Reading) if word.name != "usual")
MARKS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "none": ""}
"""Words for characters that are hard to type."""
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def in_words(words: Mapping[str, str]) -> Reading:
    """What a person says of a file, in words: those of `WORDS`, others are not looked at. Raises RequestError."""
    said: dict[str, Any] = {name: words[name] for name in WORDS if words.get(name)}
    for name in ("delimiter", "quote"):
        if name in said:
            said[name] = MARKS.get(said[name].lower(), said[name])
    if "header" in said:
        word = said["header"].lower()
        if word not in (*YES, *NO):
            raise RequestError(f"`header` is yes or no, not {said['header']}.", code="reading.header")
        said["header"] = word in YES
    return Reading(**said)


@dataclass(frozen=True)
class Evidence:
    """One thing that was recognised, or said: `delimiter`, `;`, `fits 480 of 480 records at the beginning`.

    `doubt`: a sentence where what was said is not what the file looks like.
    """

    subject: str
    value: str
    reason: str
    doubt: str = ""

    def __str__(self) -> str:
        return f"{self.subject} {self.value}: {self.reason}"
