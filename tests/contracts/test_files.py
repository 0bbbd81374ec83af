"""The files: whole or absent, streamed with bounded memory, and never lost because the place is away for a while."""

import asyncio
import hashlib
import random
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from importer.domain.errors import ConfigurationError, ImporterError, StateUnavailable, TooLarge
from importer.ports import Files
from importer.store.buckets import PART_BYTES, Bucket, BucketFiles
from importer.store.copies import Copies
from importer.store.files import LocalFiles
from tests.buckets import Service, s3_service

NAME = "imports/imp_1/source"
SEVERAL_PARTS = 2 * PART_BYTES + 12_345
NO_LIMIT = 1 << 40


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with s3_service() as running:
        yield running


@dataclass
class Place:
    """Where files are kept, and everything that lies there, half-written things included."""

    files: Files
    names: Callable[[], set[str]]


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, service: Service) -> Iterator[Place]:
    if request.param == "folder":
        root = tmp_path / "files"
        yield Place(
            LocalFiles(root),
            lambda: {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()},
        )
        return
    bucket = service.bucket()
    files = BucketFiles(bucket)
    yield Place(files, lambda: {name.removeprefix("shops/kept/") for name in service.names(bucket)})
    files.close()


@pytest.fixture
def files(place: Place) -> Files:
    return place.files


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def chunks(whole: bytes, size: int = 1 << 20) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


@pytest.mark.parametrize("size", [0, 1, SEVERAL_PARTS])
async def test_what_is_kept_comes_back_with_its_size_and_hash(files: Files, size: int) -> None:
    whole = content(size)

    assert await files.keep(NAME, chunks(whole), limit=NO_LIMIT) == (size, hashlib.sha256(whole).hexdigest())
    assert await files.read(NAME) == whole
    async with files.local(NAME) as path:
        assert path.read_bytes() == whole


@pytest.mark.parametrize("size", [100, SEVERAL_PARTS])
async def test_a_byte_too_many_is_refused_and_nothing_is_left(place: Place, size: int) -> None:
    with pytest.raises(TooLarge, match="larger than the limit"):
        await place.files.keep(NAME, chunks(content(size)), limit=size - 1)
    assert place.names() == set()
    assert await place.files.keep(NAME, chunks(content(size)), limit=size)


@pytest.mark.parametrize("sent", [100, SEVERAL_PARTS])
@pytest.mark.parametrize("broken", [ConnectionResetError(), OSError(104, "reset"), asyncio.CancelledError()])
async def test_a_sender_that_breaks_off_is_heard_and_nothing_is_left(
    place: Place, sent: int, broken: BaseException
) -> None:
    async def sender() -> AsyncIterator[bytes]:
        async for chunk in chunks(content(sent)):
            yield chunk
        raise broken

    with pytest.raises(type(broken)) as caught:
        await place.files.keep(NAME, sender(), limit=NO_LIMIT)
    assert caught.value is broken
    assert place.names() == set()


async def test_a_file_is_absent_until_it_is_whole(place: Place) -> None:
    async def sender() -> AsyncIterator[bytes]:
        async for chunk in chunks(content(SEVERAL_PARTS)):
            yield chunk
        with pytest.raises(ImporterError) as caught:
            await place.files.read(NAME)
        assert caught.value.code == "file.lost"

    await place.files.keep(NAME, sender(), limit=NO_LIMIT)
    assert place.names() == {NAME}


async def test_a_part_of_a_file_is_read_alone(files: Files) -> None:
    await files.write(NAME, bytes(range(100)))

    assert await files.read(NAME, start=10, length=5) == bytes(range(10, 15))
    assert await files.read(NAME, start=95, length=50) == bytes(range(95, 100))
    assert await files.read(NAME, start=90) == bytes(range(90, 100))


async def test_what_is_written_again_is_replaced(files: Files) -> None:
    for written in (b"first", b"second"):
        await files.write(NAME, written)
        assert await files.read(NAME) == written


async def test_a_file_that_is_not_there_is_said(files: Files) -> None:
    for reading in (files.read(NAME), files.read(NAME, start=1, length=2), files.local(NAME).__aenter__()):
        with pytest.raises(ImporterError, match=f"The kept file {NAME} is gone") as caught:
            await reading
        assert caught.value.code == "file.lost"


@pytest.mark.timeout(240)
async def test_a_folder_is_removed_whole_and_alone(place: Place) -> None:
    """More files than a service lists on one page."""
    for start in range(0, 1050, 50):
        await asyncio.gather(
            *(place.files.write(f"imports/imp_1/batches/{n}", b"x") for n in range(start, start + 50))
        )
    await place.files.write("imports/imp_10/source", b"another")

    for _ in range(2):
        await place.files.remove("imports/imp_1")
        assert place.names() == {"imports/imp_10/source"}


async def test_many_remove_the_same_at_once(place: Place) -> None:
    for number in range(30):
        await place.files.write(f"imports/imp_1/batches/{number}", b"x")

    await asyncio.gather(*(place.files.remove("imports/imp_1") for _ in range(5)))

    assert place.names() == set()


async def test_a_check_leaves_nothing(place: Place) -> None:
    for _ in range(2):
        await place.files.check()
    assert place.names() == set()


async def test_what_was_removed_is_no_longer_there_as_a_path(files: Files) -> None:
    await files.write(NAME, b"x")
    async with files.local(NAME):
        pass
    await files.remove("imports/imp_1")

    with pytest.raises(ImporterError, match="is gone"):
        async with files.local(NAME):
            pytest.fail("a path")


# --- what only a bucket can do -----------------------------------------------------------------------------------


@pytest.fixture
def bucket(service: Service) -> Bucket:
    return service.bucket()


@pytest.fixture
def kept(bucket: Bucket) -> Iterator[BucketFiles]:
    files = BucketFiles(bucket)
    yield files
    files.close()


def every_use(files: Files) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("keep", lambda: files.keep(NAME, chunks(content(SEVERAL_PARTS)), limit=NO_LIMIT)),
        ("keep little", lambda: files.keep(NAME, chunks(b"x"), limit=NO_LIMIT)),
        ("write", lambda: files.write(NAME, b"x")),
        ("read", lambda: files.read(NAME)),
        ("read a part", lambda: files.read(NAME, start=0, length=1)),
        ("remove", lambda: files.remove("imports/imp_1")),
        ("local", lambda: files.local(NAME).__aenter__()),
    ]


async def unavailable(files: Files, says: str) -> None:
    for name, use in every_use(files):
        with pytest.raises(StateUnavailable, match=says) as caught:
            await use()  # type: ignore[misc]
        assert "hidden-key" not in caught.value.text, name
        assert "AKIDTEST" not in caught.value.text, name


async def test_a_service_that_went_away_is_unavailable_and_then_there_again(
    service: Service, kept: BucketFiles
) -> None:
    await kept.write(NAME, b"kept")
    service.stop()
    try:
        with pytest.raises(StateUnavailable, match="does not answer as it should"):
            await kept.check()
        await unavailable(kept, "does not answer as it should")
    finally:
        service.start()
    await kept.check()
    assert await kept.read(NAME) == b"kept"


async def test_a_bucket_that_is_gone_is_unavailable_and_no_file_is_called_lost(
    service: Service, bucket: Bucket, kept: BucketFiles
) -> None:
    await kept.check()
    service.remove(bucket)
    await unavailable(kept, f"The bucket {bucket.name} .* does not exist. Make it, or correct `files`")
    service.make(bucket)
    await kept.write(NAME, b"again")


async def test_a_key_that_was_withdrawn_is_unavailable_until_it_is_given_again(
    service: Service, kept: BucketFiles
) -> None:
    await kept.check()
    with service.asking_for_rights():
        await unavailable(kept, "does not know the access key")
    await kept.write(NAME, b"again")


async def test_at_the_start_what_a_person_must_mend_is_a_fault_of_the_settings(
    service: Service, bucket: Bucket
) -> None:
    with (
        closing(BucketFiles(replace(bucket, name="no-such-bucket"))) as missing,
        pytest.raises(ConfigurationError, match=r"The bucket no-such-bucket .* does not exist"),
    ):
        await missing.check()
    with (
        service.asking_for_rights(),
        closing(BucketFiles(bucket)) as refused,
        pytest.raises(ConfigurationError, match="does not know the access key"),
    ):
        await refused.check()


async def test_a_service_that_says_nothing_is_not_waited_for(bucket: Bucket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        place = replace(bucket, endpoint=f"http://{host}:{port}")
        with (
            closing(BucketFiles(place, check_seconds=0.2)) as files,
            pytest.raises(StateUnavailable, match="does not answer within"),
        ):
            await files.check()


FORGOTTEN = (
    b"HTTP/1.0 404 Not Found\r\nContent-Type: application/xml\r\n\r\n"
    b"<Error><Code>NoSuchUpload</Code><Message>The specified upload does not exist.</Message></Error>"
)
"""What a service says of an upload that has ended, when it does not remember how."""


@asynccontextmanager
async def losing_the_last_answer(service: Service) -> AsyncIterator[str]:
    """The service behind a line that breaks once: when the end of an upload was carried out, before that is said."""
    lost: list[bytes] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        body = await reader.readexactly(int(length[1]) if length else 0)
        from_service, to_service = await asyncio.open_connection(*service.place)
        to_service.write(head + body)
        answer = await from_service.read()
        ends = head.startswith(b"POST") and b"uploadId=" in head
        if not ends or lost:
            writer.write(FORGOTTEN if ends else answer)
            await writer.drain()
        else:
            lost.append(answer)
        to_service.close()
        writer.close()

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as line:
        host, port = line.sockets[0].getsockname()
        yield f"http://{host}:{port}"
    assert lost
    assert lost[0].startswith(b"HTTP/1.0 200")


async def test_an_upload_whose_last_answer_is_lost_is_kept(service: Service, bucket: Bucket) -> None:
    whole = content(SEVERAL_PARTS)
    async with losing_the_last_answer(service) as address:
        with closing(BucketFiles(replace(bucket, endpoint=address))) as files:
            assert await files.keep(NAME, chunks(whole), limit=NO_LIMIT) == (
                SEVERAL_PARTS,
                hashlib.sha256(whole).hexdigest(),
            )
            assert await files.read(NAME) == whole


def test_a_bucket_shows_no_key(bucket: Bucket) -> None:
    assert "hidden-key" not in repr(bucket) + str(bucket)
    assert "AKIDTEST" not in repr(bucket) + str(bucket)


# --- copies on this machine --------------------------------------------------------------------------------------


class Fetched:
    """Brings files of ten bytes, and remembers which."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.breaks = False

    async def __call__(self, name: str, path: Path) -> None:
        self.names.append(name)
        await asyncio.sleep(0)
        await asyncio.to_thread(path.write_bytes, b"x" * 10)
        if self.breaks:
            raise ConnectionResetError


async def test_a_copy_is_fetched_once_for_all_who_read_it_and_stays_for_the_next() -> None:
    fetched = Fetched()
    copies = Copies(fetched, idle_bytes=10)

    async def reader() -> bytes:
        async with copies.of("a") as path:
            await asyncio.sleep(0)
            return path.read_bytes()

    assert await asyncio.gather(*(reader() for _ in range(5))) == [b"x" * 10] * 5
    assert await reader()
    assert fetched.names == ["a"]
    copies.close()


async def test_copies_beyond_the_limit_go_the_oldest_first_and_never_while_they_are_read() -> None:
    fetched = Fetched()
    copies = Copies(fetched, idle_bytes=20)

    async with copies.of("read") as held:
        paths = {}
        for name in "abc":
            async with copies.of(name) as path:
                paths[name] = path
        assert [path.exists() for path in paths.values()] == [False, True, True]
        assert held.exists()
    copies.close()
    assert not held.parent.exists()


async def test_a_copy_larger_than_the_limit_goes_when_it_was_read() -> None:
    copies = Copies(Fetched(), idle_bytes=5)
    async with copies.of("a") as path:
        assert path.exists()
    assert not path.exists()
    copies.close()


async def test_a_copy_that_broke_off_is_fetched_again() -> None:
    fetched = Fetched()
    copies = Copies(fetched)
    fetched.breaks = True
    with pytest.raises(ConnectionResetError):
        async with copies.of("a"):
            pytest.fail("a path")
    fetched.breaks = False
    async with copies.of("a") as path:
        assert path.read_bytes()
    assert fetched.names == ["a", "a"]
    copies.close()


async def test_a_copy_of_a_removed_file_is_read_to_its_end_and_not_used_again() -> None:
    fetched = Fetched()
    copies = Copies(fetched)
    async with copies.of("imports/a/source") as path:
        copies.forget("imports/a")
        assert path.exists()
        async with copies.of("imports/a/source") as other:
            assert other != path
    assert not path.exists()
    assert fetched.names == ["imports/a/source"] * 2
    copies.close()
