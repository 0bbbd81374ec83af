"""Settings: `importer.toml` in the working folder (or IMPORTER_CONFIG), then the environment, which wins.

Secrets never appear in an error or a log: they are SecretStr, and pydantic is told to hide what it was given.
"""

import ipaddress
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from importer.domain.errors import ConfigurationError

PREFIX = "IMPORTER_"
MIB = 1 << 20


class ShopSettings(BaseModel):
    """One shop. Secrets are better kept in the environment: IMPORTER_SHOPS__<NAME>__TOKEN."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    system: Annotated[str, Field(pattern="^magento$")] = "magento"
    base_url: str
    token: SecretStr
    batch_size: Annotated[int, Field(ge=1, le=5000)] = 100
    batch_bytes: Annotated[int, Field(ge=1024)] = 4 * MIB
    batches_in_flight: Annotated[int, Field(ge=1, le=64)] = 4
    settle_seconds: Annotated[float, Field(ge=0)] = 30.0
    connect_seconds: Annotated[float, Field(gt=0)] = 10.0
    read_seconds: Annotated[float, Field(gt=0)] = 60.0
    submit_seconds: Annotated[float, Field(gt=0)] = 120.0
    allow_http: bool = False

    @model_validator(mode="after")
    def _safe_address(self) -> "ShopSettings":
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url must be an address such as https://shop.example.com")
        if parts.username or parts.password:
            raise ValueError("base_url must not hold a user or password; the token belongs into `token`")
        if parts.scheme == "http" and not _is_loopback(parts.hostname) and not self.allow_http:
            raise ValueError(
                "base_url is http://, which would send the token unencrypted; use https:// or allow_http"
            )
        return self


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
    mappings: list[Path] = Field(default_factory=list)
    shops: dict[str, ShopSettings] = Field(default_factory=dict)
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    upload_mib: Annotated[int, Field(ge=1)] = 2048
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    patience_seconds: float | None = None

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
    def mapping_folders(self) -> list[Path]:
        """The operator's own, then those of the working folder, then those that importer brings along."""
        here = Path(__file__).parent
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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
