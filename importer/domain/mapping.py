"""A mapping: how the columns of a file become payloads for the shop. Parsed from a document, all faults at once."""

import difflib
from collections.abc import Iterable, Mapping as Dict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

CLEAR_MARKER = "__EMPTY__VALUE__"
TOGETHER = " + "
"""Between the names of rules that were written as one."""
MOST_NAMED = 20
"""So many columns are listed for an unknown one that is near none of them."""
"""Magento's own constant for "set this attribute to nothing" (native CSV, section 1)."""

KEY_MARK = " / "
"""Between the parts of a key of several columns."""


class EmptyCell(StrEnum):
    KEEP = "keep"  # leave the value in the shop as it is
    CLEAR = "clear"  # empty the value in the shop
    ERROR = "error"  # refuse the row


class RepeatedKeys(StrEnum):
    LAST = "last"
    FIRST = "first"
    ERROR = "error"


class UnknownColumns(StrEnum):
    IGNORE = "ignore"  # leave out, and name them in the report
    REJECT = "reject"  # refuse the file
    ATTRIBUTE = "attribute"  # a column named like an attribute of the shop is that attribute


@dataclass(frozen=True, kw_only=True)
class RuleCall:
    """A named rule with its argument; `{number: {decimal: ","}}` is name `number`, argument `{"decimal": ","}`."""

    name: str
    argument: Any = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """True for a row whose cell in `column` is (or is not) one of `values`; compared in lower case."""

    column: str
    values: frozenset[str]
    negated: bool


@dataclass(frozen=True, kw_only=True)
class Inherit:
    """`word` in a cell means "as configured": it sets the column `flag` to 1 and leaves the value out."""

    word: str
    flag: str


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    to: str | None = None
    synonyms: tuple[str, ...] = ()
    required: bool = False
    rules: tuple[RuleCall, ...] = ()
    empty: EmptyCell | None = None
    default: Any = None
    when: Condition | None = None
    inherit: Inherit | None = None
    expand: RuleCall | None = None
    expr: str | None = None
    unique: bool = False
    shown: str | None = None

    @property
    def label(self) -> str:
        """How an error names it: as the file does, with the part of the cell where a cell has parts."""
        return self.shown or self.name


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Rows that are not this mapping's business, with what to tell the person who wrote them."""

    when: Condition
    code: str
    text: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyedList:
    """A list of `{key: name, value: ...}` objects, addressed as `path[name]`."""

    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """The ordinary (synchronous) route; `idempotent` says that sending it twice does no harm."""

    method: str
    path: str
    idempotent: bool


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The column that says for which of the shop's scopes a row is; an empty cell is the scope `default`.

    Rows of other scopes come in a phase of their own after all others, and need the row of the default scope.
    """

    column: str
    default: str


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Operations that must be confirmed before those of the next phase may go; without `when` all that are left.

    With a `request` of its own it is a follow-up: a second operation of the rows that have any of the parts `payload`
    of a payload, sent when the first one succeeded. The first operation goes without these parts.
    """

    name: str
    when: Condition | None = None
    request: Request | None = None
    payload: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mapping:
    name: str
    title: str
    entity: str
    request: Request
    keys: tuple[str, ...]
    columns: Dict[str, Column]
    constants: Dict[str, Any] = field(default_factory=dict)
    lists: Dict[str, KeyedList] = field(default_factory=dict)
    skip: tuple[Skip, ...] = ()
    ignore: Dict[str, str] = field(default_factory=dict)
    empty: EmptyCell = EmptyCell.KEEP
    clear_marker: str = CLEAR_MARKER
    unknown_columns: UnknownColumns = UnknownColumns.IGNORE
    attribute_path: str | None = None
    repeated_keys: RepeatedKeys = RepeatedKeys.LAST
    scope: Scope | None = None
    phases: tuple[Phase, ...] = ()
    schema: Dict[str, Any] = field(default_factory=dict)
    reading: Dict[str, str] = field(default_factory=dict)
    """How files of this mapping are read where nobody says otherwise, in the words of `formats.reading`."""

    @property
    def key(self) -> str:
        """The column of a frame that holds the key: one of the mapping's own, or the one made of several."""
        return KEY_MARK.join(self.keys)

    @property
    def selections(self) -> tuple[Phase, ...]:
        """The phases that rows are divided into. They are numbered from 0, rows of other scopes follow."""
        return tuple(phase for phase in self.phases if phase.request is None)

    @property
    def scopes_phase(self) -> int:
        """The number of the phase in which rows of other scopes go."""
        return max(len(self.selections), 1)

    @property
    def follow_ups(self) -> dict[int, Phase]:
        """The phases of second operations by their numbers, the last ones."""
        found = [phase for phase in self.phases if phase.request is not None]
        return dict(enumerate(found, self.scopes_phase + 1))

    def in_phase(self, number: int) -> "Mapping":
        """As the operations of a phase are sent."""
        phase = self.follow_ups.get(number)
        return replace(self, request=phase.request) if phase and phase.request else self

    @property
    def key_field(self) -> str | None:
        """How the payload calls the key; None when several fields make it or it does not travel."""
        path = self.columns[self.key].to if self.key in self.columns else None
        return path.rpartition(".")[2] if path else None


def suggestion(word: str, known: Iterable[str], noun: str = "") -> str:
    """The end of a sentence about an unknown word: the nearest known one, or what there is; of many columns (`noun`) how
    many there are."""
    names = sorted(known)
    hint = nearly(word, names)
    if hint != "." or not names:
        return hint
    return (
        f" (known: {', '.join(names)})."
        if not noun or len(names) <= MOST_NAMED
        else f" (there are {len(names)} {noun})."
    )


def nearly(word: str, known: Iterable[str]) -> str:
    """The same where there is too much to list it."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f", did you mean `{names[close[0]]}`?" if close else "."
