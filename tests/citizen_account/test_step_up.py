"""What a sign-in proves, and what happens when a service asks for more: from the service's request to its ID token."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from citizen_account.assurance import IDENTITY, acr_of
from tests.citizen_account.authenticator import Device
from tests.citizen_account.people import cookie, fill
from tests.citizen_account.test_passkeys import add, answer, options_in, sign_in
from tests.citizen_account.town import PASSWORD, Citizen, Town, redeem

MFA = ("pop", "user", "mfa")
SURE = dict.fromkeys(IDENTITY, 500)


@pytest.mark.parametrize(
    ("amr", "levels", "expected"),
    [
        pytest.param(MFA, SURE, "eidas2", id="two factors, checked"),
        pytest.param(MFA, dict.fromkeys(IDENTITY, 600), "eidas2", id="eidas3 is never said"),
        pytest.param(("pwd",), SURE, "eidas1", id="one factor"),
        pytest.param(MFA, {**SURE, "birthdate": 499}, "eidas1", id="one fact less sure"),
        pytest.param(MFA, {"given_name": 500, "family_name": 500}, "eidas1", id="one fact missing"),
        pytest.param(MFA, {}, "eidas1", id="nobody checked"),
    ],
)
def test_two_factors_and_a_checked_identity_are_eidas2(
    amr: tuple[str, ...], levels: dict[str, int], expected: str
) -> None:
    assert acr_of(amr, levels) == expected


def check_identity(town: Town, person: Citizen) -> None:
    facts = {"given_name": "Alice", "family_name": "Martin", "birthdate": "1990-03-27"}
    town.house.accounts.set_attributes(person.account, facts, level=500)


def ask(town: Town, person: Citizen, **parameters: str) -> str:
    """Come from the school with these parameters; where the person is led."""
    return str(person.open(f"{town.authorize_url([], scope='openid')}&{urlencode(parameters)}").location)


def told(town: Town, person: Citizen, place: str) -> dict[str, Any]:
    """Release what is asked, if anything is, and redeem the code; the ID token's claims."""
    if place.startswith("/authorize/"):
        place = str(person.open(place).location)
    handle = place.partition("/release/")[2]
    person.post(f"/release/{handle}", {"decision": "send"})
    token = redeem(town, person.code(handle))["id_token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token + "=="))
    return claims


ESSENTIAL = '{"id_token":{"acr":{"essential":true,"values":["eidas2"]}}}'


@pytest.mark.parametrize("asked", [{"acr_values": "eidas2"}, {"claims": ESSENTIAL}])
def test_a_service_that_asks_for_more_gets_it_after_another_sign_in(
    town: Town, alice: Citizen, asked: dict[str, str]
) -> None:
    device = Device()
    add(alice, device)
    check_identity(town, alice)
    before = cookie(alice, "session")
    place = ask(town, alice, **asked)
    assert place.startswith("/sign-in?next=")
    credential = device.get(options_in(alice.get(place)))
    following = place.partition("next=")[2].replace("%2F", "/")
    done = alice.post("/sign-in/passkey", {"credential": credential, "next": following}, page=place)
    assert done.location == following
    assert town.house.sessions.current(before) is None
    claims = told(town, alice, following)
    assert (claims["acr"], claims["amr"]) == ("eidas2", list(MFA))


def test_who_was_never_checked_is_not_asked_in_vain(lone_town: Town, lone_alice: Citizen) -> None:
    device = Device()
    add(lone_alice, device)
    sign_in(lone_alice, device)
    assert told(lone_town, lone_alice, ask(lone_town, lone_alice, acr_values="eidas2"))["acr"] == "eidas1"
    assert "error=unmet_authentication_requirements" in ask(lone_town, lone_alice, claims=ESSENTIAL)


def test_a_password_alone_stays_eidas1_however_surely_the_person_is_known(lone_town: Town, lone_alice: Citizen) -> None:
    check_identity(lone_town, lone_alice)
    person = lone_town.stranger()
    fill(person, "/sign-in", {"email": lone_alice.address, "password": PASSWORD})
    assert told(lone_town, person, ask(lone_town, person))["acr"] == "eidas1"
    assert answer(person, "{}").status_code == 422
