"""Settings of a shop: where it is, how to log in, how it wants to be treated."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

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

from importer.settings.addresses import address_faults

MIB = 1 << 20

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
