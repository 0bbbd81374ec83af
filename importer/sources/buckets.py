"""`s3://BUCKET/prefix/*.csv`: objects of a bucket. An object is always whole, and has an ETag for its content."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import obstore
from obstore import exceptions
from obstore.store import S3Store

from importer.domain.arrivals import Entry
from importer.domain.errors import FileDamaged, SourceMissing
from importer.domain.places import Place
from importer.sources.allowed import Allowed
from importer.sources.folders import names

CHUNK_BYTES = 1 << 20


@asynccontextmanager
async def opened(place: Place, allowed: Allowed) -> AsyncIterator["Bucket"]:
    """Without a login in the settings, that of the environment is used (AWS_ACCESS_KEY_ID, the machine's role)."""
    login = allowed.login(place.host)
    words: Any = {}  # as the library says it, which has no name for that
    if login is not None:
        given = {
            "access_key_id": login.user,
            "secret_access_key": login.password,
            "endpoint": login.endpoint,
            "region": login.region,
        }
        words = {name: value for name, value in given.items() if value}
    plain = words.get("endpoint", "").startswith("http://")
    yield Bucket(place, S3Store(place.host, config=words, client_options={"allow_http": plain}))


class Bucket:
    def __init__(self, place: Place, store: S3Store) -> None:
        self._place, self._store = place, store
        self._prefix = place.folder.strip("/")

    async def entries(self) -> list[Entry]:
        with self._explained():
            found = await obstore.list_with_delimiter_async(self._store, self._prefix or None)
        return [
            Entry(
                name=one["path"].rpartition("/")[2],
                size=one["size"],
                changed_at=one["last_modified"],
                mark=f"{one['e_tag']} {one['size']}",
            )
            for one in found["objects"]
        ]

    async def read(self, entry: Entry) -> AsyncIterator[bytes]:
        with self._explained(entry.name):
            got = await obstore.get_async(self._store, self._path(entry.name))
            self._require(entry, got.meta["e_tag"], got.meta["size"])
            async for chunk in got.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def move(self, entry: Entry, folder: str) -> None:
        """A copy first, then the old one goes: whatever happens in between, it is there."""
        await self._require_same(entry)
        with self._explained(entry.name):
            for name in names(entry.name):
                target = f"{self._prefix}/{folder}/{name}".lstrip("/")
                if not await self._is_there(target):
                    await obstore.copy_async(self._store, self._path(entry.name), target)
                    await obstore.delete_async(self._store, self._path(entry.name))
                    return

    async def delete(self, entry: Entry) -> None:
        await self._require_same(entry)
        with self._explained(entry.name):
            await obstore.delete_async(self._store, self._path(entry.name))

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{name}".lstrip("/")

    async def _is_there(self, path: str) -> bool:
        try:
            await obstore.head_async(self._store, path)
        except (exceptions.NotFoundError, FileNotFoundError):
            return False
        return True

    async def _require_same(self, entry: Entry) -> None:
        with self._explained(entry.name):
            found = await obstore.head_async(self._store, self._path(entry.name))
        self._require(entry, found["e_tag"], found["size"])

    def _require(self, entry: Entry, e_tag: str | None, size: int) -> None:
        if f"{e_tag} {size}" != entry.mark:
            raise FileDamaged(
                f"{entry.name} in {self._place}: the file was changed meanwhile. Nothing was done with it.",
                code="file.changed",
            )

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        what = f"{name} in {self._place}" if name else str(self._place)
        try:
            yield
        except (exceptions.NotFoundError, FileNotFoundError):
            raise SourceMissing(f"There is no {what} (any more).", code="source.missing") from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError):
            raise SourceMissing(
                f"{what}: the login is refused. Check it in the settings.", code="source.denied"
            ) from None
        except exceptions.BaseError as error:
            said = str(error).splitlines()[0].rstrip(".")[:200]
            raise SourceMissing(f"{what} cannot be reached: {said}.", code="source.unreachable") from None
