"""The example e-service at its own door: a sign-in that the city's page asked for (OpenID Connect Core §4)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from examples.school_enrolment import app as school


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser at the school, which knows the city's addresses already."""
    known = {"_loaded_at": 1, "issuer": school.ISSUER, "authorization_endpoint": f"{school.ISSUER}/authorize"}
    monkeypatch.setattr(school.city, "server_metadata", known)
    return school.app.test_client()


def test_who_opens_the_school_from_the_citys_page_is_sent_to_sign_in(browser: FlaskClient) -> None:
    sent = urlsplit(browser.get("/sign-in", query_string={"iss": school.ISSUER}).location)
    assert f"{sent.scheme}://{sent.netloc}{sent.path}" == f"{school.ISSUER}/authorize"
    assert {"state", "nonce", "code_challenge"} < parse_qs(sent.query).keys()


@pytest.mark.parametrize("query", ["", "?iss=https://other.example", "?iss=", "?target_link_uri=https://other.example"])
def test_another_issuer_or_none_is_refused(browser: FlaskClient, query: str) -> None:
    assert browser.get(f"/sign-in{query}").status_code == 400
