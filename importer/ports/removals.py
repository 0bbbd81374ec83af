"""What is kept no longer, as it is recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from importer.domain.imports import Import


class Removals(Protocol):
    """Imports whose files are removed: that is recorded first, and what was recorded is removed until it is said to be."""

    async def due(self, before: datetime, *, after: str = "", limit: int) -> Sequence[Import]:
        """Imports that ended before that moment and whose files are kept, by id, those after the id `after`."""
        ...

    async def record_files_removed(self, import_id: str, before: datetime) -> bool:
        """From now on its files do not count. False when it did not end before that moment, or began again meanwhile,
        or was recorded before."""
        ...

    async def left(self, *, after: str = "", limit: int) -> Sequence[str]:
        """Ids of imports whose files were recorded as removed and may be there still, those after the id `after`."""
        ...

    async def cleared(self, import_id: str) -> None:
        """Nothing of its files is left."""
        ...
