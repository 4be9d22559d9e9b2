"""Settings, transactions, rate limits, logs, mail, the store: what each refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from config import logs
from config.database import Database
from config.errors import ConfigurationError, ObjectExists, ObjectMissing, TransactionError
from config.identifiers import SystemRandomness
from config.mail import LocalMailbox, Message
from config.object_store import PART_BYTES, ObjectStore
from config.rate_limits import RateLimits, TooManyRequests, address_key
from config.settings import Section, Settings, load_settings
from tests.clocks import FixedClock


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('public_url = "https://a.example"\nbackup_window_days = 7\n[theme]\ncity_name = "A"\n')
    monkeypatch.setenv("CITIZEN_ACCOUNT_CONFIG", str(file))
    monkeypatch.setenv("CITIZEN_ACCOUNT_PUBLIC_URL", "https://b.example")
    monkeypatch.setenv("CITIZEN_ACCOUNT_S3_REGION", "eu-west-3")
    settings = load_settings()
    assert (settings.public_url, settings.backup_window_days, settings.theme.city_name) == ("https://b.example", 7, "A")
    assert settings.s3.region == "eu-west-3"


@pytest.mark.parametrize(
    "given",
    [
        {"public_url": "http://account.example"},
        {"public_url": "https://account.example/path"},
        {"public_url": "ftp://account.example"},
        {"provider": {"access_token_lifetime": 3600}},
        {"provider": {"code_lifetime": 600}},
        {"unknown_setting": 1},
        {"s3": {"unknown": 1}},
        {"s3": {"secret_access_key": "changeme"}},
        {"public_url": "https://account.example", "mail": {"local_mailbox": True}},
        {"trusted_proxies": 1, "mail": {"local_mailbox": True}},
    ],
)
def test_a_setting_that_is_wrong_or_dangerous_stops_the_start(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(**given)


def _sections(section: type[Section | Settings]) -> Iterator[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        yield f"{section.__name__}.{name}", field
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _sections(field.annotation)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in _sections(Settings) if not field.description] == []


def test_no_transaction_opens_inside_another(database: Database) -> None:
    for outer in (database.transaction, database.reading):
        for inner in (database.transaction, database.reading):
            with outer(), pytest.raises(TransactionError), inner():
                pass
    with database.transaction():
        pass


def test_a_rate_limit_counts_by_bucket_key_and_window(database: Database, clock: FixedClock) -> None:
    limits = RateLimits(database, clock)
    for _ in range(3):
        limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    with pytest.raises(TooManyRequests) as refused:
        limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    assert timedelta() < refused.value.retry_after <= timedelta(minutes=1)
    limits.check("sign-in", "1.2.3.5", 3, timedelta(minutes=1))
    limits.check("reset", "1.2.3.4", 3, timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    limits.sweep()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
    ],
)
def test_an_ipv6_neighbourhood_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@pytest.mark.parametrize(
    "leak",
    [
        {"email": "x"},
        {"password": "x"},
        {"access_token": "x"},
        {"file_name": "x"},
        {"ip": "x"},
        {"reason": "alice@example.org is unknown"},
        {"reason": "eyJhbGciOiJub25lIn0.e30."},
        {"reason": hashlib.sha256(b"").hexdigest()[:43]},
    ],
)
def test_a_log_record_with_a_secret_or_a_person_raises_here_and_is_dropped_there(
    leak: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = logs.get_logger("test")
    with pytest.raises(logs.LeakError):
        log.info("event", **leak)
    try:
        logs.configure(json=True)
        structlog.get_logger().info("event", **leak)
        assert next(iter(leak.values())) not in capsys.readouterr().err or leak.get("reason") is None
    finally:
        logs.configure(json=False, strict=True)


def test_an_exceptions_message_is_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("alice@example.org")  # noqa: TRY301 -- the message under test
    except ValueError as error:
        logs.get_logger("test").error("failed", exc_info=error)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "alice" not in said


def test_mail_with_a_line_break_in_a_header_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    mailbox = LocalMailbox(tmp_path / "mail", clock, SystemRandomness())
    for bad in ({"to": "a@b.example\r\nBcc: c@d.example"}, {"subject": "Hello\nBcc: c@d.example"}):
        with pytest.raises(ValueError, match=r"newline|linefeed|carriage"):
            mailbox.send(Message(**{"to": "a@b.example", "subject": "s", "text": "t", **bad}))
    assert mailbox.messages() == []
    mailbox.send(Message(to="a@b.example", subject="Été", text="line\nline"))
    assert [message.subject for message in mailbox.messages()] == ["Été"]
    assert json.loads(next((tmp_path / "mail").glob("*.json")).read_text())["text"] == "line\nline"


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    made = ObjectStore(settings.s3, settings.s3.papers_bucket)
    made.ensure_bucket()
    return made


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 7])
def test_objects_of_every_size_come_back_and_ranges_are_slices(store: ObjectStore, size: int) -> None:
    data = bytes(i % 251 for i in range(min(size, 4096))) * (size // min(size, 4096) + 1) if size else b""
    data = data[:size]
    store.put_parts("o", (data[i : i + 100_000] for i in range(0, size, 100_000)))
    assert b"".join(store.read("o")) == data
    if size > 10:
        assert b"".join(store.read("o", 3, 9)) == data[3:10]


def test_a_name_is_written_once_and_the_same_bytes_again_are_success(store: ObjectStore) -> None:
    store.put("o", b"one")
    store.put("o", b"one")
    with pytest.raises(ObjectExists):
        store.put("o", b"two")
    with pytest.raises(ObjectExists):
        store.put_parts("o", [b"x" * (PART_BYTES + 1)])
    assert store.get("o")[0] == b"one"


def test_an_upload_that_breaks_off_leaves_no_object(store: ObjectStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (2 * PART_BYTES)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put_parts("o", broken())
    with pytest.raises(ObjectMissing):
        store.head("o")
    assert list(store.list()) == []


def test_of_two_writers_with_the_same_etag_one_wins(store: ObjectStore) -> None:
    etag = store.replace("c", b"1", if_match=None)
    store.replace("c", b"2", if_match=etag)
    for stale in (etag, None):
        with pytest.raises(ObjectExists):
            store.replace("c", b"3", if_match=stale)
    assert store.get("c")[0] == b"2"


def test_the_store_is_not_called_inside_a_transaction(store: ObjectStore, sqlite: Database) -> None:
    with sqlite.transaction(), pytest.raises(TransactionError):
        store.put("o", b"x")
