"""What a person may tell an import that is under way or has ended, and when. Pure: a state in, a decision out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.domain.batches import Batch, NewBatch
from importer.domain.errors import RequestError
from importer.domain.history import EventKind
from importer.domain.imports import ENDED, Import, ImportStatus
from importer.domain.rows import Outcome

NOTE_CHARACTERS = 500

RETRIABLE = frozenset({Outcome.FAILED, Outcome.BLOCKED, Outcome.UNKNOWN, Outcome.NOT_SENT})
"""Outcomes whose rows can go again as they are; `invalid` ones need another file."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Who says it and why, as the log keeps it."""

    by: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """A command that rows with one of the `outcomes` go again.

    `even_unsafe`: rows whose first sending may have been carried out go again though their request is not safe to
    repeat. `attempt`: the number that the new attempt shall have; repeated with it, a retry is the same one.
    """

    outcomes: frozenset[Outcome] = RETRIABLE
    even_unsafe: bool = False
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A further attempt as it will be recorded: new batches, and abandoned ones whose fate is still to be found out."""

    number: int
    outcomes: frozenset[Outcome]
    batches: Sequence[NewBatch]
    reopened: Sequence[Batch]


@dataclass(frozen=True)
class Verb:
    """A command that changes the status alone: from which it goes, and in which there is nothing left to do."""

    kind: EventKind
    before: frozenset[ImportStatus]
    obeyed: frozenset[ImportStatus]


AT_WORK = frozenset({ImportStatus.ACCEPTED, ImportStatus.PREPARING, ImportStatus.DELIVERING})

VERBS: Mapping[str, Verb] = {
    "pause": Verb(EventKind.PAUSED, AT_WORK, frozenset({ImportStatus.PAUSED, ImportStatus.HELD})),
    "resume": Verb(EventKind.RESUMED, frozenset({ImportStatus.PAUSED}), AT_WORK),
    "release": Verb(EventKind.RELEASED, frozenset({ImportStatus.HELD}), AT_WORK),
    "cancel": Verb(
        EventKind.CANCELLING,
        AT_WORK | {ImportStatus.PAUSED, ImportStatus.HELD},
        frozenset({ImportStatus.CANCELLING, ImportStatus.CANCELLED}),
    ),
}


def refusal(verb: str, state: Import) -> str:
    """Why the verb does not fit the state, and what does."""
    if state.cancelling:
        return f"Import {state.id} is being cancelled: nothing more of it is sent. When it has ended, retry its rows."
    if state.status in ENDED:
        instead = " Retry its rows instead." if verb == "resume" else ""
        return f"Import {state.id} has ended ({state.status}): there is nothing left to {verb}.{instead}"
    if verb == "release":
        return f"Import {state.id} is {state.status}: importer resume {state.id} lets it go on."
    if verb == "resume" and state.held:
        return f"Import {state.id} is held. {state.held.text}"
    return (
        f"Import {state.id} is {state.status}: wait for its end, or cancel it, before its rows are retried."
    )


def files_removed(state: Import) -> str:
    """Why nothing can be made of its file any more, and what can be done instead."""
    at = f" on {state.files_removed_at:%Y-%m-%d}" if state.files_removed_at else ""
    return (
        f"The files of import {state.id} were removed{at}, when their time was over. Import the file again."
    )


def fitting(state: Import) -> list[str]:
    """Verbs that would change something now."""
    verbs = [name for name, verb in VERBS.items() if state.status in verb.before]
    retriable = any(state.counts.get(outcome) for outcome in RETRIABLE) or not state.read_whole
    possible = not state.dry_run and not state.too_many_errors and not state.files_removed
    retry = state.ended and retriable and possible
    return [*verbs, *(["retry"] if retry else [])]


def outcomes_of(words: Sequence[str]) -> frozenset[Outcome]:
    """The outcomes that a retry is for; none named means every one that can go again. Raises RequestError."""
    known = [outcome.value for outcome in Outcome if outcome in RETRIABLE]
    for word in words:
        if word == Outcome.INVALID:
            text = "Rows that are invalid cannot go again as they are: take the rows that need you, mend and import them."
            raise RequestError(text, code="retry.outcome")
        if word not in known:
            raise RequestError(
                f"`outcome` is one of {', '.join(known)} in a retry, not '{word}'.", code="retry.outcome"
            )
    return frozenset(map(Outcome, words)) or RETRIABLE


def checked_note(note: str) -> str:
    """Raises RequestError when it is too long for the log."""
    if len(note) > NOTE_CHARACTERS:
        raise RequestError(
            f"A note has at most {NOTE_CHARACTERS} characters, not {len(note)}.", code="command.note"
        )
    return note
