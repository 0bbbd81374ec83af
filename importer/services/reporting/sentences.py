"""The log of an import in sentences: one for each kind of event, the same on the command line and in every report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.domain.history import Data, Event, EventKind
from importer.domain.rows import counts_in_words, plural
from importer.domain.sentences import sentences

Sentence = Callable[[Data, "Names"], str]


@dataclass
class Names:
    """Batches are called by their number, which the log tells in passing: events must come in their order."""

    numbers: dict[str, int] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    """Batches to whose request no clear answer came."""

    def see(self, event: Event) -> None:
        for name in ("batches", "into"):
            for batch in entries(event.data, name):
                if isinstance(batch, Mapping) and "batch" in batch:
                    self.numbers.setdefault(str(batch["batch"]), len(self.numbers) + 1)

    def clear_up(self, event: Event) -> None:
        batch = str(event.data.get("batch", ""))
        if event.kind is EventKind.IN_DOUBT:
            self.doubtful.add(batch)
        else:
            self.doubtful.discard(batch)

    def batch(self, data: Data) -> str:
        return self.of(str(data.get("batch", "")))

    def of(self, batch_id: str) -> str:
        number = self.numbers.get(batch_id)
        return f"batch {number:,}" if number else f"batch {batch_id}".strip()

    def into(self, data: Data) -> str:
        """`batch 7 and batch 8`."""
        return _and([self.of(str(batch["batch"])) for batch in entries(data, "into")])


class Teller:
    """Tells events in their order."""

    def __init__(self) -> None:
        self._names = Names()

    def tell(self, event: Event) -> str:
        self._names.see(event)
        sentence = SENTENCES.get(event.kind)
        told = sentence(event.data, self._names) if sentence else plain(event)
        self._names.clear_up(event)
        return _capital(told.strip())


def plain(event: Event) -> str:
    """An event that has no sentence: its kind and what it carries."""
    words = ", ".join(
        f"{name} {_size(value)}" for name, value in event.data.items() if value not in (None, "", [], {})
    )
    return f"{event.kind.replace('_', ' ')}{f': {words}' if words else ''}"


def outcomes(data: Data) -> str:
    """`95 succeeded, 5 failed`; empty when nothing is counted."""
    return ", ".join(counts_in_words(data.get("outcomes") or {}))


def operations(batches: Sequence[Any]) -> int:
    return sum(int(batch.get("operations", 0)) for batch in batches if isinstance(batch, Mapping))


def _accepted(data: Data, _names: Names) -> str:
    kept = data.get("kept") or {}
    kind = "a check" if data.get("check_only") else "a dry run"
    dry = f"; {kind}: nothing is sent" if data.get("dry_run") else ""
    came = f" from {kept['source']}" if kept.get("source") else ""
    return (
        f"the file {kept.get('name', '')} ({kept.get('size', 0):,} bytes) was taken in{came}, for the shop "
        f"{data.get('shop', '')} with the mapping {data.get('mapping', '')}{dry}."
    )


def _counted(data: Data, _names: Names) -> str:
    return f"the file was walked through once: it holds {plural(data.get('rows', 0), 'row')}."


def _rows_prepared(data: Data, _names: Names) -> str:
    made = entries(data, "batches")
    batches = f"{plural(operations(made), 'row')} ready to send in {plural(len(made), 'batch', 'batches')}"
    found = outcomes(data)
    return (
        f"{plural(data.get('rows', 0), 'row')} read and checked: "
        f"{batches if made else 'none to send'}{f', {found}' if found else ''}."
    )


def _read_whole(_data: Data, _names: Names) -> str:
    return "the file was read to its end."


def _sending(data: Data, names: Names) -> str:
    attempt = data.get("attempt", 1)
    again = f", attempt {attempt}" if attempt > 1 else ""
    return f"{names.batch(data)} is about to be sent{again}."


def _sent(data: Data, names: Names) -> str:
    rows = plural(data.get("operations", 0), "row")
    receipt = data.get("bulk_uuid", "")
    if data.get("batch") in names.doubtful:
        return f"the shop had taken {names.batch(data)} with {rows}: it was found there; its receipt is {receipt}."
    return f"the shop took {names.batch(data)} with {rows}; its receipt is {receipt}."


def _in_doubt(data: Data, names: Names) -> str:
    why = sentences(data.get("text", ""))
    return f"no clear answer came for {names.batch(data)}. {why} It is looked up in the shop before it is sent again."


def _not_taken(data: Data, names: Names) -> str:
    return f"the shop did not take {names.batch(data)}: {sentences(data.get('text', ''))}"


def _refused(data: Data, names: Names) -> str:
    into = names.into(data)
    rest = (
        f"it is halved to find the row at fault: {into}."
        if into
        else f"its row has its outcome: {outcomes(data)}."
    )
    return f"the shop refused {names.batch(data)} as a whole. {sentences(data.get('text', ''))} So {rest}"


def _blocked(data: Data, names: Names) -> str:
    into = names.into(data)
    rest = f" The others travel on in {into}." if into else ""
    return f"what rows of {names.batch(data)} need is not in the shop: {outcomes(data)}.{rest}"


def _split(data: Data, names: Names) -> str:
    return f"the shop gets smaller batches now: {names.batch(data)} goes on in {names.into(data)}."


def _lagging(data: Data, names: Names) -> str:
    left = plural(data.get("left", 0), "row")
    return f"{left} of {names.batch(data)} stay open for now; others go out in its place."


def _confirmed(data: Data, names: Names) -> str:
    into, found = names.into(data), outcomes(data)
    again = (
        f"{plural(operations(entries(data, 'into')), 'row')} met failures that pass and go again in {into}"
        if into
        else ""
    )
    return f"{names.batch(data)} is done: {'; '.join(part for part in (found, again) if part) or 'no rows'}."


def _waiting(data: Data, _names: Names) -> str:
    return f"waiting: {sentences(data.get('text', ''))}"


def _paused(data: Data, _names: Names) -> str:
    what = "nothing is sent until it goes on; what is under way is followed to its end."
    return f"paused{_by(data)}: {what}{_figures(data)}{_why(data)}"


def _resumed(data: Data, _names: Names) -> str:
    return f"resumed{_by(data)} after the pause.{_figures(data)}{_why(data)}"


def _held(data: Data, _names: Names) -> str:
    return f"held by a safety limit: {sentences(data.get('text', ''))}"


def _released(data: Data, _names: Names) -> str:
    return f"released{_by(data)}: it goes on although it breaks a safety limit.{_why(data)}"


def _cancelling(data: Data, _names: Names) -> str:
    what = "nothing more is sent; what is under way is followed to its end."
    return f"cancelled{_by(data)}: {what}{_figures(data)}{_why(data)}"


def _withdrawn(data: Data, _names: Names) -> str:
    batches = plural(len(entries(data, "batches")), "batch", "batches")
    found = outcomes(data)
    return f"{batches} that had not been sent {'was' if batches.startswith('1 ') else 'were'} withdrawn{f': {found}' if found else ''}."


def _retried(data: Data, _names: Names) -> str:
    found = outcomes(data)
    attempt = f", attempt {data['attempt']}" if data.get("attempt") else ""
    return f"retried{_by(data)}{attempt}: rows of the ended import go again{f' ({found})' if found else ''}.{_why(data)}"


def _files_removed(_data: Data, _names: Names) -> str:
    return "its file and its payloads were removed: their time was over. The rows and their outcomes stay."


def _paced(data: Data, _names: Names) -> str:
    if data.get("closed"):
        return f"nothing is sent for now, and the shop is asked now and then whether it is back.{_why(data)}"
    size, flight = data.get("batch_size", "?"), data.get("in_flight", "?")
    return f"the pace is now {size} rows in a batch and {flight} under way at once.{_why(data)}"


def _end(data: Data, _names: Names) -> str:
    reason = data.get("reason") or {}
    found = outcomes(data)
    left = f" Rows that were still open: {found}." if found else ""
    why = f" {sentences(reason['text'])}" if reason.get("text") else ""
    if why and data.get("status") == "cancelled":
        return f"{why.strip()}{left}"  # it says so itself
    return f"the import is {data.get('status', 'over')}.{why}{left}"


SENTENCES: Mapping[str, Sentence] = {
    EventKind.ACCEPTED: _accepted,
    EventKind.COUNTED: _counted,
    EventKind.ROWS_PREPARED: _rows_prepared,
    EventKind.READ_WHOLE: _read_whole,
    EventKind.SENDING: _sending,
    EventKind.SENT: _sent,
    EventKind.IN_DOUBT: _in_doubt,
    EventKind.NOT_TAKEN: _not_taken,
    EventKind.REFUSED: _refused,
    EventKind.BLOCKED: _blocked,
    EventKind.SPLIT: _split,
    EventKind.LAGGING: _lagging,
    EventKind.CONFIRMED: _confirmed,
    EventKind.WAITING: _waiting,
    EventKind.ENDED: _end,
    EventKind.PACED: _paced,
    EventKind.PAUSED: _paused,
    EventKind.RESUMED: _resumed,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.RETRIED: _retried,
    EventKind.CANCELLING: _cancelling,
    EventKind.FILES_REMOVED: _files_removed,
    EventKind.WITHDRAWN: _withdrawn,
}


def entries(data: Data, name: str) -> Sequence[Any]:
    """What an event lists under this name; nothing where it lists nothing."""
    found = data.get(name)
    return found if isinstance(found, list | tuple) else ()


def _size(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        return plural(len(value), "entry", "entries")
    return str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _why(data: Data) -> str:
    text = data.get("text") or data.get("note") or ""
    return f" {_capital(sentences(str(text)))}" if text else ""


def _figures(data: Data) -> str:
    """How far it was when a person spoke; each figure that the event has."""
    words = {"done": "done", "in_flight": "in flight", "not_sent": "not sent", "not_read": "not read"}
    told = [f"{data[name]:,} {word}" for name, word in words.items() if isinstance(data.get(name), int)]
    return f" Rows at that moment: {', '.join(told)}." if told else ""


def _by(data: Data) -> str:
    return f" by {data['by']}" if data.get("by") else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
