"""Lines for those who run importer: text for people, JSON for a collector. Each says which import, batch and step it
belongs to. A traceback has its places and no values.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from importer.domain.errors import ConfigurationError
from importer.domain.steps import Step

LEVEL = "IMPORTER_LOG"
"""The environment's word for how much is written."""

NOTHING: Mapping[str, str] = MappingProxyType({})
WORK: ContextVar[Mapping[str, str]] = ContextVar("importer_work", default=NOTHING)
"""Ids of what is being worked on."""


def context(step: Step) -> Context:
    """For the task that works on the step: whatever is written in it carries these ids."""
    import_id, _, part = step.target.partition(".")
    words = {"import": import_id, **({"batch": step.target} if part else {}), "step": step.kind.value}
    copied = copy_context()
    copied.run(WORK.set, words)
    return copied


def set_up(form: str, *, file: Path | None = None) -> None:
    """Write to `file`, else to standard error. Raises ConfigurationError for a level that does not exist."""
    level = os.environ.get(LEVEL, "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigurationError(f"{LEVEL} is DEBUG, INFO, WARNING or ERROR, not `{level}`.")
    handler = logging.FileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(FORMS[form]())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("httpx").addFilter(without_query)


def without_query(record: logging.LogRecord) -> bool:
    """The HTTP client tells each address that it calls; what stands behind its question mark may be a secret."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            str(one).partition("?")[0] if type(one).__name__ == "URL" else one for one in record.args
        )
    return True


class Text(logging.Formatter):
    """One line; what a traceback has follows below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        line = super().formatMessage(record).replace("\n", "\\n")
        return " ".join([line, *(f"{name}={value}" for name, value in WORK.get().items())])


class Json(logging.Formatter):
    """One object a line: `at` (UTC), `level`, `logger`, `message`, the ids, `error` for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        words = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **WORK.get(),
        }
        if record.exc_info:
            words["error"] = self.formatException(record.exc_info)
        return json.dumps(words, ensure_ascii=False)


FORMS: Mapping[str, Callable[[], logging.Formatter]] = {"text": Text, "json": Json}
