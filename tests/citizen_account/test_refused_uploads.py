"""A refused upload opens no file and asks the store nothing: counted where Python does it, by its own audit events."""

from __future__ import annotations

import http
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from werkzeug.test import TestResponse

from tests.citizen_account.town import Town, multipart, pdf

_COUNTED = {"open", "tempfile.mkstemp", "http.client.connect", "http.client.send", "subprocess.Popen"}
"""What Python and its libraries raise (docs.python.org/3/library/audit_events.html): boto3 and urllib3 send by
http.client."""
_counting: list[Counter[str]] = []
"""The counter in use: a hook can't be taken away again."""


def _hook(event: str, _arguments: object) -> None:
    if _counting and event in _COUNTED:
        _counting[-1][event] += 1


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts what happens meanwhile."""
    if not _counting:
        sys.addaudithook(_hook)
    _counting.append(Counter())
    yield _counting[-1]
    _counting.append(Counter())


LARGE = pdf() + bytes(2_000_000)
"""Werkzeug's own form parser would spool this to disk."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What one refused upload has that the good one has not."""

    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/papers/add"
    signed_in: bool = True


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param(Changed(fields={"csrf_token": ""}), 403, id="no form token"),
        pytest.param(Changed(fields={"csrf_token": "forged"}), 403, id="forged form token"),
        pytest.param(Changed(fields={"document_type": "secret"}), 400, id="unknown type"),
        pytest.param(Changed(headers={"Origin": "https://evil.example"}), 403, id="foreign Origin"),
        pytest.param(Changed(headers={"Sec-Fetch-Site": "cross-site"}), 403, id="another site"),
        pytest.param(Changed(signed_in=False), 303, id="no sign-in"),
        pytest.param(Changed(path="/papers/pictures"), 415, id="a page that wants no file"),
    ],
)
def test_a_refused_upload_opens_no_file_and_asks_the_store_nothing(
    lone_town: Town, changed: Changed, status: int
) -> None:
    send = _sender(lone_town, changed)
    send()  # loads the templates of the refusal
    with counted() as seen:
        assert send().status_code == status
    assert seen == {}


def test_the_counters_see_what_an_accepted_upload_does(lone_town: Town) -> None:
    with counted() as seen:
        assert _sender(lone_town, Changed())().status_code == http.HTTPStatus.SEE_OTHER
        (lone_town.house.settings.data_dir / "a file").touch()
    assert seen["http.client.send"] >= 1
    assert seen["open"] >= 1


def _sender(town: Town, changed: Changed) -> Callable[[], TestResponse]:
    """The upload, with everything ready that the test itself needs files for."""
    alice = town.citizen()
    client = alice.client if changed.signed_in else town.stranger().client
    good = {"csrf_token": alice.token(), "document_type": "proof_of_address", "label": "", "agreement": "no"}
    body, boundary = multipart({**good, **changed.fields}, LARGE + b"\n%%EOF\n", "bill.pdf", "application/pdf")

    def send() -> TestResponse:
        return client.post(
            changed.path,
            input_stream=io.BytesIO(body),
            content_length=len(body),
            content_type=f"multipart/form-data; boundary={boundary}",
            base_url="http://localhost:8000",
            headers=dict(changed.headers),
        )

    return send
