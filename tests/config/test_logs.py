"""Logs: what may not be in them raises in the tests, and is dropped where the house serves people."""

from __future__ import annotations

import base64
import json
import logging

import pytest

from config import logs

LEAKS = [
    pytest.param({"email": "x"}, id="a field named like an address"),
    pytest.param({"former_email": "x"}, id="a field that ends like one"),
    pytest.param({"password": "x"}, id="a password"),
    pytest.param({"access_token": "x"}, id="a token"),
    pytest.param({"client_secret": "x"}, id="a secret"),
    pytest.param({"file_name": "x"}, id="a file name"),
    pytest.param({"ip": "x"}, id="where someone is"),
    pytest.param({"reason": "alice@example.org is unknown"}, id="a mail address in a text"),
    pytest.param({"reason": "call +33612345678"}, id="a phone number in a text"),
    pytest.param({"reason": "eyJhbGciOiJub25lIn0.e30."}, id="a JWT in a text"),
    pytest.param({"reason": base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")}, id="256 bits in a text"),
    pytest.param({"reason": "-----BEGIN PRIVATE KEY-----"}, id="a key in a text"),
    pytest.param({"reasons": ["fine", "alice@example.org"]}, id="an address in a list"),
    pytest.param({"reason": "Mrs TESTVILLE is unknown"}, id="a word of the tests in any case"),
]


@pytest.fixture
def lenient() -> None:
    """Logging as where the house serves people."""
    logs.configure(forbidden_words=("testville",))


@pytest.mark.parametrize("leak", LEAKS)
def test_a_record_with_a_secret_or_a_person_fails_every_test(leak: dict[str, object]) -> None:
    with pytest.raises(logs.LeakError):
        logs.get_logger("test").info("event", **leak)


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.usefixtures("lenient")
def test_it_is_dropped_where_the_house_serves_people(
    leak: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.get_logger("test").info("event", **leak, client="school")
    record = json.loads(capsys.readouterr().err)
    [name] = leak
    assert (record["event"], record["module"], record["client"], record[name]) == (
        "event", "test", "school", "(dropped)",
    )  # fmt: skip


def test_a_value_in_the_name_of_the_event_is_found_too() -> None:
    with pytest.raises(logs.LeakError):
        logs.get_logger("test").info("alice@example.org signed in")


def test_what_a_library_says_goes_the_same_way() -> None:
    with pytest.raises(logs.LeakError):
        logging.getLogger("library").warning("no such user: %s", "alice@example.org")
    logging.getLogger("library").info("no such user: %s", "alice@example.org")  # below what is written


@pytest.mark.usefixtures("lenient")
def test_an_exceptions_message_is_never_written(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("alice@example.org")  # noqa: TRY301 -- the message under test
    except ValueError as error:
        logs.get_logger("test").error("failed", exc_info=error)
        logging.getLogger("library").exception("failed")
    ours, library = capsys.readouterr().err.splitlines()
    for said in (ours, library):
        assert "ValueError at test_logs.py:" in json.loads(said)["exception"]
        assert "alice" not in said


@pytest.mark.usefixtures("lenient")
def test_records_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="warning")
    logs.get_logger("test").info("quiet")
    logs.get_logger("test").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]
