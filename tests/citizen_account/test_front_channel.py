"""Front-Channel Logout 1.0: the signed-out page frames each service visited, and nothing else may be framed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.citizen_account.test_back_channel import sign_in_id, visit
from tests.citizen_account.town import PASSWORD, SCHOOL, Citizen, Town

OUT = "http://127.0.0.1:8001/out?from=city"
BYE = "http://127.0.0.1:8001/bye"


@pytest.fixture
def told(town: Town) -> Citizen:
    """Someone who visited a school that wants its frame."""
    members = {**SCHOOL, "frontchannel_logout_uri": OUT, "post_logout_redirect_uris": [BYE]}
    town.house.clients.add(members, actor="tests")
    return town.citizen()


def frames(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [unescape(source) for source in re.findall(r'<iframe hidden src="([^"]+)"', answer.text)]


def policy(answer: TestResponse) -> dict[str, str]:
    """The content security policy by directive."""
    [header] = answer.headers.getlist("Content-Security-Policy")
    parts = (directive.strip().partition(" ") for directive in header.split(";"))
    return {name: sources for name, _, sources in parts}


@pytest.mark.parametrize("leaving", [("/sign-out", {}), ("/leave", {"password": PASSWORD})], ids=["button", "leave"])
def test_the_last_page_holds_the_frame_and_lets_nothing_else_in(
    told: Citizen, leaving: tuple[str, dict[str, str]]
) -> None:
    known = visit(told)
    answer = told.post(*leaving)
    [frame] = frames(answer)
    assert frame.startswith(f"{OUT}&")
    assert parse_qs(urlsplit(frame).query) == {"from": ["city"], "iss": [known["iss"]], "sid": [known["sid"]]}
    assert policy(answer)["frame-src"] == "http://127.0.0.1:8001"
    assert told.open("/papers").status_code == 303


def test_the_redirect_waits_for_the_frame_behind_a_link(told: Citizen) -> None:
    hint = visit(told)["token"]
    answer = told.open(f"/end-session?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=s")
    assert len(frames(answer)) == 1
    assert f'href="{BYE}?state=s"' in answer.text
    assert policy(answer)["frame-src"] == "http://127.0.0.1:8001"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_that_asks_first_lets_its_form_go_where_the_answer_leads(told: Citizen) -> None:
    """Chromium holds `form-action` against the redirect that follows a form (docs/decisions/0505)."""
    hint = visit(told)["token"]
    told.town.house.sessions.end(sign_in_id(told))
    told.town.sign_in_again(told)
    asked = told.open(f"/end-session?id_token_hint={hint}&post_logout_redirect_uri={BYE}")
    assert policy(asked)["form-action"] == "'self' http://127.0.0.1:8001"


def test_without_a_frame_the_page_frames_nothing(alice: Citizen) -> None:
    visit(alice)
    answer = alice.post("/sign-out", {})
    assert frames(answer) == []
    assert "frame-src" not in policy(answer)


def test_nobodys_sign_out_opens_no_frame(told: Citizen) -> None:
    visit(told)
    told.town.house.sessions.end(sign_in_id(told))
    assert frames(told.post("/sign-out", {}, page="/sign-in")) == []
