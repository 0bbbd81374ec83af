"""Pictures of products: checked on arrival, named without clash, their roles shown as attributes (recording 11, 58 to 69).

The bytes themselves are not kept; what a caller can see of a picture is its entry and its file name.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from importer.sandbox import merging
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.records import Row

ROLES = ("image", "small_image", "thumbnail", "swatch_image")
LABELLED = ROLES[:3]
NO_SELECTION = "no_selection"
TYPES = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
NOT_AN_IMAGE = "The image content must be valid base64 encoded data."
WRONG_TYPE = "The image MIME type is not valid or not supported."
BAD_NAME = "Provided image name contains forbidden characters."
FORBIDDEN = frozenset('/\\:*?"<>|')

Entry = dict[str, Any]


class Pictures:
    """Which file names are taken; `next_id` counts the entries of the whole shop."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._files: dict[str, None] = {}
        self._next_id = next_id

    def know(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            self._files[entry["file"]] = None

    def forget(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            self._files.pop(entry["file"], None)

    def entry(self, sent: Mapping[str, Any], old: Mapping[str, Any] | None, position: int) -> Entry:
        """A stored entry: an old one changed, or a new one with a file of its own. Raises Refusal, Crash."""
        file = old["file"] if old else self._file(sent)
        return {
            "id": old["id"] if old else self._next_id(),
            "media_type": sent.get("media_type") or "image",
            "label": sent.get("label"),
            "position": sent.get("position") or position,
            "disabled": bool(sent.get("disabled")),
            "types": list(sent.get("types") or []),
            "file": file,
        }

    def gallery(self, before: Mapping[str, Any], sent: Mapping[str, Any]) -> list[Entry]:
        """The whole gallery is replaced by what is sent: entries with their id stay, others are new ones (native CSV)."""
        old: list[Entry] = before.get("media_gallery_entries", [])
        entries = sent.get("media_gallery_entries")
        if entries is None:
            return old
        known = {entry["id"]: entry for entry in old}
        for entry in filter(None, entries):
            if entry.get("id") not in known:
                checked(entry)
        kept = [
            self.entry(entry, known.get(entry.get("id")), place)
            for place, entry in enumerate(filter(None, entries), 1)
        ]
        stay = {entry["id"] for entry in kept}
        self.forget(entry for entry in old if entry["id"] not in stay)
        return kept

    def _file(self, sent: Mapping[str, Any]) -> str:
        """`a.png` lies in `/a/_/`; what is taken gets `_1`, `_2` ... (recording 11, 68)."""
        name = PurePosixPath(str((sent.get("content") or {}).get("name") or "picture")).name.lower()
        stem, dot, suffix = name.rpartition(".")
        folder = f"/{(stem or name)[:1]}/{(stem or name)[1:2] or '_'}/"
        file = folder + name
        for number in count(1):
            if file not in self._files:
                break
            file = f"{folder}{stem}_{number}.{suffix}" if dot else f"{folder}{name}_{number}"
        self._files[file] = None
        return file


def checked(entry: Mapping[str, Any]) -> None:
    """A new picture must bring its content; without any PHP breaks (recording 11, 62). Raises Refusal, Crash."""
    content = entry.get("content")
    if not isinstance(content, Mapping):
        raise Crash
    try:
        data = base64.b64decode(content.get("base64_encoded_data") or "", validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, NOT_AN_IMAGE) from None
    if not any(data.startswith(start) for starts in TYPES.values() for start in starts):
        raise Refusal(400, NOT_AN_IMAGE)
    if content.get("type") not in TYPES:
        raise Refusal(400, WRONG_TYPE)
    name = content.get("name") or ""
    if not name or FORBIDDEN & set(name):
        raise Refusal(400, BAD_NAME)


def roles(gallery: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The attributes that tell which picture plays which part; empty where there is no picture."""
    entries = list(gallery)
    if not entries:
        return {}
    by_role = {role: entry for entry in reversed(entries) for role in entry["types"]}
    files = {role: by_role[role]["file"] if role in by_role else NO_SELECTION for role in ROLES}
    labels = {
        f"{role}_label": by_role[role]["label"]
        for role in LABELLED
        if role in by_role and by_role[role]["label"]
    }
    return {**files, **labels}


def shown_in(row: Row, gallery: list[Row]) -> Row:
    """A product with its pictures and their roles; roles of pictures that went are gone, too."""
    values = merging.attribute_values(row)
    ids = values.pop("category_ids", [])
    rest = {code: value for code, value in values.items() if code not in ROLE_CODES}
    merged = {**roles(gallery), **rest, "category_ids": ids}
    return {
        **row,
        "media_gallery_entries": gallery,
        "custom_attributes": [{"attribute_code": code, "value": value} for code, value in merged.items()],
    }


ROLE_CODES = frozenset((*ROLES, *(f"{role}_label" for role in LABELLED)))
