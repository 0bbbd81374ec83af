"""Uploads and their parts in SQL (port `Uploads`)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from importer.domain.uploads import Part, Upload, unknown_upload
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import upload_parts, uploads


class SqlUploads:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def begin(self, upload: Upload) -> None:
        async with self._database.writing() as connection:
            await connection.execute(insert(uploads).values(**asdict(upload), removed=False))

    async def get(self, upload_id: str) -> Upload:
        query = select(uploads).where(uploads.c.id == upload_id, uploads.c.removed.is_(False))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None or row["expires_at"] <= self._clock.now():
            raise unknown_upload(upload_id)
        return Upload(**{name: value for name, value in row.items() if name != "removed"})

    @whole
    async def record_part(self, upload: Upload, part: Part, expires_at: datetime) -> bool:
        goes_on = (
            update(uploads)
            .where(uploads.c.id == upload.id, uploads.c.removed.is_(False), uploads.c.offset == upload.offset)
            .values(offset=upload.offset + part.size, expires_at=expires_at)
        )
        async with self._database.writing() as connection:
            if (await connection.execute(goes_on)).rowcount != 1:
                return False
            await connection.execute(insert(upload_parts).values(upload_id=upload.id, **asdict(part)))
            return True

    async def parts(self, upload_id: str) -> Sequence[Part]:
        query = (
            select(upload_parts).where(upload_parts.c.upload_id == upload_id).order_by(upload_parts.c.start)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Part(start=row["start"], size=row["size"], file=row["file"]) for row in rows]

    @whole
    async def record_removed(self, upload_id: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(uploads).where(uploads.c.id == upload_id).values(removed=True))

    @whole
    async def record_expired(self) -> None:
        over = uploads.c.expires_at <= self._clock.now()
        async with self._database.writing() as connection:
            await connection.execute(
                update(uploads).where(over, uploads.c.removed.is_(False)).values(removed=True)
            )

    async def left(self, *, limit: int) -> Sequence[str]:
        query = select(uploads.c.id).where(uploads.c.removed.is_(True)).order_by(uploads.c.id).limit(limit)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalars().all()

    @whole
    async def cleared(self, upload_id: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(upload_parts).where(upload_parts.c.upload_id == upload_id))
            await connection.execute(delete(uploads).where(uploads.c.id == upload_id))
