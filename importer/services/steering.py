"""Steering an import that is under way: pause, resume, cancel. Each takes hold with one event, and twice is once.

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

    async def pause(self, import_id: str, command: Command) -> Import:
        """Nothing more is sent; batches in flight are followed to their end, and the file may be read on."""
        return await self._obeyed("pause", import_id, command)

    async def resume(self, import_id: str, command: Command) -> Import:
        """It goes on exactly where it was."""
        state = await self._obeyed("resume", import_id, command)
        await self._dispatch.sweep(state.id)
        return state

    async def cancel(self, import_id: str, command: Command) -> Import:
        """Nothing more is sent; batches in flight get their true outcome, the rest of the file is read and not sent.

        It ends `cancelled` when all that is done.
        """
        state = await self._obeyed("cancel", import_id, command)
        await self._dispatch.finish_if_settled(state.id)
        return state

    async def _obeyed(self, verb: str, import_id: str, command: Command) -> Import:
        wanted = VERBS[verb]
        while True:
            state = await self._ports.imports.get(import_id)
            if state.status in wanted.obeyed:
                return state
            if state.status not in wanted.before:
                raise Untimely(refusal(verb, state), code=f"{verb}.untimely")
            await self._ports.commands.record(import_id, wanted, command)
