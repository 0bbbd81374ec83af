"""`sftp://`: a folder of an SFTP server whose key is known beforehand; one that nobody vouches for is not talked to."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import asyncssh

from importer.domain.arrivals import Entry
from importer.domain.errors import ConfigurationError, FileDamaged, SourceMissing
from importer.domain.places import Place
from importer.sources.allowed import Allowed
from importer.sources.folders import is_text, names
from importer.sources.guard import checked_addresses

CHUNK_BYTES = 1 << 18
CONNECT_SECONDS = 15
PORT = 22


@asynccontextmanager
async def opened(place: Place, allowed: Allowed) -> AsyncIterator["Sftp"]:
    """Raises ConfigurationError without known hosts or with an unknown key, SourceMissing when it cannot be reached."""
    if allowed.known_hosts is None:
        raise ConfigurationError(
            f"{place}: the key of the server must be known. Write it into a file (ssh-keyscan {place.host}, compared with "
            "what its owner says) and name that in the setting known_hosts.",
            code="source.host_key",
        )
    login = allowed.login(place.host, place.user)
    port = place.port or PORT
    with _explained(str(place)):
        [address, *_] = await checked_addresses(place.host, port, allowed.hosts)
        async with (
            asyncssh.connect(
                address,
                port,
                host_key_alias=place.host,
                known_hosts=str(allowed.known_hosts),
                username=place.user or (login.user if login else ""),
                password=(login.password or None) if login else None,
                client_keys=[str(login.key_file)] if login and login.key_file else None,
                agent_path=None,
                config=None,
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
            ) as connection,
            connection.start_sftp_client(path_errors="surrogateescape") as client,
        ):
            yield Sftp(place, client)


class Sftp:
    def __init__(self, place: Place, client: asyncssh.SFTPClient) -> None:
        self._place, self._client = place, client

    async def entries(self) -> list[Entry]:
        with _explained(str(self._place)):
            found = await self._client.readdir(self._place.folder or "/")
        files = [one for one in found if one.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR]
        entries = [_entry(str(one.filename), one.attrs) for one in files]
        if any(self._place.fits(one.name) and not is_text(one.name) for one in entries):
            raise ConfigurationError(
                f"The name of a file in {self._place} is not UTF-8. Rename it.", code="source.name"
            )
        return [one for one in entries if is_text(one.name)]

    async def read(self, entry: Entry) -> AsyncIterator[bytes]:
        path = self._path(entry.name)
        with _explained(f"{entry.name} in {self._place}"):
            async with self._client.open(path, "rb") as file:
                self._require(entry, await file.stat())
                chunk: bytes = await file.read(CHUNK_BYTES)
                while chunk:
                    yield chunk
                    chunk = await file.read(CHUNK_BYTES)
                self._require(entry, await file.stat())

    async def move(self, entry: Entry, folder: str) -> None:
        target = f"{self._place.folder}/{folder}"
        with _explained(f"{entry.name} in {self._place}"):
            self._require(entry, await self._client.stat(self._path(entry.name)))
            await self._client.makedirs(target, exist_ok=True)
            for name in names(entry.name):
                if not await self._client.exists(f"{target}/{name}"):
                    await self._client.rename(self._path(entry.name), f"{target}/{name}")
                    return

    async def delete(self, entry: Entry) -> None:
        with _explained(f"{entry.name} in {self._place}"):
            self._require(entry, await self._client.stat(self._path(entry.name)))
            await self._client.remove(self._path(entry.name))

    def _path(self, name: str) -> str:
        return f"{self._place.folder}/{name}"

    def _require(self, entry: Entry, attrs: asyncssh.SFTPAttrs) -> None:
        if _entry(entry.name, attrs).mark != entry.mark:
            raise FileDamaged(
                f"{entry.name} in {self._place}: the file was changed meanwhile. Nothing was done with it.",
                code="file.changed",
            )


def _entry(name: str, attrs: asyncssh.SFTPAttrs) -> Entry:
    changed = datetime.fromtimestamp(attrs.mtime, UTC) if attrs.mtime is not None else None
    return Entry(
        name=name, size=attrs.size, changed_at=changed, mark=f"{attrs.size} {attrs.mtime} {attrs.mtime_ns}"
    )


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """What the library says, as what it means to a person."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise ConfigurationError(
            f"{what}: the server shows a key that known_hosts does not vouch for. Ask its owner before you add it.",
            code="source.host_key",
        ) from None
    except asyncssh.PermissionDenied:
        raise SourceMissing(
            f"{what}: the server refuses the login. Check it in the settings.", code="source.denied"
        ) from None
    except asyncssh.SFTPNoSuchFile:
        raise SourceMissing(f"There is no {what} (any more).", code="source.missing") from None
    except asyncssh.SFTPPermissionDenied:
        raise SourceMissing(f"{what} may not be used by this login.", code="source.denied") from None
    except (asyncssh.Error, OSError, TimeoutError) as error:
        said = str(error).rstrip(".") or type(error).__name__
        raise SourceMissing(f"{what} cannot be reached: {said}.", code="source.unreachable") from None
