"""What a webhook is sent: the envelope of Standard Webhooks around an announcement."""

from typing import Any

from importer.domain.announcements import Announcement


class Documents:
    """`public_url`: where people reach the page; without it a link is the path there."""

    def __init__(self, public_url: str | None) -> None:
        self._base = (public_url or "").rstrip("/")

    def __call__(self, announcement: Announcement) -> dict[str, Any]:
        data = {**announcement.data, "link": self.link(announcement)}
        return {"type": announcement.kind, "timestamp": announcement.at.isoformat(), "data": data}

    def link(self, announcement: Announcement) -> str:
        about_import = announcement.kind.startswith("import.")
        return self.of_import(announcement.subject) if about_import else f"{self._base}/"

    def of_import(self, import_id: str) -> str:
        return f"{self._base}/imports/{import_id}"
