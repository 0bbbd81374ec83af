"""The whole importer with its files in a bucket, which goes away and comes back; and on a disk that is full."""

import asyncio
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from importer.domain.commands import Command, Retry
from importer.sandbox.shop import Shop
from importer.settings import FilesSettings, Settings
from importer.store.buckets import Bucket
from tests.buckets import Service, s3_service
from tests.integration.books import check_books, written
from tests.integration.conftest import let_go, working
from tests.integration.test_web import CSV, Site, logged_in

Products = Callable[..., Path]


@pytest.fixture(scope="module")
def s3() -> Iterator[Service]:
    with s3_service() as running:
        yield running


@pytest.fixture
def bucket(s3: Service) -> Bucket:
    return s3.bucket()


@pytest.fixture
def in_bucket(settings: Settings, bucket: Bucket) -> Settings:
    files = FilesSettings(
        url=f"s3://{bucket.name}/{bucket.prefix}",
        endpoint=bucket.endpoint,
        region=bucket.region,
        access_key=SecretStr(bucket.access_key or ""),
        secret_key=SecretStr(bucket.secret_key or ""),
    )
    return settings.model_copy(update={"files": files})


async def test_an_import_its_report_its_retry_and_its_end_need_no_local_folder(
    in_bucket: Settings, s3: Service, bucket: Bucket, shop: Shop, products: Products, tmp_path: Path
) -> None:
    async with working(in_bucket) as run:
        shop.faults.hold_consumers = True
        accepted = await run.accept(products(25, {3: {"price": "x"}}))
        await run.until(lambda one: one.sent > 0, accepted.id)
        await run.importer.steering.cancel(accepted.id, Command(by="somebody"))
        let_go(shop)
        await run.finished(accepted.id)
        await run.importer.retrying.retry(accepted.id, Retry(), Command(by="somebody"))
        state = await run.finished(accepted.id)
        await run.importer.reporting.write_rows(state.id, tmp_path / "mend.csv")

        assert state.equation == "25 rows read = 24 succeeded + 1 invalid"
        assert "A-0003" in (tmp_path / "mend.csv").read_text()
        await check_books(run, state)
        assert f"shops/kept/imports/{state.id}/source" in s3.names(bucket)
        assert not (in_bucket.data_dir / "files").exists()
        await run.importer.retention.sweep(0)
        assert s3.names(bucket) == set()


async def test_while_the_bucket_is_away_steps_wait_requests_get_503_and_then_all_goes_on(
    in_bucket: Settings, s3: Service, shop: Shop, products: Products, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "importer.worker")
    async with working(in_bucket) as run, logged_in(run) as site:
        shop.faults.hold_consumers = True
        state = await run.accept(products(25, {3: {"price": "x"}}))
        await run.until(lambda one: one.sent > 0, state.id)
        s3.stop()
        let_go(shop)
        try:
            await run.until(lambda _one: "action=step_left" in caplog.text, state.id)
            refused = await upload(site)
        finally:
            s3.start()
        done = await run.finished(state.id)

    assert (refused.status_code, refused.json()["code"]) == (503, "files.unavailable")
    assert "does not answer as it should" in refused.json()["detail"]
    assert done.equation == "25 rows read = 24 succeeded + 1 invalid"
    assert len(written(shop)) == len(set(written(shop))) == 24


async def test_a_bucket_that_is_gone_fails_no_import(
    in_bucket: Settings,
    s3: Service,
    bucket: Bucket,
    shop: Shop,
    products: Products,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its objects lie elsewhere meanwhile, and are put back."""
    caplog.set_level(logging.WARNING, "importer.worker")
    async with working(in_bucket) as run, logged_in(run) as site:
        shop.faults.hold_consumers = True
        state = await run.accept(products(25))
        await run.until(lambda one: one.sent > 0, state.id)
        objects = s3.objects(bucket)
        s3.remove(bucket)
        let_go(shop)
        await run.until(lambda _one: "action=step_left" in caplog.text, state.id)
        refused = await upload(site)
        s3.make(bucket)
        s3.fill(bucket, objects)
        done = await run.finished(state.id)

    assert (refused.status_code, refused.json()["code"]) == (503, "files.refused")
    assert f"The bucket {bucket.name} " in refused.json()["detail"]
    assert done.equation == "25 rows read = 25 succeeded"


async def upload(site: Site, content: bytes = b"article,name,price\nB-1,Thing,5\n") -> httpx.Response:
    return await site.http.post(
        "/v1/imports", params={"mapping": "products"}, content=content, headers=CSV, timeout=30.0
    )


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The system refuses to write beyond it, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_on_a_full_disk_an_upload_gets_503_and_later_it_is_taken(settings: Settings) -> None:
    large = b"article,name,price\n" + b"".join(b"B-%07d,Thing,5\n" % number for number in range(400_000))
    async with working(settings) as run, logged_in(run) as site:
        with no_file_larger_than(4 << 20):
            refused = await upload(site, large)
        kept = settings.data_dir / "files" / "imports"
        left = [path for path in kept.rglob("*") if path.is_file()]
        taken = await upload(site)

    assert (refused.status_code, refused.json()["code"]) == (503, "files.full")
    assert "Make room: it goes on by itself." in refused.json()["detail"]
    assert left == []
    assert taken.status_code == 202


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"URL": "s3://no-such-bucket"}, "The bucket no-such-bucket (http://127.0.0.1"),
        ({"ENDPOINT": "http://127.0.0.1:9"}, "does not answer as it should"),
        ({"URL": "s3://Wrong_Name"}, "url must be an address such as s3://bucket"),
    ],
)
async def test_a_bucket_that_cannot_be_used_is_refused_at_the_start_in_one_sentence(
    bucket: Bucket, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    given = {
        "URL": f"s3://{bucket.name}",
        "ENDPOINT": bucket.endpoint or "",
        "REGION": "us-east-1",
        "ACCESS_KEY": bucket.access_key or "",
        "SECRET_KEY": bucket.secret_key or "",
        **changes,
    }
    environment = {f"IMPORTER_FILES__{name}": value for name, value in given.items()}
    code, told = await asyncio.to_thread(start, tmp_path, environment)

    assert code == 4
    assert says in told
    assert "Traceback" not in told
    assert "hidden-key" not in told


def start(folder: Path, environment: dict[str, str], *words: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "importer", *(words or ("serve", "--port", "0"))],
        env={**os.environ, "IMPORTER_DATA_DIR": str(folder / "data"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


async def test_a_key_without_rights_is_refused_at_the_start(
    s3: Service, bucket: Bucket, tmp_path: Path
) -> None:
    environment = {
        "IMPORTER_FILES__URL": f"s3://{bucket.name}",
        "IMPORTER_FILES__ENDPOINT": bucket.endpoint or "",
        "IMPORTER_FILES__ACCESS_KEY": "AKIDTEST",
        "IMPORTER_FILES__SECRET_KEY": "hidden-key",
    }
    with s3.asking_for_rights():
        code, told = await asyncio.to_thread(start, tmp_path, environment)

    assert (code, "does not know the access key. Correct it in the settings." in told) == (4, True)
    assert "hidden-key" not in told


async def test_kept_files_move_into_the_bucket_and_the_imports_find_them(
    settings: Settings, in_bucket: Settings, s3: Service, bucket: Bucket, products: Products, tmp_path: Path
) -> None:
    async with working(settings) as run:
        state = await run.run(products(12, {3: {"price": "x"}}))
    kept = settings.data_dir / "files"
    names = {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()}
    (kept / "imports" / "left.part").write_bytes(b"half")
    environment = {
        "IMPORTER_FILES__URL": f"s3://{bucket.name}/{bucket.prefix}",
        "IMPORTER_FILES__ENDPOINT": bucket.endpoint or "",
        "IMPORTER_FILES__ACCESS_KEY": bucket.access_key or "",
        "IMPORTER_FILES__SECRET_KEY": bucket.secret_key or "",
    }
    for _ in range(2):
        code, told = await asyncio.to_thread(
            start, tmp_path, environment, "migrate", "--files-from", str(kept)
        )
        assert (code, f"{len(names)} files have arrived" in told) == (0, True), told

    assert s3.names(bucket) == {f"shops/kept/{name}" for name in names}
    async with working(in_bucket) as run:
        await run.importer.reporting.write_rows(state.id, tmp_path / "mend.csv")
    assert "A-0003" in (tmp_path / "mend.csv").read_text()
    code, told = await asyncio.to_thread(start, tmp_path, environment, "migrate", "--files-from", "nowhere")
    assert (code, "There is no folder nowhere" in told) == (5, True)


async def test_a_person_at_a_terminal_is_told_what_the_run_waits_for(
    s3: Service, bucket: Bucket, shop: Shop, settings: Settings, products: Products
) -> None:
    shop.faults.hold_consumers = True
    environment = {
        "IMPORTER_FILES__URL": f"s3://{bucket.name}",
        "IMPORTER_FILES__ENDPOINT": bucket.endpoint or "",
        "IMPORTER_FILES__ACCESS_KEY": bucket.access_key or "",
        "IMPORTER_FILES__SECRET_KEY": bucket.secret_key or "",
        "IMPORTER_SHOPS__MAIN__BASE_URL": settings.shops["main"].base_url,
        "IMPORTER_SHOPS__MAIN__TOKEN": "practice-token",
        "IMPORTER_LEASE_SECONDS": "1",
        "IMPORTER_DATA_DIR": str(settings.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "importer", "run", str(products(12)), "--mapping", "products"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while not any(entry["status"] == 202 for entry in shop.journal.requests):
            await asyncio.sleep(0.05)  # the command is another process: there is no signal to wait for
        s3.stop()
        try:
            told = ""
            while "Waiting: The service of the bucket" not in told:
                told += (await process.stdout.readline()).decode()
        finally:
            s3.start()
        let_go(shop)
        told += (await process.communicate())[0].decode()

    assert process.returncode == 0, told
    assert "12 rows read = 12 succeeded" in told
