"""Taking in a file in pieces: what has come stays, whatever happens to its sender or to this process.

The bytes are kept in parts. A part is written first and recorded then, so the offset that is told is true after every
crash; of two requests that go on from one offset, one part is recorded.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePath

from importer.domain.errors import TooLarge
from importer.domain.uploads import Part, Upload, unknown_upload
from importer.ports import Ports

PART_BYTES = 2 << 20
"""A part in memory, and at most what a killed process loses of a request."""
AT_ONCE = 100
MIB = 1 << 20
NAME_LIMIT = 200


class Uploading:
    """`keep_hours`: how long an upload is kept after its last byte has come, whole or not."""

    def __init__(self, ports: Ports, *, upload_limit: int, keep_hours: float) -> None:
        self._ports = ports
        self.limit = upload_limit
        self._keep_for = timedelta(hours=keep_hours)

    async def begin(self, owner: str, *, name: str, size: int, metadata: str = "") -> Upload:
        """Raises TooLarge."""
        if size > self.limit:
            text = f"The file is larger than the limit of {self.limit / MIB:,.0f} MiB. Split it."
            raise TooLarge(text)
        upload = Upload(
            id=f"upl_{secrets.token_hex(12)}",
            owner=owner,
            name=_readable(name),
            size=size,
            metadata=metadata,
            expires_at=self._expiry(),
        )
        await self._ports.uploads.begin(upload)
        return upload

    async def get(self, upload_id: str, owner: str) -> Upload:
        """Raises UnknownName, too, for one of another owner."""
        upload = await self._ports.uploads.get(upload_id)
        if upload.owner != owner:
            raise unknown_upload(upload_id)
        return upload

    async def append(self, upload: Upload, chunks: AsyncIterator[bytes]) -> Upload:
        """The upload as it is afterwards. What came before the sender was interrupted is kept.

        Raises Untimely when another request went on with it, TooLarge for more bytes than were announced.
        """
        gathered = bytearray()
        try:
            async for chunk in chunks:
                if upload.offset + len(gathered) + len(chunk) > upload.size:
                    text = f"The upload {upload.id} was announced with {upload.size:,} bytes; this is more."
                    raise TooLarge(text, code="upload.size")
                gathered += chunk
                while len(gathered) >= PART_BYTES:
                    upload = await self._keep(upload, bytes(gathered[:PART_BYTES]))
                    del gathered[
                        :PART_BYTES
                    ]  # not before it is kept: what follows it must not stand in its place
        finally:
            if gathered:
                upload = await self._keep(upload, bytes(gathered[:PART_BYTES]))
        return upload

    async def chunks(self, upload: Upload) -> AsyncIterator[bytes]:
        """Its bytes, a part at a time."""
        for part in await self._ports.uploads.parts(upload.id):
            yield await self._ports.files.read(part.file)

    async def remove(self, upload: Upload) -> None:
        await self._ports.uploads.record_removed(upload.id)
        await self._clear(upload.id)

    async def sweep(self) -> None:
        """Remove uploads whose time is over, and what an earlier sweep has left. Any number may run at once."""
        await self._ports.uploads.record_expired()
        while found := await self._ports.uploads.left(limit=AT_ONCE):
            for upload_id in found:
                await self._clear(upload_id)

    async def _keep(self, upload: Upload, content: bytes) -> Upload:
        place = f"{folder(upload.id)}/{upload.offset:015d}-{secrets.token_hex(4)}"
        part = Part(start=upload.offset, size=len(content), file=f"{place}/part")
        await self._ports.files.write(part.file, content)
        expires_at = self._expiry()
        if not await self._ports.uploads.record_part(upload, part, expires_at):
            await self._ports.files.remove(place)
            (await self._ports.uploads.get(upload.id)).require_at(upload.offset)
        return replace(upload, offset=upload.offset + part.size, expires_at=expires_at)

    async def _clear(self, upload_id: str) -> None:
        await self._ports.files.remove(folder(upload_id))
        await self._ports.uploads.cleared(upload_id)

    def _expiry(self) -> datetime:
        return self._ports.clock.now() + self._keep_for


def _readable(name: str) -> str:
    """It is shown, never opened."""
    last = PurePath("".join(filter(str.isprintable, name)).replace("\\", "/")).name
    return last[-NAME_LIMIT:] or "upload.csv"


def folder(upload_id: str) -> str:
    """Where its parts lie in the file store."""
    return f"uploads/{upload_id}"
