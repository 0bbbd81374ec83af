"""Countries and their regions, as Magento's directory has them; a small part of it, read from `directory.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from importer.sandbox.documents import LOADER


@dataclass(frozen=True, kw_only=True)
class Country:
    """`regions`: id -> code and name; `needs_region` where an address must name one."""

    code: str
    code_3: str
    name: str
    needs_region: bool
    regions: Mapping[int, tuple[str, str]]


@cache
def countries() -> Mapping[str, Country]:
    text = (Path(__file__).parent / "directory.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, LOADER)  # noqa: S506 - a safe one
    return {
        code: Country(
            code=code,
            code_3=words["code_3"],
            name=words["name"],
            needs_region=words.get("needs_region", False),
            regions={number: tuple(names) for number, names in (words.get("regions") or {}).items()},
        )
        for code, words in document.items()
    }
