"""Settings: `importer.toml` in the working folder (or IMPORTER_CONFIG), then the environment, which wins.

Secrets never appear in an error or a log: they are SecretStr, and pydantic is told to hide what it was given.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from importer.domain.errors import ConfigurationError

PREFIX = "IMPORTER_"
MIB = 1 << 20
DATABASE = "importer.db"
"""The state's file in the data folder, where no database is set."""


LOGINS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bearer": (("token",), ()),
    "oauth1": (("consumer_key", "consumer_secret", "access_token", "access_token_secret"), ()),
    "admin": (("user", "password"), ("totp_secret",)),
}
"""Kind of login -> the settings it needs, and those it may have."""


class ShopSettings(BaseModel):
    """One shop. Secrets are better kept in the environment: IMPORTER_SHOPS__<NAME>__TOKEN."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    system: Annotated[str, Field(pattern="^magento$")] = "magento"
    base_url: str
    auth: Literal["bearer", "oauth1", "admin"] = "bearer"
    token: SecretStr | None = None
    consumer_key: SecretStr | None = None
    consumer_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    access_token_secret: SecretStr | None = None
    user: str | None = None
    password: SecretStr | None = None
    totp_secret: SecretStr | None = None
    mode: Literal["bulk", "async", "sync"] = "bulk"
    batch_size: Annotated[int, Field(ge=1, le=5000)] = 100
    batch_bytes: Annotated[int, Field(ge=1024)] = 4 * MIB
    batches_in_flight: Annotated[int, Field(ge=1, le=64)] = 8
    pace: Literal["adaptive", "fixed"] = "adaptive"
    settle_seconds: Annotated[float, Field(ge=0)] = 30.0
    stall_seconds: Annotated[float, Field(gt=0)] = 60.0
    give_up_seconds: Annotated[float, Field(gt=0)] = 24 * 3600.0
    connect_seconds: Annotated[float, Field(gt=0)] = 10.0
    read_seconds: Annotated[float, Field(gt=0)] = 60.0
    status_seconds: Annotated[float, Field(gt=0)] = 30.0
    submit_seconds: Annotated[float, Field(gt=0)] = 120.0
    allow_http: bool = False

    @model_validator(mode="wrap")
    @classmethod
    def _every_fault(cls, data: Any, handler: ModelWrapValidatorHandler["ShopSettings"]) -> "ShopSettings":
        """What is wrong with one setting and what does not fit together is told at once."""
        if not isinstance(data, dict):  # already one of ours
            return handler(data)
        together = [*credential_faults(data), *address_faults(data)]
        try:
            shop, single = handler(data), []
        except ValidationError as error:
            shop, single = None, error.errors(include_url=False, include_context=False)
        if shop is not None and not together:
            return shop
        lines = [(fault["loc"], fault["msg"]) for fault in single] + [((), text) for text in together]
        raise ValidationError.from_exception_data(
            cls.__name__,
            [
                InitErrorDetails(
                    type=PydanticCustomError("shop", "{text}", {"text": text}), loc=loc, input=None
                )
                for loc, text in lines
            ],
            hide_input=True,
        )

    def secrets(self) -> dict[str, SecretStr]:
        """Those that this kind of login uses, by name."""
        values = {name: getattr(self, name) for names in LOGINS[self.auth] for name in names}
        return {name: value for name, value in values.items() if isinstance(value, SecretStr)}


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
    mappings: list[Path] = Field(default_factory=list)
    shops: dict[str, ShopSettings] = Field(default_factory=dict)
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    upload_mib: Annotated[int, Field(ge=1)] = 2048
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    patience_seconds: float | None = None
    schedules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    schedule_files: list[Path] = Field(default_factory=list)
    source_roots: list[Path] = Field(default_factory=list)
    source_hosts: list[str] = Field(default_factory=list)
    known_hosts: Path | None = None
    logins: dict[str, LoginSettings] = Field(default_factory=dict)

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


def credential_faults(given: Mapping[str, Any]) -> list[str]:
    """What is missing for the chosen kind of login, and what belongs to another one. Never a value."""
    auth = given.get("auth", "bearer")
    if auth not in LOGINS:
        return []  # the field itself says so
    needed, possible = LOGINS[auth]
    missing = [name for name in needed if not given.get(name)]
    foreign = [
        f"{name} belongs to auth = {other}"
        for other, (names, more) in LOGINS.items()
        for name in (*names, *more)
        if given.get(name) and name not in (*needed, *possible)
    ]
    faults = [f"auth = {auth} needs {', '.join(missing)}"] if missing else []
    return faults + ([f"{'; '.join(foreign)}, and this shop has auth = {auth}"] if foreign else [])


def address_faults(given: Mapping[str, Any]) -> list[str]:
    base_url = given.get("base_url")
    if not isinstance(base_url, str):
        return []  # the field itself says so
    try:
        parts = urlsplit(base_url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ["base_url must be an address such as https://shop.example.com"]
    faults = []
    if parts.username or parts.password:
        faults.append("base_url must not hold a user or password; the token belongs into `token`")
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and not _is_true(given.get("allow_http")):
        faults.append(
            "base_url is http://, which would send the token unencrypted; use https:// or allow_http"
        )
    return faults


def config_file() -> Path:
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "importer.toml")


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _is_true(value: object) -> bool:
    """As pydantic reads a switch: the environment gives it as a text."""
    return str(value).lower() in ("1", "true", "t", "yes", "y", "on")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
