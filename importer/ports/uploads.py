"""Files that come in pieces, as they are recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from importer.domain.uploads import Part, Upload


class Uploads(Protocol):
    """A part counts once it is recorded; that it is removed is recorded before its bytes are."""

    async def begin(self, upload: Upload) -> None: ...

    async def get(self, upload_id: str) -> Upload:
        """Raises UnknownName when there is none, or it was recorded as removed, or its time is over."""
        ...

    async def record_part(self, upload: Upload, part: Part, expires_at: datetime) -> bool:
        """The part follows on what `upload` has. False when it has more by now, or was removed."""
        ...

    async def parts(self, upload_id: str) -> Sequence[Part]:
        """In their order."""
        ...

    async def record_removed(self, upload_id: str) -> None:
        """From now on there is no such upload; its bytes may be there still."""
        ...

    async def record_expired(self) -> None:
        """Those whose time is over are removed."""
        ...

    async def left(self, *, limit: int) -> Sequence[str]:
        """Ids of removed uploads whose bytes may be there still."""
        ...

    async def cleared(self, upload_id: str) -> None:
        """Nothing of it is left."""
        ...
