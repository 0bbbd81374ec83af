"""The broker's address and its TLS files: what cannot be read is told in a sentence, and no password is."""

import ssl
from pathlib import Path

import pytest
import trustme

from importer.domain.errors import ConfigurationError
from importer.queues.address import Tls, address
from importer.settings import load_settings


@pytest.mark.parametrize(
    ("url", "host", "port", "vhost", "safe"),
    [
        ("amqp://u:geheim@mq.example", "mq.example", 5672, "/", False),
        ("amqp://u:geheim@mq.example:5673/", "mq.example", 5673, "/", False),
        ("amqps://u:geheim@mq.example/shop", "mq.example", 5671, "shop", True),
        ("amqp://u:geheim%40x@[::1]:5672/%2Fa", "::1", 5672, "/a", False),
    ],
)
def test_an_address_is_read(url: str, host: str, port: int, vhost: str, safe: bool) -> None:
    where = address(url)

    assert (where.host, where.port, where.vhost, where.tls is not None) == (host, port, vhost, safe)
    assert where.login()["ssl"] is safe
    assert where.password.startswith("geheim")
    assert "geheim" not in repr(where)
    assert "geheim" not in str(where)


@pytest.mark.parametrize(
    "url", ["", "mq.example", "http://u:geheim@mq", "amqp://u:geheim@", "amqp://u:geheim@x:y/"]
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like") as caught:
        address(url)

    assert "geheim" not in caught.value.text


def test_tls_verifies_with_the_files_that_were_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    ours = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    ours.private_key_and_cert_chain_pem.write_to_path(tmp_path / "ours.pem")
    context = Tls(authority=tmp_path / "ca.pem", certificate=tmp_path / "ours.pem").context()
    lax = Tls(verify=False).context()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1
    assert lax.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("missing", ["authority", "certificate"])
def test_a_tls_file_that_is_not_there_is_told(missing: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"TLS files \(.*none\.pem\) cannot be used: No such file"):
        Tls(**{missing: tmp_path / "none.pem"}).context()  # type: ignore[arg-type]


def test_consumers_of_the_settings_stand_beside_the_one_for_all() -> None:
    settings = load_settings(consumers={"products": {"bindings": ["step.deliver.*.product"]}})

    assert [(one.name, one.bindings) for one in settings.all_consumers] == [
        ("all", ("step.#",)),
        ("products", ("step.deliver.*.product",)),
    ]


@pytest.mark.parametrize(
    ("name", "bindings", "says"),
    [
        ("products", ["deliver.#"], "deliver.# does not begin with step"),
        ("products", ["step..x"], "has an empty word"),
        ("products", [], "at least 1 item"),
        ("Products!", ["step.#"], "should match pattern"),
    ],
)
def test_a_consumer_that_can_take_nothing_is_refused(name: str, bindings: list[str], says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(consumers={name: {"bindings": bindings}})

    assert says in caught.value.text
