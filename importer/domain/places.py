"""Where a source's files lie, as an address says it: `file:///srv/erp/out/stock_*.csv`, `sftp://robot@erp.example/out/*.csv`."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

SCHEMES: Mapping[str, bool] = {"file": True, "https": False, "sftp": True, "s3": True}
"""Kind of source -> whether it lists what lies there; the others hold one file."""

PATTERN = frozenset("*?[")
MOST_CHARACTERS = 1000


@dataclass(frozen=True, kw_only=True)
class Place:
    """`folder` ends without a slash; `pattern` is for the names in it. Nothing in an address is percent-decoded."""

    scheme: str
    host: str
    folder: str
    pattern: str
    user: str | None = None
    port: int | None = None

    @property
    def lists(self) -> bool:
        return SCHEMES[self.scheme]

    def fits(self, name: str) -> bool:
        """Letters with marks are the same however they are composed."""
        return fnmatchcase(normalize("NFC", name), normalize("NFC", self.pattern))

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}{self.folder}/{self.pattern}"


def without_query(address: str) -> str:
    """An address as it is shown and kept: what stands behind a question mark may be a secret."""
    return address.partition("#")[0].partition("?")[0]


def file_name(address: str) -> str:
    """The name of the file behind an address of one."""
    name = without_query(address).rpartition("/")[2]
    name = unquote(name) if address.startswith("https:") else name
    return "".join(filter(str.isprintable, name))


def place(given: Any) -> Place:
    """Raises ValueError with what would be right. It never repeats a password."""
    if not isinstance(given, str) or not given.isprintable() or len(given) > MOST_CHARACTERS:
        raise ValueError("must be an address such as file:///srv/erp/out/stock_*.csv")
    scheme, found, rest = given.strip().partition("://")
    if not found or scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"must be an address that begins with one of {known}")
    authority, _, path = rest.partition("/")
    user, host, port = _authority(authority)
    if scheme == "file" and authority:
        raise ValueError(
            "file:// names a folder of this machine, with three slashes: file:///srv/erp/out/stock_*.csv"
        )
    if scheme != "file" and not host:
        raise ValueError(f"names no host: {scheme}://HOST/...")
    folder, _, pattern = path.rpartition("/")
    if not pattern:
        raise ValueError("names no file; it ends with a name or a pattern such as stock_*.csv")
    if ".." in folder.split("/"):
        raise ValueError("must not go up with ..")
    if SCHEMES[scheme] and PATTERN & set(folder):
        raise ValueError("has a pattern in its folder; only the last part may have one")
    return Place(
        scheme=scheme, host=host, folder=f"/{folder}" if folder else "", pattern=pattern, user=user, port=port
    )


def _authority(text: str) -> tuple[str | None, str, int | None]:
    """User, host and port. Raises ValueError."""
    login, at, address = text.rpartition("@")
    if ":" in login:
        raise ValueError("must not hold a password; it belongs into the settings, as a login")
    if at and not login:
        raise ValueError("has an @ without a user before it")
    host, colon, port = address.rpartition(":") if not address.endswith("]") else (address, "", "")
    if not colon:
        return login or None, address, None
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("has a port that is none")
    return login or None, host, int(port)
