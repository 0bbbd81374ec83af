"""Settings: `importer.toml` in the working folder (or IMPORTER_CONFIG), then the environment, which wins.

Secrets never appear in an error or a log: they are SecretStr, and pydantic is told to hide what it was given.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from importer.domain.consumers import ALL, Consumer
from importer.domain.errors import ConfigurationError
from importer.settings.notices import NoticeSettings
from importer.settings.places import ConsumerSettings, FilesSettings, LoginSettings
from importer.settings.shops import MIB, ShopSettings

__all__ = [
    "MIB",
    "PREFIX",
    "FilesSettings",
    "LoginSettings",
    "NoticeSettings",
    "Settings",
    "ShopSettings",
    "config_file",
    "load_settings",
]

PREFIX = "IMPORTER_"
DATABASE = "importer.db"
"""The state's file in the data folder, where no database is set."""
Name = Annotated[str, Field(pattern="^[a-z0-9_-]+$")]


class Settings(BaseSettings):
    """What an operator may set. `patience_seconds` is how long a shop may be away before an import gives up."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        hide_input_in_errors=True,
        frozen=True,
    )

    data_dir: Path = Field(default_factory=lambda: _state_home() / "importer")
    database: SecretStr | None = None
    broker: SecretStr | None = None
    broker_exchange: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)] = "importer"
    broker_ca: Path | None = None
    broker_certificate: Path | None = None
    broker_key: Path | None = None
    broker_verify: bool = True
    consumers: dict[Name, ConsumerSettings] = Field(default_factory=dict)
    files: Annotated[FilesSettings | None, NoDecode] = None
    keep_files_days: Annotated[float | None, Field(gt=0)] = None
    keep_uploads_hours: Annotated[float, Field(gt=0, le=87600)] = 24.0
    mappings: list[Path] = Field(default_factory=list)
    shops: dict[str, ShopSettings] = Field(default_factory=dict)
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    probe_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    metrics: Literal["token", "open"] = "token"
    log_format: Literal["text", "json"] = "text"
    traces: bool = False
    upload_mib: Annotated[int, Field(ge=1)] = 2048
    requests_per_minute: Annotated[int, Field(ge=0)] = 1200
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    drain_seconds: Annotated[float, Field(ge=0)] = 10.0
    patience_seconds: float | None = None
    schedules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    schedule_files: list[Path] = Field(default_factory=list)
    source_roots: list[Path] = Field(default_factory=list)
    source_hosts: list[str] = Field(default_factory=list)
    known_hosts: Path | None = None
    logins: dict[str, LoginSettings] = Field(default_factory=dict)
    notices: dict[Annotated[str, Field(pattern="^[a-z0-9_-]{1,30}$")], NoticeSettings] = Field(
        default_factory=dict
    )
    webhook_hosts: list[str] = Field(default_factory=list)
    public_url: Annotated[str | None, Field(pattern=r"^https?://[^\s?#@]+$")] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def database_address(self) -> str:
        """Holds a password, perhaps: for the database alone."""
        if self.database:
            return self.database.get_secret_value()
        return f"sqlite:///{self.data_dir / DATABASE}"

    @property
    def all_consumers(self) -> tuple[Consumer, ...]:
        """`all` takes every step, unless the settings say otherwise."""
        given = {
            name: Consumer(name=name, bindings=tuple(one.bindings)) for name, one in self.consumers.items()
        }
        return tuple({ALL.name: ALL, **given}.values())

    @property
    def mapping_folders(self) -> list[Path]:
        """The operator's own, then those of the working folder, then those that importer brings along."""
        here = Path(__file__).parents[1]
        return [*self.mappings, Path("mappings"), here / "mappings", here.parent / "mappings"]


def load_settings(**overrides: object) -> Settings:
    """Raises ConfigurationError with every fault, none of the values."""
    if os.environ.get(f"{PREFIX}CONFIG") and not config_file().is_file():
        raise ConfigurationError(f"IMPORTER_CONFIG names {config_file()}, which does not exist.")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "\n".join(
            f"  {'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ConfigurationError(
            f"The settings ({config_file()} and {PREFIX}*) have faults:\n{faults}"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"{config_file()} is not TOML: {error}") from None


def config_file() -> Path:
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "importer.toml")


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
