"""Steering an import that is under way: pause, resume, release, cancel. Each takes hold with one event, and twice is once.

Whoever sends asks the state in the transaction that records the intent; so nothing is sent after a command is recorded,
whichever process recorded it.
"""

from importer.domain.commands import VERBS, Command, refusal
from importer.domain.errors import Untimely
from importer.domain.imports import Import
from importer.ports import Ports
from importer.services.dispatch import Dispatch


class Steering:
    """Every command gives the import as it is afterwards. Raises UnknownName, Untimely."""

    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch

    async def obey(self, verb: str, import_id: str, command: Command) -> Import:
        """One of the commands below, by its name."""
        commands = {
            "pause": self.pause,
            "resume": self.resume,
            "release": self.release,
            "cancel": self.cancel,
        }
        return await commands[verb](import_id, command)

    async def pause(self, import_id: str, command: Command) -> Import:
        """Nothing more is sent; batches in flight are followed to their end, and the file may be read on."""
        return await self._obeyed("pause", import_id, command)

    async def resume(self, import_id: str, command: Command) -> Import:
        """It goes on exactly where it was. One that breaks a safety limit is held then."""
        return await self._going("resume", import_id, command)

    async def release(self, import_id: str, command: Command) -> Import:
        """A person has looked at an import that a safety limit holds: it is sent all the same."""
        return await self._going("release", import_id, command)

    async def cancel(self, import_id: str, command: Command) -> Import:
        """Nothing more is sent; batches in flight get their true outcome, the rest of the file is read and not sent.

        It ends `cancelled` when all that is done.
        """
        state = await self._obeyed("cancel", import_id, command)
        await self._dispatch.finish_if_settled(state.id)
        return state

    async def _going(self, verb: str, import_id: str, command: Command) -> Import:
        state = await self._obeyed(verb, import_id, command)
        await self._dispatch.sweep(state.id)
        return state

    async def _obeyed(self, verb: str, import_id: str, command: Command) -> Import:
        wanted, recorded = VERBS[verb], False
        while True:
            state = await self._ports.imports.get(import_id)
            if recorded or state.status in wanted.obeyed:
                return state
            if state.status not in wanted.before:
                raise Untimely(refusal(verb, state), code=f"{verb}.untimely")
            recorded = await self._ports.commands.record(import_id, wanted, command)
