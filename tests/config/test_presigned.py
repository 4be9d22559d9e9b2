"""Presigned reads: the same URL as botocore makes, and a store that answers exactly what was signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import pytest
import urllib3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from config.clock import SystemClock
from config.errors import ObjectStoreError
from config.object_store import ObjectStore
from config.presigned import SECONDS, Presigner
from config.settings import Settings
from tests.clocks import FixedClock

NOON = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)


def credentials(token: str | None = None) -> Credentials:
    return Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)


def botocore_url(monkeypatch: pytest.MonkeyPatch, url: str, token: str | None, moment: datetime) -> str:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    request = AWSRequest("GET", url)
    S3SigV4QueryAuth(credentials(token), "s3", "eu-west-3", expires=SECONDS).add_auth(request)
    return str(request.url)


@pytest.mark.parametrize(
    ("endpoint", "bucket", "name", "token"),
    [
        pytest.param("http://127.0.0.1:8333", "papers", "papers/2026/11/ab_c-d.e~f", None, id="a paper's name"),
        pytest.param("https://s3.eu-west-3.amazonaws.com", "papers", "x", None, id="the scheme's own port"),
        pytest.param("https://s3.example", "papers", "x", "to/ken+=", id="credentials that expire"),
        pytest.param("https://s3.example", "ledger", "tile/0/x001/067.p/8", None, id="a tile"),
        pytest.param("https://s3.example", "ledger", "a b+c%d/é=&?", None, id="every kind of character"),
        pytest.param("https://gateway.example/s3", "papers", "x", None, id="an endpoint with a path"),
    ],
)
def test_a_url_is_the_one_that_botocore_makes(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, bucket: str, name: str, token: str | None
) -> None:
    presigner = Presigner(endpoint, "eu-west-3", credentials(token), FixedClock(NOON))
    ours = presigner.get(bucket, name)
    root = urlsplit(endpoint)
    path = urlsplit(ours).path
    theirs = botocore_url(monkeypatch, f"{root.scheme}://{root.netloc}{path}", token, NOON)
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs).query)
    assert urlsplit(theirs).path == path


def test_the_kept_key_is_made_anew_when_the_day_or_the_secret_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, changing = FixedClock(NOON), credentials()
    presigner = Presigner("https://s3.example", "eu-west-3", changing, clock)
    seen = {presigner.get("papers", "x")}
    clock.advance(timedelta(days=1))
    tomorrow = presigner.get("papers", "x")
    theirs = botocore_url(monkeypatch, "https://s3.example/papers/x", None, NOON + timedelta(days=1))
    assert parse_qs(urlsplit(tomorrow).query) == parse_qs(urlsplit(theirs).query)
    changing.secret_key = "another"
    assert presigner.get("papers", "x") not in seen | {tomorrow}


def test_without_credentials_nothing_is_asked() -> None:
    with pytest.raises(ObjectStoreError):
        Presigner("https://s3.example", "eu-west-3", None, SystemClock()).get("papers", "x")


def test_the_store_answers_what_was_signed_and_nothing_else(settings: Settings) -> None:
    store = ObjectStore(settings.s3, settings.s3.papers_bucket)
    store.ensure_bucket()
    for name in ("one", "two"):
        store.put(name, name.encode())
    s3 = settings.s3
    given = Credentials(s3.access_key_id, s3.secret_access_key.get_secret_value())
    signed = Presigner(s3.endpoint_url, s3.region, given, SystemClock()).get(s3.papers_bucket, "one")
    answers = [urllib3.request("GET", s3.endpoint_url + path) for path in (signed, signed.replace("/one?", "/two?"))]
    assert [answer.status for answer in answers] == [200, 403]
    assert answers[0].data == b"one"
