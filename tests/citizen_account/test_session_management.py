"""Session Management 1.0, where it is offered: a hash for the client, a cookie for our own frame, nothing more."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from config.settings import Settings
from tests.citizen_account.people import fill
from tests.citizen_account.town import PASSWORD, Citizen, Town

CALLBACK = "http://127.0.0.1:8001/callback"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    offered = settings.provider.model_copy(update={"session_management": getattr(request, "param", True)})
    return settings.model_copy(update={"provider": offered})


def get(town: Town, path: str) -> TestResponse:
    return Client(town.app).get(path, base_url="http://localhost:8000")


def at_a_browser(town: Town) -> Citizen:
    """Someone who signed in by the page."""
    known, there = town.citizen(), town.stranger()
    assert fill(there, "/sign-in", {"email": known.address, "password": PASSWORD}).status_code == 303
    return Citizen(town, known.account, there.client, known.address)


def state(citizen: Citizen) -> str:
    """What a script of ours reads in the browser."""
    cookie = citizen.client.get_cookie("state", domain="localhost")
    assert cookie
    return str(cookie.value)


def session_state(citizen: Citizen) -> str:
    handle = citizen.begin([])
    citizen.post(f"/release/{handle}", {"decision": "send"})
    answered = citizen.open(f"/authorize/{handle}").location
    return parse_qs(urlsplit(answered).query)["session_state"][0]


def expected(client_id: str, origin: str, browser: str, salt: str) -> str:
    digest = hashlib.sha256(f"{client_id} {origin} {browser} {salt}".encode()).digest()
    return f"{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}.{salt}"


def test_the_answer_carries_a_hash_of_client_origin_and_browser_state(town: Town) -> None:
    citizen = at_a_browser(town)
    told = session_state(citizen)
    salt = told.partition(".")[2]
    assert len(salt) == 26
    assert told == expected("school-enrolment", "http://127.0.0.1:8001", state(citizen), salt)


def test_the_cookie_is_readable_by_scripts_in_frames_and_opens_nothing(lone_town: Town) -> None:
    citizen = at_a_browser(lone_town)
    cookie = citizen.client.get_cookie("state", domain="localhost")
    assert cookie
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.path) == (True, False, "None", "/")
    session = citizen.client.get_cookie("session", domain="localhost")
    assert session
    assert (session.http_only, session.same_site) == (True, "Lax")
    thief = lone_town.stranger()
    for name in ("session", "state", "browser"):
        thief.client.set_cookie(name, cookie.value, domain="localhost")
    assert thief.open("/papers").status_code == 303
    assert cookie.value not in {session.value, hashlib.sha256(session.value.encode()).hexdigest()}


def test_it_changes_with_the_sign_in_and_is_emptied_with_it(lone_town: Town) -> None:
    citizen = at_a_browser(lone_town)
    first = state(citizen)
    changed = {"current_password": PASSWORD, "new_password": "the lighthouse sings in march"}
    assert citizen.post("/profile/password", changed).status_code == 303
    assert state(citizen) not in {first, ""}
    citizen.post("/sign-out", {})
    assert citizen.client.get_cookie("state", domain="localhost") is None or state(citizen) == ""


def test_the_page_may_be_framed_by_anyone_and_runs_our_file_only(lone_town: Town) -> None:
    page = get(lone_town, "/check-session")
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
    )
    assert "X-Frame-Options" not in page.headers
    assert page.text.count("<script") == page.text.count('<script type="module" src="/static/check_session.js') == 1
    assert "Set-Cookie" not in page.headers
    assert get(lone_town, "/sign-in").headers["X-Frame-Options"] == "DENY"


def test_discovery_names_the_frame(lone_town: Town) -> None:
    told = get(lone_town, "/.well-known/openid-configuration").get_json()
    assert told["check_session_iframe"] == f"{told['issuer']}/check-session"


@pytest.mark.parametrize("settings", [False], indirect=True)
def test_where_it_is_not_offered_there_is_nothing_of_it(lone_town: Town) -> None:
    citizen = at_a_browser(lone_town)
    assert citizen.client.get_cookie("state", domain="localhost") is None
    assert "session_state" not in citizen.open(lone_town.authorize_url([])).location
    assert get(lone_town, "/check-session").status_code == 404
    assert "check_session_iframe" not in get(lone_town, "/.well-known/openid-configuration").get_json()
