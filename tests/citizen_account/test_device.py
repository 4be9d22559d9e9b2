"""`/device` at the door: the code of a device is confirmed or typed, asked about as everywhere; the device goes on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from oidc.clients.metadata import DEVICE_CODE
from tests.citizen_account.people import fill
from tests.citizen_account.town import Citizen, Town

SECRET = "a secret of the town hall's screen, long enough"


def begun(town: Town) -> dict[str, Any]:
    """A screen in the town hall asks for its codes."""
    if town.house.clients.get("screen") is None:
        town.house.clients.add(
            {
                "client_id": "screen",
                "client_name": "Town hall screen",
                "client_secret": SECRET,
                "grant_types": [DEVICE_CODE],
                "scope": "openid profile",
            },
            actor="tests",
        )
    answer = asked(town, "/device-authorization", {"scope": "openid profile"})
    assert answer.status_code == HTTPStatus.OK, answer.text
    return dict(answer.json or {})


def asked(town: Town, path: str, form: dict[str, str]) -> TestResponse:
    return Client(town.app).post(path, data=form, auth=("screen", SECRET), base_url="http://localhost:8000")


def polled(town: Town, code: str) -> TestResponse:
    return asked(town, "/token", {"grant_type": DEVICE_CODE, "device_code": code})


def test_the_address_with_the_code_asks_whether_the_device_shows_it(alice: Citizen) -> None:
    town = alice.town
    told = begun(town)
    address = urlsplit(told["verification_uri_complete"])
    page = alice.get(f"{address.path}?{address.query}")
    assert "Does your device show this code?" in page
    assert told["user_code"] in page
    assert "in front of you" in page
    assert polled(town, told["device_code"]).json == {"error": "authorization_pending"}


def test_a_typed_code_leads_over_the_release_page_back_to_the_device(alice: Citizen) -> None:
    town = alice.town
    told = begun(town)
    assert "Which code does your device show?" in alice.get("/device")
    opened = fill(alice, "/device", {"user_code": told["user_code"].lower()})
    released = alice.open(opened.location)
    page = alice.get(released.location)
    assert "Town hall screen" in page
    assert "You answer for another device" in page
    assert "Don't send anything" in page
    sent = fill(alice, released.location, {"decision": "send"})
    done = alice.open(sent.location)
    assert done.location == "/device/approved"
    assert "Go back to your device" in alice.get(done.location)
    tokens = polled(town, told["device_code"])
    assert tokens.status_code == HTTPStatus.OK, tokens.text


def test_no_sends_nothing_and_the_device_is_told(alice: Citizen) -> None:
    town = alice.town
    told = begun(town)
    released = alice.open(fill(alice, "/device", {"user_code": told["user_code"]}).location)
    refused = alice.open(fill(alice, released.location, {"decision": "refuse"}).location)
    assert refused.location == "/device/refused"
    assert "Nothing was sent" in alice.get(refused.location)
    assert (polled(town, told["device_code"]).json or {})["error"] == "access_denied"


def test_a_wrong_code_is_said_at_the_field_and_what_was_typed_is_kept(alice: Citizen) -> None:
    answer = fill(alice, "/device", {"user_code": "bcdf ghjk"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#user_code"' in answer.text
    assert 'value="BCDF-GHJK"' in answer.text


def test_who_guesses_is_stopped_before_the_right_code_is_looked_at(alice: Citizen) -> None:
    told = begun(alice.town)
    for _ in range(10):
        assert fill(alice, "/device", {"user_code": "BCDF-GHJK"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert fill(alice, "/device", {"user_code": told["user_code"]}).status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_who_is_not_signed_in_signs_in_first_and_keeps_the_code(alice: Citizen) -> None:
    answer = alice.town.stranger().open("/device?user_code=BCDF-GHJK")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.location == "/sign-in?next=%2Fdevice%3Fuser_code%3DBCDF-GHJK&over=1"
