"""Whose turn it is with a key: of two imports into one shop that write the same entity, the older one goes first.

Otherwise a file that came first could overwrite what a later one has already put right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from importer.domain.batches import OPEN, Batch, keys_of
from importer.domain.imports import Import
from importer.domain.keys import fingerprints
from importer.ports import Ports
from importer.services.payloads import unpack

Keys = NDArray[np.uint64]
"""Sorted."""
NONE: Keys = np.empty(0, np.uint64)


@dataclass
class Elder:
    """An import that has others behind it: the keys that it had yet to write when it was asked for first, and those of
    its batches that were looked at. 16 bytes a row, until it ends."""

    shop: str
    keys: Keys
    batches: dict[str, Keys] = field(default_factory=dict)
    clear: set[str] = field(default_factory=set)
    """Batches of younger imports that need not wait for it any more."""


class Turns:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._elders: dict[str, Elder] = {}
        self._behind: dict[str, Batch] = {}  # batch -> the older import's batch that it waits for

    async def before(self, batch: Batch, older: Sequence[Import]) -> Import | None:
        """The older import, if there is one, that has yet to write an entity of this batch.

        All of `older` are read whole: what they have yet to write can only become less.
        """
        if not older:
            return None
        known = self._behind.get(batch.id)
        if known and (await self._ports.batches.get(known.id)).status in OPEN:
            return next((other for other in older if other.id == known.import_id), None)
        mine: Keys | None = None
        for other in older:
            elder = await self._elder(other)
            if batch.id in elder.clear:
                continue
            mine = await self._keys_of(batch) if mine is None else mine
            rival = await self._rival(mine, other, elder) if _share(mine, elder.keys) else None
            if rival:
                self._behind[batch.id] = rival
                return other
            elder.clear.add(batch.id)
        return None

    def forget(self, shop: str, still: set[str]) -> None:
        """Drop what is known of this shop's imports that are not among those that are `still` under way."""
        self._elders = {
            name: elder for name, elder in self._elders.items() if elder.shop != shop or name in still
        }
        self._behind = {
            name: rival
            for name, rival in self._behind.items()
            if rival.shop != shop or rival.import_id in still
        }

    async def _elder(self, other: Import) -> Elder:
        if other.id not in self._elders:
            parts = {batch.id: await self._keys_of(batch) for batch in await self._open(other)}
            every = np.unique(np.concatenate(list(parts.values()))) if parts else NONE
            self._elders[other.id] = Elder(other.shop, every, parts)
        return self._elders[other.id]

    async def _rival(self, mine: Keys, other: Import, elder: Elder) -> Batch | None:
        """The first open batch of the older import that shares a key."""
        for rival in await self._open(other):
            if rival.id not in elder.batches:  # it came of another one: a part that goes again
                elder.batches[rival.id] = await self._keys_of(rival)
            if _share(mine, elder.batches[rival.id]):
                return rival
        return None

    async def _open(self, other: Import) -> list[Batch]:
        return await self._ports.batches.of(other.id, OPEN)

    async def _keys_of(self, batch: Batch) -> Keys:
        operations = await unpack(self._ports.files, batch)
        return np.sort(np.frombuffer(fingerprints(keys_of(operations)), np.uint64))


def _share(few: Keys, many: Keys) -> bool:
    """Whether a key is in both: `many` is looked into, not gone through, for with many imports this is asked often."""
    if not few.size or not many.size:
        return False
    places = np.minimum(np.searchsorted(many, few), many.size - 1)
    return bool((many[places] == few).any())
