"""Settings of notices: who is told what, by mail or by a message to an address."""

from datetime import time
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from importer.domain.announcements import Kind
from importer.domain.subscriptions import USUAL
from importer.settings.addresses import address_faults

NEEDED: dict[str, tuple[str, ...]] = {
    "mail": ("smtp_host", "sender", "recipients"),
    "webhook": ("url",),
    "slack": ("url",),
}
"""Kind of notice -> the settings it needs."""
Address = Annotated[str, Field(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$", max_length=320)]


class NoticeSettings(BaseModel):
    """One receiver. Secrets are better kept in the environment: IMPORTER_NOTICES__<NAME>__PASSWORD."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    kind: Literal["mail", "webhook", "slack"]
    shop: str | None = None
    events: list[Kind] = Field(default_factory=lambda: list(USUAL))
    digest: time | None = None
    time_zone: str = "UTC"
    url: SecretStr | None = None
    allow_http: bool = False
    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: Address | None = None
    recipients: list[Address] = Field(default_factory=list)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("is no time zone; one is Europe/Berlin") from None
        return name

    @field_validator("digest")
    @classmethod
    def _local(cls, at: time | None) -> time | None:
        if at is not None and at.tzinfo is not None:
            raise ValueError("is a time such as 07:00; its zone is time_zone")
        return at

    @model_validator(mode="after")
    def _fits_together(self) -> "NoticeSettings":
        faults = [
            f"a notice of the kind {self.kind} needs {name}"
            for name in NEEDED[self.kind]
            if not getattr(self, name)
        ]
        if self.url is not None:
            given: dict[str, Any] = {"url": self.url.get_secret_value(), "allow_http": self.allow_http}
            faults += address_faults(given, "url", "the messages")
        if self.user and self.security == "none" and self.smtp_host not in ("localhost", "127.0.0.1"):
            faults.append("security = none would send the password unencrypted; use starttls or tls")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def address(self) -> str:
        """A secret: who knows it may write there."""
        return self.url.get_secret_value() if self.url else ""

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""
