"""A real S3 service for tests, in this process, with everything that it holds in memory."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import obstore
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from importer.store.buckets import Bucket

MotoRequestHandler.protocol_version = "HTTP/1.0"  # a connection that is kept alive would outlive a stop


class Service:
    """Its memory outlives `stop`: started again it holds what it held."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.place = self._server.get_host_and_port()
        host, self._port = self.place
        self.address = f"http://{host}:{self._port}"

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def bucket(self, prefix: str = "shops/kept") -> Bucket:
        """A new one."""
        name = f"kept-{secrets.token_hex(6)}"
        httpx.put(f"{self.address}/{name}").raise_for_status()
        return Bucket(
            name=name,
            prefix=prefix,
            endpoint=self.address,
            region="us-east-1",
            access_key="AKIDTEST",
            secret_key="hidden-key",
        )

    def remove(self, bucket: Bucket) -> None:
        obstore.delete(self._all(bucket), list(self.objects(bucket)))
        httpx.delete(f"{self.address}/{bucket.name}").raise_for_status()

    def make(self, bucket: Bucket) -> None:
        httpx.put(f"{self.address}/{bucket.name}").raise_for_status()

    def names(self, bucket: Bucket) -> set[str]:
        """Of its objects, and of uploads that were begun and not ended."""
        listing = httpx.get(f"{self.address}/{bucket.name}").text
        begun = httpx.get(f"{self.address}/{bucket.name}?uploads").text
        return set(re.findall("<Key>(.*?)</Key>", listing + begun))

    def objects(self, bucket: Bucket) -> dict[str, bytes]:
        found = self._all(bucket)
        names = [entry["path"] for entry in obstore.list(found).collect()]
        return {name: bytes(obstore.get(found, name).bytes()) for name in names}

    def fill(self, bucket: Bucket, objects: Mapping[str, bytes]) -> None:
        for name, content in objects.items():
            obstore.put(self._all(bucket), name, content)

    def _all(self, bucket: Bucket) -> S3Store:
        return S3Store(
            bucket.name,
            endpoint=self.address,
            region="us-east-1",
            access_key_id="AKIDTEST",
            secret_access_key="hidden-key",
            client_options={"allow_http": True},
        )

    @contextmanager
    def asking_for_rights(self) -> Iterator[None]:
        """Meanwhile it knows no access key."""
        httpx.post(f"{self.address}/moto-api/reset-auth", content="0").raise_for_status()
        try:
            yield
        finally:
            httpx.post(f"{self.address}/moto-api/reset-auth", content="inf").raise_for_status()


@contextmanager
def s3_service() -> Iterator[Service]:
    service = Service()
    try:
        yield service
    finally:
        service.stop()
