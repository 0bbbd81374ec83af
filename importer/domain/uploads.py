"""An upload: a file that comes in pieces, over as many requests as its sender needs, before it becomes an import."""

from dataclasses import dataclass
from datetime import datetime

from importer.domain.errors import UnknownName, Untimely


@dataclass(frozen=True, kw_only=True)
class Upload:
    """`size` bytes were announced, the first `offset` of them are kept. `owner` is the id of the token that began it;
    `metadata` is what its sender said of it, as it was said. What is kept goes at `expires_at`."""

    id: str
    owner: str
    name: str
    size: int
    metadata: str
    expires_at: datetime
    offset: int = 0

    @property
    def whole(self) -> bool:
        return self.offset == self.size

    def require_whole(self) -> None:
        """Raises Untimely."""
        if not self.whole:
            text = f"The upload {self.id} is not whole: {self.offset:,} of its {self.size:,} bytes have come. Send the rest."
            raise Untimely(text, code="upload.unfinished")

    def require_at(self, offset: int) -> None:
        """Raises Untimely."""
        if offset != self.offset:
            text = f"The upload {self.id} has {self.offset:,} bytes, it does not go on at {offset:,}. Ask for its offset (HEAD)."
            raise Untimely(text, code="upload.offset")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Bytes of an upload as they lie in the file store: `size` of them, the first is the byte number `start`."""

    start: int
    size: int
    file: str


def unknown_upload(upload_id: str) -> UnknownName:
    """The same words whether there is none, its time is over, or it belongs to another token."""
    return UnknownName(f"There is no upload {upload_id}, or its time is over.", code="upload.unknown")
