"""Files in a bucket of an S3 service (port `Files`). The service shows an object only when it is whole."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from importer.domain.errors import ConfigurationError, ImporterError, StateUnavailable
from importer.store.copies import Copies
from importer.store.counting import MIB, Counted
from importer.store.files import explained

if TYPE_CHECKING:  # obstore shows its types to checkers alone
    from obstore.store import ClientConfig, RetryConfig, S3Config

PART_BYTES = 8 * MIB
"""Of an upload and of a download: a service takes 10,000 parts at most, so a file may have 80 GB."""
PARTS_AT_ONCE = 2
REMOVED_AT_ONCE = 1000
"""As many names as S3 lists on a page and removes in a request."""
CHECK_SECONDS = 10.0

HTTP: "ClientConfig" = {"connect_timeout": "5s", "timeout": "60s"}
"""For one request; a part must fit into it."""
RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}

LOST = "NoSuchKey"
FAULTS: Mapping[str, str] = {
    "NoSuchBucket": "The bucket {place} does not exist. Make it, or correct `files` in the settings.",
    "InvalidAccessKeyId": "The service of the bucket {place} does not know the access key. Correct it in the settings.",
    "SignatureDoesNotMatch": "The secret key for the bucket {place} is wrong. Correct it in the settings.",
    "AccessDenied": "The access key has no right to {act} in the bucket {place}. Give it the right to list, read, write "
    "and remove objects there.",
    "PermanentRedirect": "The bucket {place} lies in another region. Correct `region` in the settings.",
    "NoCredentials": "There is no access key for the bucket {place}. Set access_key and secret_key under [files].",
}
"""Code of the service's answer -> what an operator has to do."""

WITHOUT_CODE: Mapping[str, str] = {
    "without LOCATION": "PermanentRedirect",
    "instance credentials": "NoCredentials",
    "403 Forbidden": "AccessDenied",
    "401 Unauthorized": "AccessDenied",
    "404 Not Found": LOST,
}
"""Words of an error that carries no code -> the code that they mean."""
CODE = re.compile(r"<Code>(\w+)</Code>")


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where objects lie. Without an endpoint it is Amazon's own service; without keys those of the machine are taken
    (`AWS_ACCESS_KEY_ID` and its kin, or the machine's role)."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.endpoint})" if self.endpoint else self.name


class BucketFiles:
    """`check` it before it is used, `close` it at the end."""

    def __init__(self, bucket: Bucket, *, check_seconds: float = CHECK_SECONDS) -> None:
        self._bucket = bucket
        self._check_seconds = check_seconds
        self._store = _store(bucket)
        self._copies = Copies(self._download)
        self._proved = False

    async def check(self) -> None:
        """The first time in the life of a process it writes and removes a few bytes; later it only lists."""
        try:
            async with asyncio.timeout(self._check_seconds):
                await self._check()
        except TimeoutError:
            raise StateUnavailable(
                f"The service of the bucket {self._bucket} does not answer within {self._check_seconds:.0f} seconds.",
                code="files.unavailable",
            ) from None

    async def _check(self) -> None:
        name = f"checks/{uuid.uuid4().hex}"
        with self._explained(name, "list", stops=True):
            async for _page in obstore.list(self._store, prefix=name):
                pass
        if self._proved:
            return
        with self._explained(name, "write", stops=True):
            await obstore.put_async(self._store, name, b"importer", use_multipart=False)
        with self._explained(name, "remove", stops=True):
            await obstore.delete_async(self._store, name)
        self._proved = True

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        """What the sender raises stays what it is, and ends the upload: no part of it is left.

        When the answer to the last request is lost, its repetition is told that there is no such upload: then the object
        is there.
        """
        counted, sent = Counted(limit), False
        try:
            with self._explained(name, "write"):
                async with obstore.open_writer_async(
                    self._store, name, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
                ) as writer:
                    async for chunk in chunks:
                        counted.add(chunk)
                        await writer.write(chunk)
                    sent = True
        except StateUnavailable:
            if not sent or not await self._arrived(name, counted.size):
                raise
        return counted.size, counted.sha256

    async def write(self, name: str, content: bytes) -> None:
        with self._explained(name, "write"):
            await obstore.put_async(self._store, name, content, use_multipart=False)

    async def read(self, name: str, *, start: int = 0, length: int | None = None) -> bytes:
        with self._explained(name, "read"):
            if length is not None:
                return bytes(await obstore.get_range_async(self._store, name, start=start, length=length))
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())[start:]

    async def remove(self, folder: str) -> None:
        self._copies.forget(folder)
        with self._explained(folder, "remove"):
            async for page in obstore.list(self._store, prefix=folder, chunk_size=REMOVED_AT_ONCE):
                await obstore.delete_async(self._store, [entry["path"] for entry in page])

    @asynccontextmanager
    async def local(self, name: str) -> AsyncIterator[Path]:
        async with self._copies.of(name) as path:
            yield path

    def close(self) -> None:
        self._copies.close()

    async def _download(self, name: str, path: Path) -> None:
        """Part by part: memory holds one, and each is a request that may take its time or be repeated."""
        with self._explained(name, "read"):
            size = await self._size(name)
        with explained():
            async with aiofiles.open(path, "wb") as file:
                for start in range(0, size, PART_BYTES):
                    length = min(PART_BYTES, size - start)
                    with self._explained(name, "read"):
                        part = await obstore.get_range_async(self._store, name, start=start, length=length)
                    await file.write(part)

    async def _arrived(self, name: str, size: int) -> bool:
        try:
            return await self._size(name) == size
        except (BaseError, OSError):
            return False

    async def _size(self, name: str) -> int:
        """A refusal of HEAD has no words: GET says whether it is the file or the bucket that is gone."""
        try:
            return (await obstore.head_async(self._store, name))["size"]
        except (BaseError, FileNotFoundError):
            return (await obstore.get_async(self._store, name)).meta["size"]

    @contextmanager
    def _explained(self, name: str, act: str, *, stops: bool = False) -> Iterator[None]:
        """Raises what an error of the service means to a person; never its words, which hold addresses and more.

        StateUnavailable, for what is wrong now was right at the start and may be mended; with `stops`
        ConfigurationError where only a person can help.
        """
        try:
            yield
        except (BaseError, OSError) as error:
            if not _of_the_service(error):
                raise
            code = _code(str(error))
            if code == LOST:
                text = f"The kept file {name} is gone from the bucket {self._bucket}."
                raise ImporterError(text, code="file.lost") from None
            if code is not None and code in FAULTS:
                kind = ConfigurationError if stops else StateUnavailable
                raise kind(FAULTS[code].format(place=self._bucket, act=act), code="files.refused") from None
            said = f" ({code})" if code else ""
            raise StateUnavailable(
                f"The service of the bucket {self._bucket} does not answer as it should{said}.",
                code="files.unavailable",
            ) from None


def _of_the_service(error: Exception) -> bool:
    """A writer gives its errors as an OSError without a number; those of a disk or a sender have one, or a class."""
    return isinstance(error, BaseError) or (
        type(error) in (OSError, FileNotFoundError) and not error.args[1:]
    )


def _code(words: str) -> str | None:
    found = CODE.search(words)
    if found:
        return found[1]
    return next((code for part, code in WITHOUT_CODE.items() if part in words), None)


def _store(bucket: Bucket) -> S3Store:
    config: S3Config = {}
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    if bucket.region:
        config["region"] = bucket.region
    if bucket.access_key and bucket.secret_key:
        config |= {"access_key_id": bucket.access_key, "secret_access_key": bucket.secret_key}
    http: ClientConfig = {**HTTP, "allow_http": (bucket.endpoint or "").startswith("http://")}
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config=config,
        client_options=http,
        retry_config=RETRIES,
    )
