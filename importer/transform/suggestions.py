"""Which mapping fits a file: column by column, by name, by synonym and by the values, each with its reason."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from importer.domain.mapping import Column, Mapping, UnknownColumns
from importer.domain.rows import LINE, ROW
from importer.transform.cells import Evaluation

SAMPLE_ROWS = 200
ALIKE = 0.8
FITTING = 0.95
TELLING = frozenset({"values", "boolean", "date", "extract", "pairs", "records"})
"""Rules whose fit says more than that a column holds numbers."""

SURE = ("name", "synonym", "path", "left out")


@dataclass(frozen=True)
class Match:
    """A column of the file and what it is for the mapping. `how`: name, synonym, path, left out, similar, values,
    attribute or unknown; the first four hold already, the next two would by a synonym."""

    file: str
    column: str | None
    to: str | None
    how: str
    reason: str

    @property
    def sure(self) -> bool:
        return self.how in SURE


@dataclass(frozen=True)
class Suggestion:
    """`ready`: the file can be imported with the mapping as it is; `missing`: columns that the mapping needs."""

    mapping: str
    title: str
    ready: bool
    missing: tuple[str, ...]
    matches: tuple[Match, ...]

    @property
    def score(self) -> float:
        """The share of the file's columns that the mapping knows; a likely one counts half."""
        known = sum(1.0 if m.sure else 0.5 if m.column else 0.0 for m in self.matches)
        return known / max(len(self.matches), 1)


def suggest(
    mappings: Iterable[Mapping], names: Sequence[str], literal: Collection[str], cells: pl.DataFrame
) -> list[Suggestion]:
    """Best first. `cells` is a sample of the file, `literal` the columns that hold parts of a document."""
    found = [_of_mapping(mapping, names, literal, cells.head(SAMPLE_ROWS)) for mapping in mappings]
    return sorted(found, key=lambda one: (one.ready, one.score), reverse=True)


def _of_mapping(
    mapping: Mapping, names: Sequence[str], literal: Collection[str], cells: pl.DataFrame
) -> Suggestion:
    matches = {name: match for name in names if (match := _known(name, mapping, literal))}
    taken = {match.column for match in matches.values()}
    for name in names:
        if name not in matches:
            free = [column for column in mapping.columns.values() if column.name not in taken]
            match = _similar(name, free, mapping, cells)
            matches[name] = match or _stranger(name, mapping)
            taken.add(matches[name].column)
    bound = {match.column for match in matches.values() if match.sure}
    needed = [c.name for c in mapping.columns.values() if c.required or c.name in mapping.keys]
    missing = tuple(name for name in needed if name not in bound and mapping.columns[name].expr is None)
    rejected = mapping.unknown_columns is UnknownColumns.REJECT and any(
        not match.sure for match in matches.values()
    )
    return Suggestion(
        mapping=mapping.name,
        title=mapping.title,
        ready=not missing and not rejected,
        missing=missing,
        matches=tuple(matches[name] for name in names),
    )


def _known(name: str, mapping: Mapping, literal: Collection[str]) -> Match | None:
    """What the mapping takes the column for, as it is."""
    lowered = name.lower()
    for column in mapping.columns.values():
        if lowered == column.name.lower():
            return Match(name, column.name, column.to, "name", "the same name")
    for column in mapping.columns.values():
        if lowered in [synonym.lower() for synonym in column.synonyms]:
            return Match(name, column.name, column.to, "synonym", f"a synonym of {column.name}")
    for column in mapping.columns.values():
        if name in literal and name == column.to:
            return Match(name, column.name, column.to, "path", "the path in the payload")
    if lowered in mapping.ignore:
        return Match(name, None, None, "left out", mapping.ignore[lowered] or "known and left out")
    return None


def _similar(name: str, free: Sequence[Column], mapping: Mapping, cells: pl.DataFrame) -> Match | None:
    """The most similar name or synonym among the columns without one, if its values fit; else why it is none."""
    words = [
        (_likeness(name, word), word, column) for column in free for word in (column.name, *column.synonyms)
    ]
    refused: Match | None = None
    for likeness, word, column in sorted(words, key=lambda one: -one[0]):
        if likeness < ALIKE:
            break
        share = _share(name, column, mapping, cells)
        if share is None or share >= FITTING:
            fits = "" if share is None else f", and {share:.0%} of its values fit"
            return Match(name, column.name, column.to, "similar", f"reads like {word}{fits}")
        told = f"reads like {word}, but only {share:.0%} of its values fit"
        refused = refused or Match(name, None, None, "unknown", told)
    return _by_values(name, free, mapping, cells) or refused


def _by_values(name: str, free: Sequence[Column], mapping: Mapping, cells: pl.DataFrame) -> Match | None:
    """The one column whose rules say much about its values, and they fit."""
    telling = [column for column in free if any(call.name in TELLING for call in column.rules)]
    fitting = [c for c in telling if (_share(name, c, mapping, cells) or 0) >= FITTING and not _always(c)]
    if len(fitting) != 1:
        return None
    [column] = fitting
    share = _share(name, column, mapping, cells) or 0
    reason = f"{share:.0%} of its values fit the rules of {column.name}, and of no other column"
    return Match(name, column.name, column.to, "values", reason)


def _always(column: Column) -> bool:
    """Rules that take anything tell nothing."""
    return any(call.name == "values" and "otherwise" in call.argument for call in column.rules)


def _stranger(name: str, mapping: Mapping) -> Match:
    if mapping.unknown_columns is UnknownColumns.ATTRIBUTE:
        return Match(name, None, None, "attribute", "an attribute, if the shop has one of this name")
    return Match(name, None, None, "unknown", "the mapping does not know it")


def _share(name: str, column: Column, mapping: Mapping, cells: pl.DataFrame) -> float | None:
    """The share of the cells with a value that the column's rules take; None when that says nothing."""
    if name not in cells.columns or not any(call.name not in PLAIN for call in column.rules):
        return None
    given = cells.filter(pl.col(name).fill_null("").str.strip_chars() != "")
    if given.is_empty():
        return None
    alone = replace(column, when=None, default=None, empty=None)
    frame = given.select(pl.col(ROW, LINE), pl.col(name).alias(column.name))
    frame = frame.with_columns(pl.lit("").alias(mapping.key)) if mapping.key != column.name else frame
    wrong = {error.row for error in Evaluation(mapping, {})(frame, [alone]).errors}
    return 1 - len(wrong) / given.height


PLAIN = frozenset({"trim", "squeeze", "lower", "upper", "slug", "prefix", "suffix", "replace", "regex", "split", "join",
                   "look_up", "look_up_each", "entries"})  # fmt: skip
"""Rules that take any text when there is no shop to ask."""


def _likeness(one: str, other: str) -> float:
    first, second = _plain(one), _plain(other)
    if not first or not second:
        return 0.0
    if "".join(first) == "".join(second):
        return 1.0
    if set(first) <= set(second) or set(second) <= set(first):
        return 0.9
    return difflib.SequenceMatcher(None, "".join(first), "".join(second)).ratio()


def _plain(name: str) -> list[str]:
    """Its words without case, accents and marks: `Artikel-Nr.` is `artikel`, `nr`."""
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", spread) if not unicodedata.combining(mark))
    return re.findall(r"[^\W_]+", bare.casefold())
