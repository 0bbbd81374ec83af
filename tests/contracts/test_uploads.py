"""Files that come in pieces: what is told to be kept is kept, on each database and in each place of files."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from importer.domain.errors import StateUnavailable, TooLarge, UnknownName, Untimely
from importer.domain.uploads import Upload
from importer.ports import Files, Ports
from importer.services.uploading import PART_BYTES, Uploading
from importer.store.buckets import BucketFiles
from importer.store.database import Database
from importer.store.files import LocalFiles
from importer.store.uploads import SqlUploads
from tests.buckets import Service, s3_service
from tests.clocks import HandClock

SIZE = 2 * PART_BYTES + 12_345
WHOLE = random.Random(1).randbytes(SIZE)
HOUR = 3600.0


class Cut(Exception):
    """The sender is gone."""


@dataclass
class Place:
    uploading: Uploading
    ports: Any
    clock: HandClock

    async def begin(self, size: int = SIZE) -> Upload:
        return await self.uploading.begin("me", name="a.csv", size=size)

    async def kept(self, upload: Upload) -> bytes:
        upload = await self.uploading.get(upload.id, "me")
        content = b"".join([chunk async for chunk in self.uploading.chunks(upload)])
        assert len(content) == upload.offset
        return content


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with s3_service() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path, service: Service) -> Iterator[Files]:
    if request.param == "folder":
        yield LocalFiles(tmp_path / "files")
        return
    files = BucketFiles(service.bucket())
    yield files
    files.close()


@dataclass
class Some:
    """The ports that uploads need."""

    uploads: SqlUploads
    files: Files
    clock: HandClock


@pytest.fixture
def place(database: Database, files: Files, clock: HandClock) -> Place:
    ports = Some(SqlUploads(database, clock), files, clock)
    return Place(Uploading(cast("Ports", ports), upload_limit=SIZE, keep_hours=24), ports, clock)


async def chunks(content: bytes, size: int = 100_000, *, cut: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
    if cut:
        raise Cut


async def test_a_file_comes_in_any_number_of_pieces_and_comes_back_whole(place: Place) -> None:
    upload = await place.begin()
    for start, stop in ((0, 10), (10, PART_BYTES), (PART_BYTES, SIZE)):
        upload = await place.uploading.get(upload.id, "me")
        after = await place.uploading.append(upload, chunks(WHOLE[start:stop]))
        assert (after.offset, await place.uploading.get(upload.id, "me")) == (stop, after)

    assert after.whole
    assert await place.kept(upload) == WHOLE


async def test_what_came_before_the_sender_was_cut_off_is_kept(place: Place) -> None:
    upload = await place.begin()
    with pytest.raises(Cut):
        await place.uploading.append(upload, chunks(WHOLE[: PART_BYTES + 77], cut=True))

    assert await place.kept(upload) == WHOLE[: PART_BYTES + 77]
    upload = await place.uploading.get(upload.id, "me")
    await place.uploading.append(upload, chunks(WHOLE[upload.offset :]))
    assert await place.kept(upload) == WHOLE


async def test_of_two_that_go_on_at_once_one_is_kept(place: Place) -> None:
    upload = await place.begin(10)
    tries = [place.uploading.append(upload, chunks(bytes([number]) * 5)) for number in range(4)]
    ends = await asyncio.gather(*tries, return_exceptions=True)

    assert [type(end) for end in ends if not isinstance(end, Upload)] == [Untimely] * 3
    [kept] = [number for number, end in enumerate(ends) if isinstance(end, Upload)]
    assert await place.kept(upload) == bytes([kept]) * 5


async def test_more_than_was_announced_or_may_be_is_refused(place: Place) -> None:
    with pytest.raises(TooLarge):
        await place.begin(SIZE + 1)
    upload = await place.begin(10)
    with pytest.raises(TooLarge):
        await place.uploading.append(upload, chunks(bytes(11)))
    assert (await place.uploading.get(upload.id, "me")).offset == 0


async def test_nobody_sees_what_somebody_else_has_begun(place: Place) -> None:
    upload = await place.begin()

    told = set()
    for upload_id in (upload.id, "upl_none"):
        with pytest.raises(UnknownName) as caught:
            await place.uploading.get(upload_id, "you")
        told.add(caught.value.text.replace(upload_id, "..."))
    assert len(told) == 1


async def test_an_upload_goes_when_its_time_is_over_and_each_byte_gives_it_more(place: Place) -> None:
    upload, other = await place.begin(), await place.begin()
    place.clock.forward(23 * HOUR)
    await place.uploading.append(upload, chunks(WHOLE[:10]))
    place.clock.forward(23 * HOUR)
    with pytest.raises(UnknownName):
        await place.uploading.get(other.id, "me")
    await place.uploading.sweep()
    assert await place.kept(upload) == WHOLE[:10]
    [part] = await place.ports.uploads.parts(upload.id)

    place.clock.forward(HOUR)
    await place.uploading.sweep()
    assert await place.ports.uploads.left(limit=9) == []
    assert await place.ports.uploads.parts(upload.id) == []
    with pytest.raises(Exception, match="gone"):
        await place.ports.files.read(part.file)


async def test_a_sweep_goes_on_where_a_killed_one_was(place: Place) -> None:
    upload = await place.uploading.append(await place.begin(), chunks(WHOLE[:10]))
    [part] = await place.ports.uploads.parts(upload.id)
    await place.ports.uploads.record_removed(upload.id)  # and here it was killed

    with pytest.raises(UnknownName):
        await place.uploading.get(upload.id, "me")
    await place.uploading.sweep()
    assert await place.ports.uploads.left(limit=9) == []
    with pytest.raises(Exception, match="gone"):
        await place.ports.files.read(part.file)


async def test_what_is_removed_while_it_comes_leaves_nothing(place: Place) -> None:
    upload = await place.begin()
    await place.uploading.remove(upload)
    with pytest.raises(UnknownName):
        await place.uploading.append(upload, chunks(WHOLE[:10]))

    assert await place.ports.uploads.parts(upload.id) == []


async def test_no_part_is_larger_than_memory_may_hold(place: Place) -> None:
    upload = await place.uploading.append(await place.begin(), chunks(WHOLE, size=700_001))

    parts = await place.ports.uploads.parts(upload.id)
    assert [part.size for part in parts] == [PART_BYTES, PART_BYTES, SIZE - 2 * PART_BYTES]


class Failing:
    """A place of files that cannot be used at some writes."""

    def __init__(self, files: Files, failures: set[int]) -> None:
        self._files, self._failures, self._writes = files, failures, 0

    async def write(self, name: str, content: bytes) -> None:
        self._writes += 1
        if self._writes in self._failures:
            raise StateUnavailable("There is no room.")
        await self._files.write(name, content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)


@pytest.mark.parametrize("failures", [{1}, {2}, {3}, {1, 2}, {2, 3}])
async def test_what_is_kept_is_the_beginning_of_the_file_wherever_the_disk_fails(
    place: Place, failures: set[int]
) -> None:
    place.ports.files = Failing(place.ports.files, failures)
    upload = await place.begin()
    with pytest.raises(StateUnavailable):
        await place.uploading.append(upload, chunks(WHOLE, size=1_500_000))
    upload = await place.uploading.get(upload.id, "me")
    assert await place.kept(upload) == WHOLE[: upload.offset]

    await place.uploading.append(upload, chunks(WHOLE[upload.offset :]))
    assert await place.kept(upload) == WHOLE
