"""Bytes that stream by: how many they are, and their hash."""

import hashlib

from importer.domain.errors import TooLarge

MIB = 1 << 20


class Counted:
    """Give every chunk to `add` before it is kept."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._limit = limit
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, chunk: bytes) -> None:
        """Raises TooLarge when it is one too many."""
        self.size += len(chunk)
        if self.size > self._limit:
            raise TooLarge(f"The file is larger than the limit of {self._limit / MIB:,.0f} MiB. Split it.")
        self._hash.update(chunk)
