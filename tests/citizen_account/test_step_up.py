"""What a sign-in proves, and what happens when a service asks for more: from the service's request to its ID token."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from citizen_account.assurance import IDENTITY, acr_of
from config.settings import Catalogues, Settings
from tests.citizen_account import town as towns
from tests.citizen_account.authenticator import Device
from tests.citizen_account.people import cookie, fill
from tests.citizen_account.test_passkeys import add, answer, options_in, sign_in
from tests.citizen_account.town import PASSWORD, SCHOOL, Citizen, Town, fetch, redeem
from tests.clocks import FixedClock

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


STRONG = """
[proof_of_address]
name.fr = "Justificatif de domicile"
name.en = "Bill with your address"
description.fr = "Une facture à votre nom."
description.en = "A bill in your name."
group = "home"
sensitivity = "ordinary"
sides = "pages"
validity = { rule = "always" }
source = "P: the city's own"
sign_in = { acr = "eidas2", max_age = 3600 }
"""


@pytest.fixture
def strict(set_up_on_sqlite: Path, settings: Settings, clock: FixedClock, tmp_path: Path) -> Iterator[Town]:
    """A town whose bills ask for two factors, a checked identity and a sign-in of this hour (RFC 9470)."""
    shutil.copytree(set_up_on_sqlite, settings.data_dir)
    (tmp_path / "types.toml").write_text(STRONG)
    named = Catalogues(document_types=tmp_path / "types.toml")
    made = towns.build(settings.model_copy(update={"catalogues": named}), clock)
    yield made
    made.house.database.close()


def wanted(answer: TestResponse) -> dict[str, str]:
    """What a refused fetch says that the next authorization request must ask for."""
    told = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["WWW-Authenticate"]))
    assert (answer.status_code, told["error"]) == (401, "insufficient_user_authentication")
    assert answer.get_json(force=True)["type"].endswith("/problems/insufficient-user-authentication")
    return {name: told[name] for name in ("acr_values", "max_age") if name in told}


def signed_in_again(town: Town, person: Citizen, device: Device, asked: dict[str, str]) -> dict[str, Any]:
    """The same request with what the refusal named; the approval stands, so that only the sign-in is asked for."""
    place = str(person.open(f"{town.authorize_url([['proof_of_address']])}&{urlencode(asked)}").location)
    following = place.partition("next=")[2].replace("%2F", "/")
    credential = device.get(options_in(person.get(place)))
    person.post("/sign-in/passkey", {"credential": credential, "next": following}, page=place)
    return redeem(town, parse_qs(urlsplit(person.open(following).location).query)["code"][0])


def test_a_paper_that_asks_for_more_is_refused_until_its_person_signed_in_with_more(strict: Town) -> None:
    alice, device = strict.citizen(), Device()
    add(alice, device)
    check_identity(strict, alice)
    token = alice.lend(alice.paper())
    asked = wanted(fetch(strict, token))
    assert asked == {"acr_values": "eidas2", "max_age": "3600"}
    page = alice.get("/accesses")
    assert "was refused: you had not signed in safely enough, or too long ago." in page
    again = signed_in_again(strict, alice, device, asked)
    assert fetch(strict, again).status_code == 200
    strict.clock.advance(timedelta(minutes=61))
    later = refreshed(strict, again)
    assert wanted(fetch(strict, {**again, **later})) == asked
    assert fetch(strict, signed_in_again(strict, alice, device, asked)).status_code == 200


def test_a_head_is_refused_as_well_and_the_list_opens_nothing(strict: Town) -> None:
    alice = strict.citizen()
    token = alice.lend(alice.paper())
    location = urlsplit(token["authorization_details"][0]["documents"][0]["location"]).path
    shown = {"headers": {"Authorization": f"Bearer {token['access_token']}"}, "base_url": "http://localhost:8000"}
    head = Client(strict.app).head(location, **shown)
    assert 'acr_values="eidas2"' in head.headers["WWW-Authenticate"]
    assert Client(strict.app).get("/vault/documents", **shown).status_code == 200


def refreshed(town: Town, token: dict[str, Any]) -> dict[str, Any]:
    answer = Client(town.app).post(
        "/token",
        data={"grant_type": "refresh_token", "refresh_token": token["refresh_token"]},
        auth=("school-enrolment", SCHOOL["client_secret"]),
        base_url="http://localhost:8000",
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})
