"""THREATS §2, the matrix across rooms: cookies, mailed links and flows of people at the doors of machines, and back.

What services hold opens no page, what people's browsers and mailboxes hold opens no endpoint, and nothing is spent by
being shown in a wrong place. The kinds among machines: tests/oidc/test_every_token_elsewhere.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import Client, TestResponse

from tests.citizen_account.people import cookie, link, mails, sign_up
from tests.citizen_account.town import SCHOOL, VERIFIER, Citizen, Town

ORIGIN = "http://localhost:8000"
MAILBOX = "newcomer@example.org"
Door = Callable[[Town, Citizen, str], TestResponse]


@pytest.fixture
def newcomer(town: Town) -> Citizen:
    """Somebody whose sign-up waits for the mail, at a browser of their own."""
    return town.stranger()


def secrets(town: Town, alice: Citizen, newcomer: Citizen) -> dict[str, str]:
    """One of each kind, by the name of the door that it is for."""
    waiting = sign_up(town, newcomer, MAILBOX)
    handle = alice.begin([["proof_of_address"]])
    tokens = alice.lend(alice.paper())
    alice.open("/sign-in")
    return {
        "session cookie": cookie(alice, "session"),
        "browser cookie": cookie(alice, "browser"),
        "hidden field": alice.token(),
        "mailed link": link(town, MAILBOX).rpartition("/")[2],
        "flow": waiting.rpartition("/")[2],
        "interaction handle": handle,
        "access token": tokens["access_token"],
        "refresh token": tokens["refresh_token"],
        "ID token": tokens["id_token"],
        "client secret": str(SCHOOL["client_secret"]),
        "lending": tokens["authorization_details"][0]["documents"][0]["lending"],
    }


def browser_with(town: Town, **cookies: str) -> Client:
    client = Client(town.app)
    for name, value in cookies.items():
        client.set_cookie(name, value, domain="localhost")
    return client


def as_session(town: Town, _: Citizen, shown: str) -> TestResponse:
    return browser_with(town, session=shown).get("/papers", base_url=ORIGIN)


def as_hidden_field(_: Town, alice: Citizen, shown: str) -> TestResponse:
    return alice.client.post("/profile", data={"csrf_token": shown, "given_name": "X"}, base_url=ORIGIN)


def as_mailed_link(_: Town, newcomer: Citizen, shown: str) -> TestResponse:
    return newcomer.post(f"/confirm/{shown}", {}, page="/sign-up")


def as_flow(_: Town, newcomer: Citizen, shown: str) -> TestResponse:
    return newcomer.open(f"/confirm/waiting/{shown}")


def as_proven_flow(_: Town, newcomer: Citizen, shown: str) -> TestResponse:
    return newcomer.open(f"/password-reset/new/{shown}")


def as_release(_: Town, alice: Citizen, shown: str) -> TestResponse:
    return alice.open(f"/release/{shown}")


def as_interaction(_: Town, alice: Citizen, shown: str) -> TestResponse:
    return alice.open(f"/authorize/{shown}")


def as_bearer(town: Town, _: Citizen, shown: str) -> TestResponse:
    return Client(town.app).get("/userinfo", headers={"Authorization": f"Bearer {shown}"}, base_url=ORIGIN)


def as_bearer_at_the_vault(town: Town, _: Citizen, shown: str) -> TestResponse:
    return Client(town.app).get("/vault/documents", headers={"Authorization": f"Bearer {shown}"}, base_url=ORIGIN)


def _token(town: Town, form: dict[str, str], secret: str = str(SCHOOL["client_secret"])) -> TestResponse:
    return Client(town.app).post("/token", data=form, auth=("school-enrolment", secret), base_url=ORIGIN)


def as_code(town: Town, _: Citizen, shown: str) -> TestResponse:
    address = str(SCHOOL["redirect_uris"][0])  # type: ignore[index]
    form = {"grant_type": "authorization_code", "code": shown, "redirect_uri": address, "code_verifier": VERIFIER}
    return _token(town, form)


def as_refresh_token(town: Town, _: Citizen, shown: str) -> TestResponse:
    return _token(town, {"grant_type": "refresh_token", "refresh_token": shown})


def as_client_secret(town: Town, _: Citizen, shown: str) -> TestResponse:
    return _token(town, {"grant_type": "refresh_token", "refresh_token": "x"}, shown)


DOORS: dict[str, tuple[Door, frozenset[str]]] = {
    "session": (as_session, frozenset({"session cookie"})),
    "hidden field": (as_hidden_field, frozenset({"hidden field"})),
    "flow": (as_flow, frozenset({"flow"})),
    "proven flow": (as_proven_flow, frozenset()),
    "release": (as_release, frozenset({"interaction handle"})),
    "interaction": (as_interaction, frozenset({"interaction handle"})),
    "bearer at userinfo": (as_bearer, frozenset({"access token"})),
    "bearer at the vault": (as_bearer_at_the_vault, frozenset({"access token"})),
    "code": (as_code, frozenset()),
    "refresh": (as_refresh_token, frozenset({"refresh token"})),
    "client secret": (as_client_secret, frozenset({"client secret"})),
    "mailed link": (as_mailed_link, frozenset({"mailed link"})),
}
"""The link comes last: pressing its button ends the flow."""
OF_THE_NEWCOMER = {"mailed link", "flow", "proven flow"}


def is_refused(response: TestResponse) -> bool:
    asked_to_sign_in = response.status_code == 303 and response.location.startswith("/sign-in")
    return asked_to_sign_in or response.status_code in {400, 401, 403, 404, 410, 422}


def test_nothing_opens_another_door_and_all_still_open_their_own(town: Town, alice: Citizen, newcomer: Citizen) -> None:
    made = secrets(town, alice, newcomer)
    before = (alice.papers(), len(mails(town, MAILBOX)))
    opened = []
    for door, (show, at_home) in DOORS.items():
        person = newcomer if door in OF_THE_NEWCOMER else alice
        opened += [
            f"{kind} at {door}"
            for kind, shown in made.items()
            if kind not in at_home and not is_refused(show(town, person, shown))
        ]
    assert opened == []
    assert (alice.papers(), len(mails(town, MAILBOX))) == before
    assert "Alice" in alice.get("/profile")  # nothing was written by a foreign hidden field
    # Nothing was spent: each still opens its own door.
    for door, (show, at_home) in DOORS.items():
        person = newcomer if door in OF_THE_NEWCOMER else alice
        for kind in at_home:
            response = show(town, person, made[kind])
            assert response.status_code in {200, 303, 400 if door == "client secret" else 200}, (door, response.text)
            assert not response.text.startswith('{"error": "invalid_client"'), door


def test_a_session_bound_to_one_browser_value_opens_no_request_of_another(town: Town, alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"]])
    stolen = browser_with(town, session=cookie(alice, "session"))
    for path in (f"/release/{handle}", f"/authorize/{handle}"):
        assert stolen.get(path, base_url=ORIGIN).status_code in {400, 410}
