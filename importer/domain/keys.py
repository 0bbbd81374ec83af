"""Keys of entities as short numbers, to tell quickly whether two batches write the same entity.

Magento compares SKUs without case and outer blanks, so keys that differ in nothing else are the same entity. Two keys
may share a number by chance, once in 10^19 pairs; the one batch waits for the other then, and nothing else happens.
"""

import hashlib
from array import array
from collections.abc import Iterable

WIDTH = 8
"""Bytes of a number."""


def fingerprints(keys: Iterable[str]) -> bytes:
    """The keys' numbers, one after the other, `WIDTH` bytes each, in order of size and each once."""
    numbers = {hashlib.blake2b(key.strip().casefold().encode(), digest_size=WIDTH).digest() for key in keys}
    return b"".join(sorted(numbers))


def meet(one: bytes, other: bytes) -> bool:
    """Whether two sets of fingerprints have a key in common."""
    return not _numbers(one).isdisjoint(_numbers(other))


def _numbers(fingerprints: bytes) -> frozenset[int]:
    return frozenset(array("Q", fingerprints))
