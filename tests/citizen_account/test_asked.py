"""`/asked` at the door: a service asks for somebody who is elsewhere; their mail leads to the usual release page."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from werkzeug.test import Client, TestResponse

from oidc.clients.metadata import CIBA
from tests.citizen_account.people import fill, mails, work
from tests.citizen_account.town import Citizen, Town

SECRET = "a secret of the telephone desk, long enough"


def asked(town: Town, **changed: str) -> dict[str, Any]:
    """The telephone desk asks for somebody."""
    if town.house.clients.get("desk") is None:
        members = {
            "client_id": "desk",
            "client_name": "Telephone desk",
            "client_secret": SECRET,
            "grant_types": [CIBA],
            "scope": "openid profile",
        }
        town.house.clients.add(members, actor="tests")
    answer = post(town, "/bc-authorize", {"scope": "openid profile", "binding_message": "Blue 17", **changed})
    assert answer.status_code == HTTPStatus.OK, answer.text
    return dict(answer.json or {})


def post(town: Town, path: str, form: dict[str, str]) -> TestResponse:
    return Client(town.app).post(path, data=form, auth=("desk", SECRET), base_url="http://localhost:8000")


def link(town: Town, to: str) -> str:
    found = re.search(r"http://localhost:8000(/asked/\S+)", mails(town, to)[-1])
    assert found, mails(town, to)[-1]
    return found[1]


def test_a_mail_leads_over_the_release_page_to_the_services_tokens(alice: Citizen) -> None:
    town = alice.town
    begun = asked(town, login_hint=alice.address.upper())
    path = link(town, alice.address)
    assert "Telephone desk asks you something" in mails(town, alice.address)[-1]
    page = alice.get(path)
    assert "Are you in touch with Telephone desk now?" in page
    assert "Blue 17" in page
    released = alice.open(fill(alice, path, {}).location)
    assert "You answer for another device" in alice.get(released.location)
    done = alice.open(fill(alice, released.location, {"decision": "send"}).location)
    assert done.location == "/device/approved"
    tokens = post(town, "/token", {"grant_type": CIBA, "auth_req_id": begun["auth_req_id"]})
    assert tokens.status_code == HTTPStatus.OK, tokens.text
    assert "This request is over" in alice.get(path, HTTPStatus.BAD_REQUEST)


def test_another_person_learns_nothing_from_the_link(alice: Citizen) -> None:
    town = alice.town
    asked(town, login_hint=alice.address)
    path, bob = link(town, alice.address), town.citizen(given_name="Bob")
    for answer in (bob.open(path), bob.post(path, {})):
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "Telephone desk" not in answer.text
        assert "Blue 17" not in answer.text


def test_an_address_that_nobody_has_gets_no_mail_and_the_same_answer(alice: Citizen) -> None:
    town = alice.town
    known, unknown = asked(town, login_hint=alice.address), asked(town, login_hint="nobody@example.org")
    nonsense = asked(town, login_hint="not an address")
    assert known.keys() == unknown.keys() == nonsense.keys()
    work(town)
    assert mails(town, "nobody@example.org") == []
    assert len(mails(town, alice.address)) == 1
