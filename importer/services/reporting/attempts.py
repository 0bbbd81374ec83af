"""The story of each batch as the log tells it: how often it was sent, what came back, and what was doubtful."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from importer.domain.history import Data, Event, EventKind
from importer.domain.rows import Outcome
from importer.services.reporting.sentences import entries


@dataclass
class Story:
    """`attempts`: how often this request was begun. `doubts`: each unclear answer and how it was resolved."""

    batch: str
    number: int
    operations: int
    parent: str | None = None
    attempts: int = 0
    receipts: list[str] = field(default_factory=list)
    doubts: list[dict[str, str]] = field(default_factory=list)
    not_taken: int = 0
    refused: str | None = None
    into: list[str] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    first_sending: datetime | None = None
    sent_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """From the first intent to send to the last outcome."""
        if self.first_sending is None or self.done_at is None:
            return None
        return (self.done_at - self.first_sending).total_seconds()

    @property
    def eventful(self) -> bool:
        """Whether more happened than sent, taken, done with every row succeeded."""
        fine = set(self.outcomes) <= {Outcome.SUCCEEDED, Outcome.UNCHANGED}
        return bool(self.attempts > 1 or self.doubts or self.refused or self.into or self.parent or not fine)

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "parent": self.parent,
            "receipts": self.receipts,
            "doubts": self.doubts,
            "not_taken": self.not_taken,
            "refused": self.refused,
            "into": self.into,
            "outcomes": self.outcomes,
            "sent_at": self.sent_at.isoformat() if self.sent_at else None,
            "done_at": self.done_at.isoformat() if self.done_at else None,
            "seconds": self.seconds,
            "eventful": self.eventful,
        }


def stories(events: Iterable[Event]) -> dict[str, Story]:
    """By batch id, in the order of their numbers."""
    found: dict[str, Story] = {}
    for event in events:
        parent = event.data.get("batch")
        for born in _born(event.data):
            if born["batch"] not in found:
                number = len(found) + 1
                found[born["batch"]] = Story(born["batch"], number, born.get("operations", 0), parent)
        story = found.get(parent) if isinstance(parent, str) else None
        if story is not None and (happened := HAPPENED.get(event.kind)):
            happened(story, event)
    return found


def _born(data: Data) -> list[Mapping[str, Any]]:
    made = [*entries(data, "batches"), *entries(data, "into")]
    return [one for one in made if isinstance(one, Mapping) and isinstance(one.get("batch"), str)]


def _sending(story: Story, event: Event) -> None:
    story.attempts = max(story.attempts + 1, event.data.get("attempt", 0))
    story.first_sending = story.first_sending or event.at


def _sent(story: Story, event: Event) -> None:
    story.receipts.append(str(event.data.get("bulk_uuid", "")))
    story.sent_at = event.at
    _resolve(story, "The shop had taken it; its receipt was found there.")


def _in_doubt(story: Story, event: Event) -> None:
    story.doubts.append({"at": event.at.isoformat(), "text": event.data.get("text", ""), "resolved": ""})


def _not_taken(story: Story, event: Event) -> None:
    story.not_taken += 1
    _resolve(story, "The shop does not hold it; it goes again.")


def _refused(story: Story, event: Event) -> None:
    story.refused = event.data.get("text", "")
    _resolve(story, "Given up: no clear answer came to any attempt.")
    _done(story, event)


def _confirmed(story: Story, event: Event) -> None:
    _resolve(story, "Not found in the shop, and not safe to repeat.")
    _done(story, event)


def _done(story: Story, event: Event) -> None:
    story.done_at = event.at
    story.into += [str(one["batch"]) for one in entries(event.data, "into")]
    for outcome, rows in (event.data.get("outcomes") or {}).items():
        story.outcomes[outcome] = story.outcomes.get(outcome, 0) + rows


def _resolve(story: Story, how: str) -> None:
    if story.doubts and not story.doubts[-1]["resolved"]:
        story.doubts[-1]["resolved"] = how


HAPPENED: Mapping[str, Callable[[Story, Event], None]] = {
    EventKind.SENDING: _sending,
    EventKind.SENT: _sent,
    EventKind.IN_DOUBT: _in_doubt,
    EventKind.NOT_TAKEN: _not_taken,
    EventKind.REFUSED: _refused,
    EventKind.BLOCKED: _done,
    EventKind.SPLIT: _done,
    EventKind.CONFIRMED: _confirmed,
}
