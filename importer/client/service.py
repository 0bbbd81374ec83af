"""The client. Every call may be repeated safely, so one that gets no answer is repeated."""

import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypedDict, Unpack
from urllib.parse import quote

import httpx

from importer.client.answers import Import, Row, Upload
from importer.client.calls import CALLS, TUS
from importer.client.problems import Problem, Unavailable, Untimely, problem_of

TRIES = 5
PIECE_BYTES = 8 << 20
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
RUNNING = "idempotency.running"
"""Code of the answer to a request that is repeated while the first one is still worked on."""


class Said(TypedDict, total=False):
    """What may be said of an import beside its mapping: docs/api.md tells what each means."""

    shop: str
    mode: str
    name: str
    upload: str
    source_url: str
    policy: str
    max_errors: int
    format: str
    member: str
    encoding: str
    delimiter: str
    quote: str
    header: str
    sheet: str
    path: str


class Client:
    """One service at `address`. Close it, or use it in a `with`. Its methods raise Problem.

    `tries`: how often a call is made before an Unavailable is raised. `sleep` is for tests.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str,
        timeout: float = 60.0,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout)
        self._tries, self._sleep = tries, sleep

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def create(
        self,
        file: Path | str | None = None,
        *,
        mapping: str,
        idempotency_key: str | None = None,
        **said: Unpack[Said],
    ) -> Import:
        """Import the file, or what `upload` or `source_url` names. With the same key the same request gives the same
        import, whoever repeats it."""
        words = {"mapping": mapping, **said}
        if file is not None:
            words.setdefault("name", Path(file).name)
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        query = {name: str(value) for name, value in words.items()}
        return self.get(self._call("create", query=query, headers=headers, file=file).json()["id"])

    def upload(
        self,
        file: Path | str,
        *,
        upload_id: str | None = None,
        progress: Callable[[Upload], None] = lambda _upload: None,
    ) -> Upload:
        """Send the file in pieces; a connection that breaks is gone on with. `upload_id` goes on with an upload of the same
        file that an earlier process began."""
        path = Path(file)
        upload = self.get_upload(upload_id or self._begin(path))
        failures = 0
        with path.open("rb") as content:
            while upload.offset < upload.size:
                progress(upload)
                content.seek(upload.offset)
                headers = {TUS: "1.0.0", "Upload-Offset": str(upload.offset)}
                try:
                    piece = content.read(PIECE_BYTES)
                    self._once("send_piece", {"upload": upload.id}, headers=headers, content=piece)
                    failures = 0
                except (Unavailable, Untimely) as problem:  # no answer, or more has come than was answered
                    failures += 1
                    if failures >= self._tries:
                        raise
                    self._pause(problem, failures)
                upload = self.get_upload(upload.id)
        progress(upload)
        return upload

    def get_upload(self, upload_id: str) -> Upload:
        return Upload.of(self._call("get_upload", {"upload": upload_id}).json())

    def remove_upload(self, upload_id: str) -> None:
        self._call("remove_upload", {"upload": upload_id}, headers={TUS: "1.0.0"})

    def get(self, import_id: str) -> Import:
        return Import.of(self._call("get", {"id": import_id}).json())

    def imports(self, **which: str) -> Iterator[Import]:
        """Newest first; `status`, `shop`, `mapping` and `since` choose."""
        return map(Import.of, self._pages("list", {}, which))

    def wait(self, import_id: str, *, timeout: float | None = None, pause: float = 1.0) -> Import:
        """The import when it has ended. Raises TimeoutError after so many seconds."""
        waited = 0.0
        while not (state := self.get(import_id)).ended:
            if timeout is not None and waited >= timeout:
                raise TimeoutError(f"The import {import_id} is {state.status} after {timeout:g} seconds.")
            self._sleep(pause)
            waited += pause
        return state

    def rows(self, import_id: str, *, outcomes: Sequence[str] = ()) -> Iterator[Row]:
        """Rows that did not succeed, in file order."""
        query = {"outcome": ",".join(outcomes)} if outcomes else {}
        return map(Row.of, self._pages("rows", {"id": import_id}, query))

    def rows_to_mend(self, import_id: str, *, outcomes: Sequence[str] = ()) -> bytes:
        """A CSV in the layout of the file: mend it and import it as it is."""
        query = {"outcome": ",".join(outcomes)} if outcomes else {}
        return self._call("rows_to_mend", {"id": import_id}, query=query).content

    def report(self, import_id: str) -> dict[str, Any]:
        """Everything about the import (docs/howto/read-a-report.md)."""
        return dict(self._call("report", {"id": import_id}, query={"format": "json"}).json())

    def pause(self, import_id: str, *, note: str = "") -> None:
        self._call("pause", {"id": import_id}, json={"note": note})

    def resume(self, import_id: str, *, note: str = "") -> None:
        self._call("resume", {"id": import_id}, json={"note": note})

    def cancel(self, import_id: str, *, note: str = "") -> None:
        self._call("cancel", {"id": import_id}, json={"note": note})

    def retry(
        self, import_id: str, *, outcomes: Sequence[str] = (), even_unsafe: bool = False, note: str = ""
    ) -> None:
        """Send rows of an ended import again. The next attempt is named: repeated, the command is the same one."""
        attempt = self.get(import_id).attempt + 1
        words = {
            "note": note,
            "outcomes": list(outcomes),
            "even_unsafe": even_unsafe,
            "attempt": attempt,
        }
        self._call("retry", {"id": import_id}, json=words)

    def _begin(self, path: Path) -> str:
        name = b64encode(path.name.encode()).decode()
        headers = {
            TUS: "1.0.0",
            "Upload-Length": str(path.stat().st_size),
            "Upload-Metadata": f"filename {name}",
        }
        return str(self._call("begin_upload", headers=headers).json()["id"])

    def _pages(
        self, name: str, place: Mapping[str, str], query: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = self._call(name, place, query={**query, **cursor}).json()
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def _call(self, name: str, place: Mapping[str, str] | None = None, **words: Any) -> httpx.Response:
        """What may pass is tried again."""
        failures = 0
        while True:
            try:
                return self._once(name, place or {}, **words)
            except (Unavailable, Untimely) as problem:
                failures += 1
                passing = isinstance(problem, Unavailable) or problem.code == RUNNING
                if not passing or failures >= self._tries:
                    raise
                self._pause(problem, failures)

    def _once(
        self,
        name: str,
        place: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        file: Path | str | None = None,
        **words: Any,
    ) -> httpx.Response:
        call = CALLS[name]
        headers = {**({"Content-Type": call.media} if call.media else {}), **words.pop("headers", {})}
        with ExitStack() as stack:
            if file is not None:
                words["content"] = stack.enter_context(Path(file).open("rb"))
            try:
                path = call.path.format(**{name: quote(value, safe="") for name, value in place.items()})
                answer = self._http.request(call.method, path, params=query, headers=headers, **words)
            except httpx.TransportError as error:
                raise Unavailable(f"The service does not answer: {error}.") from error
        if answer.status_code != call.status:
            raise problem_of(answer)
        return answer

    def _pause(self, problem: Problem, failures: int) -> None:
        told = problem.retry_after if isinstance(problem, Unavailable) else None
        self._sleep(told if told is not None else min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE))
