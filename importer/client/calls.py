"""Every call that the client makes: nothing is sent that is not in this table. A test holds it against the document of the
API."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, kw_only=True)
class Call:
    """`status` is that of a success; `query`, `headers` and `body` are what may be said, `answer` is the model of what comes."""

    method: str
    path: str
    status: int = HTTPStatus.OK
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    media: str = ""
    answer: str = ""


READING = ("format", "member", "encoding", "delimiter", "quote", "header", "sheet", "path")
SAID = ("mapping", "shop", "mode", "name", "upload", "source_url", "policy", "max_errors", *READING)
TUS = "Tus-Resumable"
PIECE = "application/offset+octet-stream"
ANY_FILE = "application/octet-stream"
IMPORT = "/v1/imports/{id}"
UPLOAD = "/v1/uploads/{upload}"
ACCEPTED = HTTPStatus.ACCEPTED

CALLS: Mapping[str, Call] = {
    "create": Call(
        method="POST",
        path="/v1/imports",
        status=ACCEPTED,
        query=SAID,
        headers=("Idempotency-Key",),
        media=ANY_FILE,
        answer="Id",
    ),
    "list": Call(
        method="GET",
        path="/v1/imports",
        query=("status", "shop", "mapping", "since", "limit", "cursor"),
        answer="ImportsShown",
    ),
    "get": Call(method="GET", path=IMPORT, answer="ImportShown"),
    "rows": Call(
        method="GET", path=f"{IMPORT}/rows", query=("outcome", "limit", "cursor"), answer="RowsShown"
    ),
    "rows_to_mend": Call(method="GET", path=f"{IMPORT}/rows.csv", query=("outcome",)),
    "report": Call(method="GET", path=f"{IMPORT}/report", query=("format",), answer="Report"),
    "pause": Call(method="POST", path=f"{IMPORT}/pause", status=ACCEPTED, body=("note",), answer="Id"),
    "resume": Call(method="POST", path=f"{IMPORT}/resume", status=ACCEPTED, body=("note",), answer="Id"),
    "cancel": Call(method="POST", path=f"{IMPORT}/cancel", status=ACCEPTED, body=("note",), answer="Id"),
    "retry": Call(
        method="POST",
        path=f"{IMPORT}/retry",
        status=ACCEPTED,
        body=("note", "outcomes", "even_unsafe", "attempt"),
        answer="Id",
    ),
    "begin_upload": Call(
        method="POST",
        path="/v1/uploads",
        status=HTTPStatus.CREATED,
        headers=(TUS, "Upload-Length", "Upload-Metadata"),
        answer="Id",
    ),
    "get_upload": Call(method="GET", path=UPLOAD, answer="UploadShown"),
    "send_piece": Call(
        method="PATCH",
        path=UPLOAD,
        status=HTTPStatus.NO_CONTENT,
        headers=(TUS, "Upload-Offset"),
        media=PIECE,
    ),
    "remove_upload": Call(method="DELETE", path=UPLOAD, status=HTTPStatus.NO_CONTENT, headers=(TUS,)),
}
