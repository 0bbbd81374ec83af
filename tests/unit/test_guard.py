"""Addresses that a source may call, and those that it may not."""

import ipaddress

import pytest

from importer.domain.errors import ConfigurationError, SourceMissing
from importer.sources.guard import checked_addresses, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_an_address_of_an_inner_network_is_not_public_in_any_form(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "2130706433", "0x7f.1", "[::1]"])
async def test_a_host_of_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises((ConfigurationError, SourceMissing)) as caught:
        await checked_addresses(host, 443, [])
    assert caught.value.code in ("source.host", "source.unreachable")


async def test_a_host_that_the_settings_allow_is_called() -> None:
    assert "127.0.0.1" in await checked_addresses("localhost", 443, ["LOCALHOST"])


async def test_an_unknown_host_is_told() -> None:
    with pytest.raises(SourceMissing, match="no-such-host"):
        await checked_addresses("no-such-host.invalid", 443, [])
