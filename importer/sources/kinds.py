"""The kinds of sources by the beginning of their address (port `Sources`)."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import cast

from importer.domain.places import Place
from importer.ports import Source
from importer.sources.allowed import Allowed

KINDS: Mapping[str, str] = {
    "file": "importer.sources.folders",
    "https": "importer.sources.web",
    "sftp": "importer.sources.sftp",
    "s3": "importer.sources.buckets",
}
"""Kind -> its module, whose `opened(place, allowed)` is the source. It is loaded when one is looked at: no start waits for
the libraries of sources that nobody has."""


class ConfiguredSources:
    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def at(self, place: Place) -> AbstractAsyncContextManager[Source]:
        source = import_module(KINDS[place.scheme]).opened(place, self._allowed)
        return cast("AbstractAsyncContextManager[Source]", source)
