"""Where the broker is, how we log in, and what it means to a person when that fails."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from aio_pika.exceptions import CONNECTION_EXCEPTIONS, AMQPError
from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    ProbableAuthenticationError,
)

from importer.domain.errors import ConfigurationError

AWAY = (*CONNECTION_EXCEPTIONS, AMQPError, OSError, TimeoutError)
"""What the client raises when the broker cannot be used."""

LOOKS_LIKE = "`broker` must look like amqp://user:password@host:5672/vhost (or amqps://, port 5671)"


@dataclass(frozen=True, kw_only=True)
class Tls:
    """`authority`: the file with the certificate that the broker's must be signed by; None: the system's."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """Raises ConfigurationError for files that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.authority)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            named = ", ".join(str(path) for path in (self.authority, self.certificate, self.key) if path)
            raise ConfigurationError(
                f"The broker's TLS files ({named}) cannot be used: {error.strerror or error}."
            ) from None
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@dataclass(frozen=True, kw_only=True)
class Address:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: Tls | None = None

    def __str__(self) -> str:
        """Without the login."""
        return f"{self.host}:{self.port}"

    def login(self) -> dict[str, Any]:
        """Words for the client."""
        words = {"host": self.host, "port": self.port, "login": self.user, "password": self.password}
        context = self.tls.context() if self.tls else None
        return {**words, "virtualhost": self.vhost, "ssl": context is not None, "ssl_context": context}

    def refused(self, error: BaseException) -> ConfigurationError:
        """What to do about a connection that could not be made, or a declaration that was not let through."""
        said = str(error).strip().rstrip(".")
        if isinstance(error, (AuthenticationError, ProbableAuthenticationError)):
            why = f"it refuses the user {self.user} or the password. Correct `broker`."
        elif (
            isinstance(error, ConnectionNotAllowed) or "Connection.OpenOk" in said
        ):  # what it says comes as no answer
            why = (
                f"the vhost is not there, or the user {self.user} has no rights in it. Make it, or give them."
            )
        elif isinstance(error, ChannelAccessRefused):
            why = (
                f"{said}. The user {self.user} needs the rights to configure, write and read in {self.vhost}."
            )
        elif isinstance(error, ChannelPreconditionFailed):
            why = f"{said}. Another version declared it otherwise: delete it, or choose another `broker_exchange`."
        elif isinstance(error, ssl.SSLError) or "SSL" in said or "certificate" in said:
            why = f"TLS fails: {said}. See broker_ca, broker_certificate and broker_verify in the settings."
        elif isinstance(error, TimeoutError):
            why = "it does not answer. Start it, or correct `broker`."
        else:
            why = f"{said or 'nobody answers'}. Start it, or correct `broker`."
        return ConfigurationError(
            f"The broker at {self} (vhost {self.vhost}) cannot be used: {why}", code="broker"
        )


def address(url: str, tls: Tls | None = None) -> Address:
    """Raises ConfigurationError, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{LOOKS_LIKE}.") from None
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise ConfigurationError(f"{LOOKS_LIKE}.")
    safe = parts.scheme == "amqps"
    return Address(
        host=parts.hostname,
        port=port or (5671 if safe else 5672),
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path[1:]) or "/",
        tls=(tls or Tls()) if safe else None,
    )
