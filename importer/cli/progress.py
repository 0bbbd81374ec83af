"""Progress on a terminal: rows read, sent, and confirmed by the shop. Elsewhere a plain line now and then."""

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from importer.domain.errors import ConfigurationError, StateUnavailable
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.ports import Files, Imports

LOOK_SECONDS = 0.1
PLAIN_LINE_SECONDS = 5.0
WATCH_SECONDS = 2.0


async def follow(imports: Imports, import_id: str, console: Console) -> Import:
    """Show the import until it has ended."""
    view = _Bars(console) if console.is_terminal else _Lines(console)
    with view:
        while True:
            state = await imports.get(import_id)
            view.show(state)
            if state.ended:
                return state
            await asyncio.sleep(LOOK_SECONDS)


async def watch(files: Files, console: Console) -> None:
    """Say when files cannot be kept; what waits for that goes on by itself."""
    said = ""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        now = ""
        try:
            await files.check()
        except (ConfigurationError, StateUnavailable) as error:
            now = error.text
        if now and now != said:
            console.print(f"Waiting: {now}", soft_wrap=True)
        said = now


def to_send(state: Import) -> int:
    """Rows that pass our checks, as far as they are known."""
    never = (Outcome.SKIPPED, Outcome.INVALID)
    return state.rows_read - sum(state.counts.get(outcome, 0) for outcome in never)


def standing(state: Import) -> str | None:
    """Why nothing more is sent, if so."""
    if state.status is ImportStatus.PAUSED:
        return f"Paused; importer resume {state.id} lets it go on."
    if state.held:
        return f"Held: {state.held.text}"
    if state.cancelling:
        return "Being cancelled: what is in flight is followed to its end."
    return f"Waiting: {state.waiting.text}" if state.waiting else None


class _Bars:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._read = self._progress.add_task("rows read", total=None)
        self._sent = self._progress.add_task("sent", total=None)
        self._confirmed = self._progress.add_task("confirmed by the shop", total=None)
        self._said: str | None = None

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, state: Import) -> None:
        if state.rows_total is None:
            return
        total = to_send(state)
        self._progress.update(self._read, completed=state.rows_read, total=state.rows_total)
        self._progress.update(self._sent, completed=state.sent, total=total)
        self._progress.update(self._confirmed, completed=state.confirmed, total=total)
        stands = standing(state)
        if stands and stands != self._said:
            self._progress.console.print(stands, soft_wrap=True)
        self._said = stands


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0
        self._said = ""

    def __enter__(self) -> None:
        """Nothing to start."""

    def __exit__(self, *_: object) -> None:
        """Nothing to stop."""

    def show(self, state: Import) -> None:
        now = asyncio.get_running_loop().time()
        stands = standing(state)
        waiting = f"; {stands[0].lower()}{stands[1:]}" if stands else ""
        line = (
            f"rows read {state.rows_read} of {state.rows_total or '?'}, sent {state.sent}, "
            f"confirmed by the shop {state.confirmed}{waiting}"
        )
        if line != self._said and (state.ended or now >= self._next):
            self._console.print(line, soft_wrap=True)
            self._said, self._next = line, now + PLAIN_LINE_SECONDS
