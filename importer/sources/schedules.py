"""Schedules from the settings and from YAML files of the operator: the same document in both."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.domain import schedules
from importer.domain.errors import ConfigurationError, Fault, MappingInvalid, SourceMissing, UnknownName
from importer.domain.mapping import suggestion
from importer.domain.schedules import Schedule
from importer.services import rhythms
from importer.sources.files import require
from importer.sources.mappings import read
from importer.sources.yaml_documents import Lines, load


class ScheduleBook:
    """Read whole at the start. Raises ConfigurationError with every fault of every document."""

    def __init__(self, settings: Mapping[str, Any], files: Sequence[Path] = ()) -> None:
        self._schedules: dict[str, Schedule] = {}
        self._places: dict[str, str] = {}
        faults = list(self._of_settings(settings))
        for path in files:
            faults += [f"{path}: {fault}" for fault in self._of_file(path)]
        faults += self._chain_faults()
        if faults:
            listing = "\n".join(f"  {fault}" for fault in faults)
            noun = "fault" if len(faults) == 1 else "faults"
            raise ConfigurationError(f"The schedules have {len(faults)} {noun}:\n{listing}", code="schedules")

    def all(self) -> Sequence[Schedule]:
        return [self._schedules[name] for name in sorted(self._schedules)]

    def get(self, name: str) -> Schedule:
        if name not in self._schedules:
            raise UnknownName(f"There is no schedule `{name}`{suggestion(name, sorted(self._schedules))}")
        return self._schedules[name]

    def _chain_faults(self) -> Iterator[str]:
        """Schedules that follow one that is not there, or in the end themselves."""
        for name, schedule in self._schedules.items():
            if schedule.follows and schedule.follows not in self._places:
                known = suggestion(schedule.follows, sorted(self._places))
                yield f"{self._places[name]}.follows: there is no schedule `{schedule.follows}`{known}"
            before = self._before(schedule)
            if name in before:
                yield f"{self._places[name]}.follows: it follows itself: {' after '.join([name, *before])}"

    def _before(self, schedule: Schedule) -> list[str]:
        """The schedules that it follows, the nearest first; each once."""
        found: list[str] = []
        while schedule.follows in self._schedules and schedule.follows not in found:
            found.append(schedule.follows)
            schedule = self._schedules[schedule.follows]
        return found

    def _of_settings(self, documents: Mapping[str, Any]) -> Iterator[str]:
        for name, document in documents.items():
            for path, text in self._add(name, document, "schedules."):
                yield f"schedules.{'.'.join((name, *path))}: {text}"

    def _of_file(self, path: Path) -> Iterator[Fault]:
        try:
            text = read(require(path))
        except MappingInvalid as error:
            yield from error.faults
            return
        except SourceMissing as error:
            yield Fault(line=0, path="", text=error.text)
            return
        document, lines, faults = load(text)
        yield from faults
        if document is None or not isinstance(document, Mapping):
            if not faults:
                yield Fault(line=1, path="", text="must name schedules, each with its words below it.")
            return
        yield from self._of_document(document, lines, f"{path}: ")

    def _of_document(self, document: Mapping[str, Any], lines: Lines, where: str) -> Iterator[Fault]:
        for name, one in document.items():
            yield from (lines.fault((name, *path), text) for path, text in self._add(name, one, where))

    def _add(self, name: str, document: Any, where: str) -> list[schedules.Fault]:
        """`where` is what its name is shown after in a fault that is found when all are read."""
        if name in self._schedules:
            return [((), "there is a schedule of this name already")]
        self._places[name] = f"{where}{name}"
        schedule, faults = schedules.judge(name, document)
        if isinstance(document, Mapping):
            cron, zone = (document.get(word) for word in ("cron", "time_zone"))
            faults += rhythms.faults(
                cron if isinstance(cron, str) else rhythms.ANY, zone if isinstance(zone, str) else "UTC"
            )
        if schedule is not None and not faults:
            self._schedules[name] = schedule
        return faults
