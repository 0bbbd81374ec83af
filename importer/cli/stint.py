"""Working on one import in this process until it has ended or somebody stops the process."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from importer.bootstrap import Importer
from importer.cli.exits import INTERRUPTED, TERMINATED, exit_code_after
from importer.cli.progress import follow, watch
from importer.domain.commands import fitting
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.steps import Step, StepKind
from importer.worker import Worker

STOPPED = Reason(code="interrupted", text="The import was interrupted on the command line.")
SIGNALS = {signal.SIGINT: ("Ctrl-C", INTERRUPTED), signal.SIGTERM: ("SIGTERM", TERMINATED)}
"""Signal -> its name for people, and the exit code that shells expect after it."""

LEFT = (
    "Stopped by {signal}. Import {state.id} is left as it is, nothing of it is cancelled: {state.equation}. {goes_on} "
    "importer report {state.id} tells where it stands, importer imports lists all."
)
RETRY = "importer retry {id} sends what was not sent, and finds out what became of the rest."


@dataclass(frozen=True)
class Stint:
    """`state` is the import when the work on it ended; `came`: the signal that ended it; `finished`: this process
    brought it to its end."""

    state: Import
    came: signal.Signals | None = None
    finished: bool = False

    @property
    def exit_code(self) -> int:
        return SIGNALS[self.came][1] if self.came else exit_code_after(self.state)

    @property
    def left(self) -> bool:
        """The process was stopped, and the import goes on with the next one."""
        return self.came is not None and not self.state.ended

    def told(self, goes_on: str, console: Console) -> None:
        """What a person has to know of a stop; nothing when there was none. `goes_on`: how to go on with it."""
        if self.left and self.came:
            name = SIGNALS[self.came][0]
            console.print(LEFT.format(signal=name, state=self.state, goes_on=goes_on), soft_wrap=True)
        elif self.came and "retry" in fitting(self.state):
            console.print(RETRY.format(id=self.state.id), soft_wrap=True)


async def work(importer: Importer, accepted: Import, console: Console, *, own: bool) -> Stint:
    """Work until the import has ended or a signal comes. `own`: this process began the import, and Ctrl-C cancels it.

    Otherwise, and always after SIGTERM, the import is left as it is: the steps under way end within `drain_seconds`
    or are given back; a second signal gives them back at once. A dry run is cancelled, for nobody goes on with one.
    """
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[signal.Signals] = loop.create_future()
    for number in SIGNALS:
        loop.add_signal_handler(number, _stop, stop, number)
    begun: set[Step] = set()
    worker = Worker(importer, only=accepted.id if accepted.dry_run else None, on_begin=begun.add)
    working = asyncio.create_task(worker.run())
    following = asyncio.create_task(follow(importer.ports.imports, accepted.id, console))
    watching = asyncio.create_task(watch(importer.ports.files, console))
    ends: set[asyncio.Future[Any]] = {working, following, stop}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    if working.done():
        following.cancel()
        await working  # a worker only ends by a defect: let it be seen
    came = None if following.done() else stop.result()
    following.cancel()
    cancels = accepted.dry_run or (own and came is signal.SIGINT)
    if came is not None and not cancels:
        for number in SIGNALS:
            loop.add_signal_handler(number, working.cancel)
        worker.stop()
    else:
        working.cancel()
    await asyncio.wait({working, following})
    if came is not None and cancels:
        await importer.closing.abandon(accepted.id, ImportStatus.CANCELLED, STOPPED)
    state = await importer.ports.imports.get(accepted.id)
    if came is not None and not cancels and state.ended:
        came = None  # its last step ended meanwhile
    return Stint(state, came, finished=_finished(state, begun))


def _stop(stop: "asyncio.Future[signal.Signals]", number: signal.Signals) -> None:
    if not stop.done():
        stop.set_result(number)


def _finished(state: Import, begun: set[Step]) -> bool:
    """Whether its last step was one of those that were begun here. A failed import has none: any step may end it."""
    own = {step for step in begun if step.target == state.id or step.target.startswith(f"{state.id}.")}
    if state.status is ImportStatus.COMPLETED:
        return any(step.kind is StepKind.FINISH for step in own)
    return state.ended and bool(own)
