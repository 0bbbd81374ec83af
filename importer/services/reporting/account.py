"""The account of an import as plain data: the equation, the causes, the rows with our sentence and the shop's words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from importer.domain.imports import Import
from importer.domain.rows import NEEDS_A_PERSON, Cause, Outcome, RowError, plural

OUR_SENTENCES = {
    "shop.rejected": "The shop refused this row.",
    "shop.refused": "The shop refused the request, and this row was found to be the cause.",
    "shop.too_large": "This row alone is larger than the shop takes.",
    "shop.blocked": "A firewall or proxy in front of the shop refused this row.",
    "shop.unknown": "The shop took this row and cannot tell what became of it.",
}
"""Codes whose text is what the shop said -> what we say of it."""

OURS = re.compile(r"^The shop (has not said|took this row|reports status|calls this row done)")
"""How our own words begin where the shop's own would tell nothing."""
ANSWERED = re.compile(r"^The shop answered \d+(?: \(to [^)]*\))?: ")

IN_WORDS = {
    Outcome.PENDING: "{rows} not answered yet",
    Outcome.SUCCEEDED: "the shop confirmed {rows}",
    Outcome.UNCHANGED: "{rows} stood in the shop already",
    Outcome.SKIPPED: "{rows} not meant for this import",
    Outcome.INVALID: "{rows} refused by our own check and never sent",
    Outcome.FAILED: "the shop refused {rows}",
    Outcome.BLOCKED: "{rows} not sent because something they need is missing",
    Outcome.UNKNOWN: "{rows} sent without a clear answer",
    Outcome.NOT_SENT: "{rows} not sent",
}

VARYING = re.compile(r"\"[^\"]*\"|'[^']*'|\S*\d\S*")
"""Parts of a shop's sentence that name one row: what is quoted, and words with a digit."""


def summary(state: Import) -> dict[str, Any]:
    """An import as the API and the report show it; one that is held waits for a person."""
    waiting = state.held or state.waiting
    return {
        "id": state.id,
        "status": state.status.value,
        "attempt": state.attempt,
        "shop": state.shop,
        "mapping": state.mapping,
        "entity": state.entity,
        "mode": state.mode.value,
        "dry_run": state.dry_run,
        "check_first": state.check_first,
        "max_errors": state.max_errors,
        "file": {
            "name": state.kept.name,
            "size": state.kept.size,
            "sha256": state.kept.sha256,
            "source": state.kept.source or None,
            "reading": dict(state.kept.reading),
        },
        "accepted_at": state.accepted_at.isoformat(),
        "updated_at": state.updated_at.isoformat(),
        "ended_at": state.ended_at.isoformat() if state.ended_at else None,
        "files_removed_at": state.files_removed_at.isoformat() if state.files_removed_at else None,
        "rows_total": state.rows_total,
        "rows_read": state.rows_read,
        "rows_sent": state.sent,
        "rows_confirmed": state.confirmed,
        "counts": {outcome.value: state.counts.get(outcome, 0) for outcome in Outcome},
        "equation": state.equation,
        "equation_holds": state.equation_holds,
        "waiting": asdict(waiting) if waiting else None,
        "failure": asdict(state.failure) if state.failure else None,
    }


def equation_in_words(state: Import) -> str:
    """The equation as a sentence that can be read aloud."""
    parts = [
        words.format(rows=plural(state.counts[outcome], "row"))
        for outcome, words in IN_WORDS.items()
        if state.counts.get(outcome)
    ]
    told = f"Of {plural(state.rows_read, 'row')} read: {', '.join(parts) or 'nothing happened yet'}."
    unread = (state.rows_total or 0) - state.rows_read
    left = (
        f" {plural(unread, 'further row')} of the file {'was' if unread == 1 else 'were'} not read."
        if unread > 0
        else ""
    )
    holds = "It adds up: no row is missing and none counts twice." if state.equation_holds else (
        "It does not add up, which is a defect of importer; please report it."
    )  # fmt: skip
    return f"{told}{left} {holds}"


def needing(state: Import, outcomes: Iterable[Outcome] = NEEDS_A_PERSON) -> list[Outcome]:
    """Those of the outcomes whose rows need a person; what a dry run did not send needs nobody."""
    return sorted(
        outcome
        for outcome in outcomes
        if outcome in NEEDS_A_PERSON and not (state.dry_run and outcome is Outcome.NOT_SENT)
    )


def causes(state: Import, found: Sequence[Cause]) -> list[dict[str, Any]]:
    """Largest first. Sentences of the shop that differ only in what they name are one cause."""
    together: dict[tuple[str, ...], dict[str, Any]] = {}
    for cause in found:
        kind = VARYING.sub("…", cause.text) if cause.code in OUR_SENTENCES else ""
        known = together.setdefault(
            (cause.outcome.value, cause.code, cause.column or "", kind),
            {
                "outcome": cause.outcome.value,
                "code": cause.code,
                "column": cause.column,
                "rows": 0,
                "example": cause.text,
                "fix": cause.fix,
                "first_row": cause.first_row,
                "needs_person": bool(needing(state, [cause.outcome])),
            },
        )
        known["rows"] += cause.rows
        known["first_row"] = min(known["first_row"], cause.first_row)
    return sorted(together.values(), key=lambda one: (-one["rows"], one["first_row"]))


def row_document(error: RowError) -> dict[str, Any]:
    """One reason of one row. `text` is all that is known; `sentence` is our part of it, `shop_says` the shop's."""
    ours, shop = said(error)
    return {**asdict(error), "outcome": error.outcome.value, "sentence": ours, "shop_says": shop}


def said(error: RowError) -> tuple[str, str | None]:
    """Our sentence, and the shop's own words where it said any."""
    about_a_row = error.outcome is Outcome.FAILED or error.code == "shop.unknown"
    if error.code not in OUR_SENTENCES or not about_a_row or OURS.match(error.text):
        return error.text, None
    return OUR_SENTENCES[error.code], ANSWERED.sub("", error.text)
