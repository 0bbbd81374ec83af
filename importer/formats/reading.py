"""How a file is read: what a person says, what is recognised for the rest, and why."""

from dataclasses import dataclass, fields, replace


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

    def filled(self, **words: object) -> "Reading":
        """With `words` where nothing was said."""
        missing = {name: value for name, value in words.items() if getattr(self, name) is None}
        return replace(self, **missing)  # type: ignore[arg-type]

    def said(self, name: str) -> bool:
        return getattr(self, name) is not None


WORDS = tuple(word.name for word in fields(Reading))


@dataclass(frozen=True)
class Evidence:
    """One thing that was recognised, or said: `delimiter`, `;`, `fits 480 of 480 records at the beginning`."""

    subject: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.subject} {self.value}: {self.reason}"
