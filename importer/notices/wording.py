"""An announcement as a message for a person: a line that says it all, and what belongs to it."""

from dataclasses import dataclass

from importer.domain.announcements import Announcement, Kind
from importer.domain.sentences import sentences, visible
from importer.domain.subscriptions import DIGEST
from importer.notices.documents import Documents

SAID = {
    Kind.COMPLETED: "{file} into {shop}: completed",
    Kind.FAILED: "{file} into {shop}: failed",
    Kind.CANCELLED: "{file} into {shop}: cancelled",
    Kind.STALLED: "{file} into {shop}: stands still",
    Kind.RECOVERED: "{file} into {shop}: goes on again",
    Kind.ALARM: "schedule {schedule}: alarm",
    Kind.ALARM_OVER: "schedule {schedule}: all right again",
}


@dataclass(frozen=True)
class Message:
    title: str
    text: str


class Wording:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of(self, announcement: Announcement) -> Message:
        data = announcement.data
        if announcement.kind == DIGEST:
            return Message(data["title"], data["text"])
        names = {name: visible(str(data.get(name) or "all shops")) for name in ("file", "shop", "schedule")}
        title = SAID[Kind(announcement.kind)].format(**names)
        return Message(title, "\n".join([*self._lines(announcement), self._documents.link(announcement)]))

    def _lines(self, announcement: Announcement) -> list[str]:
        data = announcement.data
        reason = data.get("reason")
        over = announcement.kind in (Kind.RECOVERED, Kind.ALARM_OVER)
        why = sentences(("It was this: " if over else "") + reason["text"]) if reason else ""
        rows = f"{data['equation']}." if data.get("equation") else ""
        return [line for line in (why, rows) if line]
