"""Taking a file from an address that a caller names. The sources are those of schedules; the trust is less: no file of this
machine, one file and not a pattern, and for callers who are limited to some shops neither the logins nor the inner hosts of
the settings, which are the operator's for all shops."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from importer.domain.errors import ConfigurationError, RequestError, SourceMissing
from importer.domain.places import PATTERN, Place, place
from importer.ports import Sources

KINDS = ("https", "sftp", "s3")
MOST_SECONDS = 3600.0
"""For a whole file; a server that sends a byte now and then does not hold a request for ever."""
INNER = "{host} is not called: it is an address of an inner network. If it is meant, an operator adds it to the setting source_hosts."
PUBLIC_ONLY = "A token that is limited to shops takes files from public https:// addresses alone, without the logins of the settings."


class Fetching:
    """`sources` are those that the settings allow, `public` have neither logins nor inner hosts."""

    def __init__(self, sources: Sources, public: Sources, *, most_seconds: float = MOST_SECONDS) -> None:
        self._sources = sources
        self._public = public
        self._most_seconds = most_seconds

    def place(self, address: str, *, limited: bool) -> Place:
        """Of one file. Raises RequestError."""
        if address.partition("://")[0] not in KINDS:
            raise RequestError("`source_url` begins with https://, sftp:// or s3://.", code="source.url")
        try:
            found = place(address)
        except ValueError as error:
            raise RequestError(f"`source_url` {error}.", code="source.url") from None
        if found.lists and PATTERN & set(found.pattern):
            raise RequestError("`source_url` names one file; a pattern is for schedules.", code="source.url")
        if limited and found.scheme != "https":
            raise RequestError(PUBLIC_ONLY, code="source.limited")
        return found

    async def chunks(self, found: Place, *, limited: bool) -> AsyncGenerator[bytes, None]:
        """The bytes of the file. Raises RequestError in the words of a person, FileDamaged when it changes meanwhile."""
        deadline = asyncio.get_running_loop().time() + self._most_seconds
        sources = self._public if limited else self._sources
        with self._told(found, limited=limited):
            async with sources.at(found) as source:
                async with asyncio.timeout_at(deadline):
                    entries = await source.entries()
                entry = next((one for one in entries if not found.lists or found.fits(one.name)), None)
                if entry is None:
                    raise SourceMissing(f"There is no file {found}.", code="source.missing")
                async with aclosing(source.read(entry)) as coming:  # type: ignore[type-var]
                    while True:
                        async with asyncio.timeout_at(deadline):
                            chunk = await anext(coming, None)
                        if chunk is None:
                            return
                        yield chunk

    @contextmanager
    def _told(self, found: Place, *, limited: bool) -> Iterator[None]:
        """What a source says to an operator, as what it means to whoever named the address: nothing of our network."""
        try:
            yield
        except TimeoutError:
            text = f"{found} did not come whole within {self._most_seconds / 60:,.0f} minutes."
            raise RequestError(text, code="source.slow") from None
        except ConfigurationError as error:
            text = error.text
            if error.code == "source.host":
                text = PUBLIC_ONLY if limited else INNER.format(host=found.host)
            raise RequestError(text, code=error.code) from None
        except SourceMissing as error:
            raise RequestError(error.text, code=error.code) from None
