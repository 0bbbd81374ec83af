"""The shop part of the settings: every fault at once, in words, and never a value."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from importer.domain.errors import ConfigurationError
from importer.settings import ShopSettings, load_settings

KEYS = {
    "consumer_key": "s-1",
    "consumer_secret": "s-2",
    "access_token": "s-3",
    "access_token_secret": "s-4",
}


def faults(**shop: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(shops={"main": {"base_url": "https://shop.example", **shop}})
    return caught.value.text


@pytest.mark.parametrize(
    "shop",
    [
        {"token": "s-1"},
        {"auth": "oauth1", **KEYS},
        {"auth": "admin", "user": "robot", "password": "s-1"},
        {"auth": "admin", "user": "robot", "password": "s-1", "totp_secret": "s-2"},
        {"token": "s-1", "mode": "async"},
    ],
)
def test_each_kind_of_login_is_taken_with_its_own_words(shop: dict[str, str]) -> None:
    settings = load_settings(shops={"main": {"base_url": "https://shop.example", **shop}})

    assert "s-1" not in repr(settings)
    assert {type(value) for value in settings.shops["main"].secrets().values()} == {SecretStr}


@pytest.mark.parametrize(
    ("shop", "says"),
    [
        ({}, "auth = bearer needs token"),
        ({"token": ""}, "auth = bearer needs token"),
        ({"auth": "oauth1"}, "needs consumer_key, consumer_secret, access_token, access_token_secret"),
        ({"auth": "oauth1", **KEYS, "access_token": ""}, "auth = oauth1 needs access_token"),
        ({"auth": "admin", "user": "robot"}, "auth = admin needs password"),
        ({"auth": "admin", "user": "r", "password": "s-1", "token": "s-2"}, "token belongs to auth = bearer"),
        ({"token": "s-1", "totp_secret": "s-2"}, "totp_secret belongs to auth = admin"),
        ({"auth": "basic"}, "'bearer', 'oauth1' or 'admin'"),
        ({"token": "s-1", "mode": "slow"}, "'bulk', 'async' or 'sync'"),
        ({"token": "s-1", "base_url": "ftp://x"}, "base_url must be an address"),
        ({"token": "s-1", "base_url": "https://[x"}, "base_url must be an address"),
        ({"token": "s-1", "base_url": "https://u:p@x"}, "must not hold a user or password"),
        ({"token": "s-1", "base_url": "http://shop.example"}, "would send the token unencrypted"),
        ({"token": "s-1", "base_url": "http://shop.example", "allow_http": "false"}, "unencrypted"),
    ],
)
def test_a_wrong_combination_is_told_without_its_values(shop: dict[str, str], says: str) -> None:
    text = faults(**shop)

    assert says in text
    assert "shops.main" in text
    assert not any(secret in text for secret in ("s-1", "s-2"))


def test_all_faults_of_a_shop_are_told_at_once() -> None:
    text = faults(auth="admin", token="s-1", base_url="http://u:p@shop.example", batch_size=0, colour="red")

    for said in (
        "auth = admin needs user, password",
        "token belongs to auth = bearer",
        "must not hold a user",
        "unencrypted",
        "shops.main.batch_size: Input should be greater than or equal to 1",
        "shops.main.colour: Extra inputs are not permitted",
    ):
        assert said in text


def test_the_environment_gives_secrets_to_a_shop_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__BASE_URL", "https://shop.example")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__AUTH", "admin")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__USER", "robot")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__PASSWORD", "s-1")

    shop = load_settings().shops["main"]

    assert shop.secrets() == {"password": SecretStr("s-1")}


def test_http_to_another_machine_needs_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__ALLOW_HTTP", "true")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__BASE_URL", "http://shop.example")
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__TOKEN", "s-1")

    assert load_settings().shops["main"].allow_http


def test_a_shop_made_in_code_is_checked_likewise() -> None:
    with pytest.raises(ValueError, match="needs token"):
        ShopSettings(base_url="https://shop.example")


def files_of(**files: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(files={"url": "s3://bucket", **files})
    return caught.value.text


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"url": "https://bucket"}, "url must be an address such as s3://bucket"),
        ({"url": "s3://user:s-1@bucket"}, "url must be an address such as s3://bucket"),
        ({"url": "s3://b"}, "url must be an address such as s3://bucket"),
        ({"access_key": "s-1"}, "access_key and secret_key belong together"),
        ({"endpoint": "s3.example"}, "endpoint must be an address"),
        ({"endpoint": "https://u:s-1@s3.example"}, "must not hold a user or password"),
        ({"endpoint": "http://s3.example"}, "would send the files unencrypted"),
        ({"key": "s-1"}, "files.key"),
    ],
)
def test_a_wrong_bucket_is_told_without_its_keys(files: dict[str, str], says: str) -> None:
    text = files_of(**files)

    assert says in text
    assert "s-1" not in text


def test_a_bucket_is_given_by_its_address_alone_by_a_table_or_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().files is None
    (tmp_path / "importer.toml").write_text('files = "s3://bucket/shops/kept/"\n')
    files = load_settings().files
    assert files is not None
    assert files.bucket == ("bucket", "shops/kept")

    (tmp_path / "importer.toml").write_text('[files]\nurl = "s3://bucket"\naccess_key = "a"\n')
    monkeypatch.setenv("IMPORTER_FILES__SECRET_KEY", "s-1")
    files = load_settings().files
    assert files is not None
    assert (files.bucket, files.secret_key) == (("bucket", ""), SecretStr("s-1"))
    assert "s-1" not in repr(load_settings())

    (tmp_path / "importer.toml").unlink()
    monkeypatch.delenv("IMPORTER_FILES__SECRET_KEY")
    monkeypatch.setenv("IMPORTER_FILES", "s3://another")
    files = load_settings().files
    assert files is not None
    assert files.bucket == ("another", "")


def test_an_endpoint_on_this_machine_needs_no_encryption() -> None:
    for endpoint in ("http://127.0.0.1:9000", "http://localhost:9000"):
        assert load_settings(files={"url": "s3://bucket", "endpoint": endpoint}).files is not None
    assert load_settings(
        files={"url": "s3://bucket", "endpoint": "http://minio:9000", "allow_http": "1"}
    ).files
