"""URL keys of products: made from the name, and unique among the products that can be seen (recording 10, 30 to 32)."""

import re
import unicodedata

from importer.sandbox.errors import Refusal

PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)
"""Letters that do not fall apart into a plain letter and a mark."""

BETWEEN = re.compile(r"[^0-9a-z]+")


def slug(text: str) -> str:
    """`Thé vert / 100 g` -> `the-vert-100-g`."""
    if text.isascii():
        return BETWEEN.sub("-", text.lower()).strip("-")
    plain = unicodedata.normalize("NFKD", text.translate(PLAIN)).encode("ascii", "ignore").decode()
    return BETWEEN.sub("-", plain.lower()).strip("-")


class UrlKeys:
    """Who holds which key. A product holds one; products that are not visible hold none (native CSV, section 2)."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._keys: dict[str, str] = {}

    def take(self, key: str, owner: str) -> None:
        """Give up the key held before and take this one. Raises Refusal when another product holds it."""
        self.check(key, owner)
        self.release(owner)
        if key:
            self._owners[key] = owner
            self._keys[owner] = key

    def check(self, key: str, owner: str) -> None:
        """Raises Refusal when another product holds it."""
        if self._owners.get(key, owner) != owner:
            raise Refusal(400, "URL key for specified store already exists.")

    def release(self, owner: str) -> None:
        before = self._keys.pop(owner, None)
        if before is not None:
            del self._owners[before]
