"""Settings: each way in, and one sentence with the setting's name for each that is wrong, missing or dangerous."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigurationError
from config.settings import Section, Settings, load_settings

PREFIX = "CITIZEN_ACCOUNT_"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv(f"{PREFIX}CONFIG", str(path))
    return path


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml.write_text(
        'public_url = "https://a.example"\nbackup_window_days = 7\n[theme]\ncity_name = "A"\n[s3]\nregion = "a"\n'
        'papers_bucket = "file"\n'
    )
    monkeypatch.setenv(f"{PREFIX}PUBLIC_URL", "https://b.example")
    monkeypatch.setenv(f"{PREFIX}S3__REGION", "eu-west-3")
    settings = load_settings()
    assert (settings.public_url, settings.backup_window_days, settings.theme.city_name) == ("https://b.example", 7, "A")
    assert (settings.s3.region, settings.s3.papers_bucket, settings.s3.ledger_bucket) == ("eu-west-3", "file", "ledger")


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("DATABASE_URL", "postgresql+psycopg://account@db/account", lambda s: s.database),
        ("S3_ENDPOINT_URL", "https://s3.example", lambda s: s.s3.endpoint_url),
        ("S3_REGION", "eu-west-3", lambda s: s.s3.region),
        ("S3_PAPERS_BUCKET", "city-papers", lambda s: s.s3.papers_bucket),
        ("S3_LEDGER_ARCHIVE_BUCKET", "city-archive", lambda s: s.s3.ledger_archive_bucket),
        ("S3__REGION", "eu-west-3", lambda s: s.s3.region),
        ("THEME__CITY_NAME", "Testville", lambda s: s.theme.city_name),
    ],
)
def test_each_name_in_the_environment_is_read(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, found: Any
) -> None:
    before = dict(os.environ)
    monkeypatch.setenv(f"{PREFIX}{variable}", value)
    assert found(load_settings()) == value
    assert dict(os.environ) == {**before, f"{PREFIX}{variable}": value}  # reading changes nothing for children


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"public_url": "http://account.example"}, r"public_url \(CITIZEN_ACCOUNT_PUBLIC_URL\) is wrong: an https"),
        ({"public_url": "https://account.example/path"}, "public_url .* without a path"),
        ({"public_url": "ftp://account.example"}, "public_url .* an https address"),
        ({"provider": {"access_token_lifetime": 3600}}, "provider.access_token_lifetime .* less than or equal"),
        ({"provider": {"code_lifetime": 600}}, "provider.code_lifetime .* less than or equal"),
        ({"backup_window_days": -1}, "backup_window_days .* greater than or equal"),
        ({"trusted_proxies": -1}, "trusted_proxies .* greater than or equal"),
        ({"languages": []}, "languages .* at least 1 item"),
        ({"time_zone": "Paris"}, "time_zone .* IANA"),
        ({"time_zone": "../etc/passwd"}, "time_zone .* IANA"),
        ({"unknown_setting": 1}, "no setting unknown_setting"),
        ({"s3": {"unknown": 1}}, r"no setting s3.unknown \(CITIZEN_ACCOUNT_S3__UNKNOWN\)"),
        ({"catalogues": {"purposes": "/nonexistent.toml"}}, "catalogues.purposes .* does not point to a file"),
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong_is_one_sentence_with_its_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        load_settings(**given)
    assert len(str(refused.value).splitlines()) == 1


def test_two_that_are_wrong_are_two_sentences() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(public_url="x", time_zone="x")
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABSE_URL", "sqlite:///x", "CITIZEN_ACCOUNT_DATABSE_URL names no setting"),
        ("S3_ZONE", "x", "no setting s3.zone"),
        ("MAIL__SMTP_ULR", "x", "no setting mail.smtp_ulr"),
        ("LANGUAGES", "fr", r"languages.*written as JSON"),
        ("CONFIG", "/nonexistent.toml", "CITIZEN_ACCOUNT_CONFIG names /nonexistent.toml, which is no file"),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{variable}", value)
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("public_url = https", "is not TOML"),
        ('publik_url = "https://a.example"', "no setting publik_url"),
        ('[s3]\nzone = "x"', "no setting s3.zone"),
    ],
)
def test_a_file_that_is_wrong_is_one_sentence(toml: Path, text: str, said: str) -> None:
    toml.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


@pytest.mark.parametrize("token", ["", "x" * 31])
def test_registration_by_token_needs_one_that_cannot_be_guessed(token: str) -> None:
    given = {"registration": "token", "initial_access_token": token}
    with pytest.raises(ConfigurationError, match=r"initial_access_token then needs at least 32"):
        load_settings(provider=given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"library": ""}, "key_ring.library then needs the path"),
        ({"token": ""}, "key_ring.token the label"),
        ({"pin": ""}, "either key_ring.pin or key_ring.pin_file"),
        ({"pin_file": __file__}, "either key_ring.pin or key_ring.pin_file"),
        ({"pin": "", "pin_file": "/nonexistent"}, "key_ring.pin_file .* does not point to a file"),
        ({"pin": "changeme"}, "key_ring.pin is a placeholder"),
        ({"kind": "kms"}, "key_ring.kind .* 'file' or 'pkcs11'"),
    ],
)
def test_a_token_needs_library_label_and_one_pin(change: dict[str, Any], said: str) -> None:
    whole = {"kind": "pkcs11", "library": "/usr/lib/hsm.so", "token": "city", "pin": "84-river-61"}
    assert load_settings(key_ring=whole).key_ring.token == "city"
    with pytest.raises(ConfigurationError, match=said):
        load_settings(key_ring={**whole, **change})


@pytest.mark.parametrize("placeholder", ["changeme", "MinioAdmin", "<your secret>", "${SECRET}", "aaaaaaaa"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda secret: {"s3": {"access_key_id": "key", "secret_access_key": secret}}, "s3.secret_access_key"),
        (lambda secret: {"mail": {"smtp_url": f"smtps://user:{secret}@mail.example"}}, "mail.smtp_url's password"),
        (lambda secret: {"database_url": f"postgresql+psycopg://u:{secret}@db/x"}, "database_url's password"),
    ],
    ids=["store", "mail", "database"],
)
def test_a_secret_that_everybody_knows_stops_the_start(given: Any, said: str, placeholder: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{said} is a placeholder") as refused:
        load_settings(**given(placeholder))
    assert placeholder not in str(refused.value)
    load_settings(**given("correct-horse-7"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"access_key_id": "key"}, "s3.access_key_id is set and s3.secret_access_key is missing"),
        ({"secret_access_key": "correct-horse-7"}, "s3.secret_access_key is set and s3.access_key_id is missing"),
    ],
)
def test_half_of_a_key_stops_the_start(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_settings(s3=given)


@pytest.mark.parametrize(
    "given",
    [
        {"public_url": "https://account.example"},
        {"public_url": "https://localhost.example"},
        {"trusted_proxies": 1},
    ],
)
def test_the_mailbox_that_anyone_reads_stays_on_loopback(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"mail\.local_mailbox shows every mail to whoever asks"):
        load_settings(mail={"local_mailbox": True}, **given)
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert load_settings(mail={"local_mailbox": True}, public_url=f"http://{host}:8000").mail.local_mailbox


def test_what_is_shown_of_the_settings_holds_no_secret() -> None:
    settings = load_settings(
        s3={"access_key_id": "key", "secret_access_key": "correct-horse-7"},
        mail={"smtp_url": "smtps://user:correct-horse-7@mail.example"},
        database_url="postgresql+psycopg://u:correct-horse-7@db/x",
    )
    assert "correct-horse-7" not in settings.model_dump_json()
    assert "correct-horse-7" not in repr(settings)
    assert settings.database == "postgresql+psycopg://u:correct-horse-7@db/x"


def _sections(section: type[Section | Settings]) -> Iterator[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        yield f"{section.__name__}.{name}", field
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _sections(field.annotation)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in _sections(Settings) if not field.description] == []
