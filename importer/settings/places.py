"""Settings of places beside the shops: the bucket for kept files, consumers of steps, logins to sources."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from importer.domain.consumers import binding_fault
from importer.settings.addresses import address_faults

BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.=/-]*)?")


class ConsumerSettings(BaseModel):
    """One consumer: the steps whose routing keys (`step.<kind>.<shop>.<entity>`) one of its bindings selects."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    bindings: Annotated[list[str], Field(min_length=1)]

    @field_validator("bindings")
    @classmethod
    def _sensible(cls, bindings: list[str]) -> list[str]:
        for binding in bindings:
            if fault := binding_fault(binding):
                raise ValueError(f"{binding} {fault}")
        return bindings


class FilesSettings(BaseModel):
    """A bucket for kept files; in its place the address alone may stand. Without keys those of the machine are used."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    url: str
    endpoint: str | None = None
    region: str | None = None
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    allow_http: bool = False

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, data: Any) -> Any:
        return {"url": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _fits_together(self) -> "FilesSettings":
        given = {"endpoint": self.endpoint, "allow_http": self.allow_http}
        faults = address_faults(given, "endpoint", "the files")
        if not BUCKET.fullmatch(self.url):
            faults.append("url must be an address such as s3://bucket or s3://bucket/folder")
        if bool(self.access_key) != bool(self.secret_key):
            faults.append("access_key and secret_key belong together")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def bucket(self) -> tuple[str, str]:
        """Its name, and the folder in it."""
        name, _, folder = self.url.removeprefix("s3://").partition("/")
        return name, folder.strip("/")


class LoginSettings(BaseModel):
    """How to log in to a source: for one host, or one bucket. Secrets are better kept in the environment."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    host: str
    user: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    key_file: Path | None = None
    endpoint: str = ""
    region: str = ""
