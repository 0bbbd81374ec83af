"""Addresses in settings: what is wrong with one, said without a secret."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def address_faults(given: Mapping[str, Any], setting: str = "base_url", what: str = "the token") -> list[str]:
    """Of the address under `setting`; `what` would travel there."""
    address = given.get(setting)
    if not isinstance(address, str):
        return []  # the field itself says so
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"{setting} must be an address such as https://host.example.com"]
    faults = []
    if parts.username or parts.password:
        faults.append(f"{setting} must not hold a user or password; they belong into settings of their own")
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and not _is_true(given.get("allow_http")):
        faults.append(
            f"{setting} is http://, which would send {what} unencrypted; use https:// or allow_http"
        )
    return faults


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
