"""Which addresses of the network may be called for somebody who only named a host: public ones, and those that the settings
allow. The address that was checked is the one that is called, so a name that changes its mind in between is no way around."""

import asyncio
import ipaddress
import socket
from collections.abc import Collection

from importer.domain.errors import ConfigurationError, SourceMissing

TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 address in their last four bytes (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


async def checked_addresses(
    host: str, port: int, allowed: Collection[str], *, setting: str = "source_hosts"
) -> list[str]:
    """The addresses of the host to connect to. Every one that it has must be allowed, else none is. `setting`: whose
    value `allowed` is.

    Raises SourceMissing for an unknown host, ConfigurationError for one that is not public and not `allowed` by name.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceMissing(
            f"The host {host} is not known. Check its name.", code="source.unreachable"
        ) from None
    addresses = [str(one[4][0]) for one in found]
    inner = [
        address for address in addresses if not is_public(ipaddress.ip_address(address.partition("%")[0]))
    ]
    if inner and host.lower() not in {name.lower() for name in allowed}:
        raise ConfigurationError(
            f"{host} is an address of an inner network ({inner[0]}), which is not called. If it is meant, add {host} to "
            f"the setting {setting}.",
            code="source.host",
        )
    return list(dict.fromkeys(addresses))


def is_public(address: Address) -> bool:
    """Not private, loopback, link-local, multicast, reserved, nor an IPv6 form of such an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in TRANSLATED:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None and not is_public(hidden):
            return False
    return address.is_global and not address.is_multicast
