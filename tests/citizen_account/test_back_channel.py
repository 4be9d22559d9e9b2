"""Back-Channel Logout 1.0: however a sign-in ends, every service that it visited is told by a signed token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwk, jws
from sqlalchemy import select

from citizen_account import worker
from config.jobs import TRIES, queue
from config.settings import Outgoing, Settings
from oidc.back_channel import EVENT
from tests.citizen_account import town as towns
from tests.citizen_account.town import PASSWORD, SCHOOL, Citizen, Town, redeem
from tests.other_server import Other, serving

NEW_PASSWORD = "the lighthouse sings in march"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A city that lets its own test hosts be called."""
    return settings.model_copy(update={"outgoing": Outgoing(allow_hosts=("127.0.0.1",))})


@pytest.fixture
def receiver() -> Iterator[Other]:
    with serving(None) as running:
        yield running


@pytest.fixture
def told(town: Town, receiver: Other) -> Other:
    """The receiver of the school, which wants to be told, in a town whose worker knows its jobs."""
    want(town, receiver)
    worker.register(town.house)
    return receiver


def want(town: Town, receiver: Other, **changed: Any) -> None:
    address = f"http://127.0.0.1:{receiver.port}/signed-out?from=city"
    members = {**SCHOOL, "backchannel_logout_uri": address, "backchannel_logout_session_required": True, **changed}
    town.house.clients.add(members, actor="tests")


def visit(citizen: Citizen) -> dict[str, Any]:
    """Sign on at the school; the claims of its ID token, and the token."""
    handle = citizen.begin([])
    assert citizen.post(f"/release/{handle}", {"decision": "send"}).status_code == 303
    token = str(redeem(citizen.town, citizen.code(handle))["id_token"])
    return {**json.loads(jws.extract_compact(token.encode()).payload), "token": token}


def sign_in_id(citizen: Citizen) -> str:
    return citizen.town.house.sessions.list(citizen.account)[0].id


def by_button(citizen: Citizen, _token: str) -> None:
    assert citizen.post("/sign-out", {}).status_code == 200


def by_the_service(citizen: Citizen, token: str) -> None:
    assert citizen.open(f"/end-session?id_token_hint={token}").status_code == 200


def by_the_list(citizen: Citizen, _token: str) -> None:
    assert citizen.post(f"/sign-ins/{sign_in_id(citizen)}/end", {}).status_code == 303


def by_password_elsewhere(citizen: Citizen, _token: str) -> None:
    other = Citizen(citizen.town, citizen.account, citizen.town.stranger().client, citizen.address)
    citizen.town.sign_in_again(other)
    changed = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert other.post("/profile/password", changed).status_code == 303


def by_leaving(citizen: Citizen, _token: str) -> None:
    assert citizen.post("/leave", {"password": PASSWORD}).status_code == 200


WAYS = [by_button, by_the_service, by_the_list, by_password_elsewhere, by_leaving]


@pytest.mark.parametrize("leave", WAYS)
def test_however_a_sign_in_ends_the_service_gets_one_signed_token(
    alice: Citizen, told: Other, leave: Callable[[Citizen, str], None]
) -> None:
    known = visit(alice)
    leave(alice, known["token"])
    assert told.asked == []  # the person never waits for a service
    alice.town.house.jobs.run_due()
    [(method, path, _, body)] = told.asked
    assert (method, path) == ("POST", "/signed-out?from=city")
    form = parse_qs(body.decode())
    assert form.keys() == {"logout_token"}
    keys = jwk.KeySet.import_key_set(alice.town.house.signing_keys.public_jwks())  # type: ignore[arg-type]
    token = jws.deserialize_compact(form["logout_token"][0], keys, algorithms=["ES256"])
    claims = json.loads(token.payload)
    assert token.headers()["typ"] == "logout+jwt"
    now = int(alice.town.clock.now().timestamp())
    assert len(claims.pop("jti")) >= 22
    assert claims == {
        "iss": known["iss"],
        "sub": known["sub"],
        "aud": "school-enrolment",
        "iat": now,
        "exp": now + 120,
        "sid": known["sid"],
        "events": {EVENT: {}},
    }
    alice.town.house.jobs.run_due()
    assert len(told.asked) == 1
    assert alice.town.house.jobs.failed() == []


def waiting(town: Town) -> list[str]:
    with town.house.database.reading() as tx:
        return [row.kind for row in tx.execute(select(queue.c.kind))]


def test_a_sign_in_that_ends_twice_is_told_once(alice: Citizen, told: Other) -> None:
    visit(alice)
    ended = sign_in_id(alice)
    assert [alice.town.house.sessions.end(ended), alice.town.house.sessions.end(ended)] == [True, False]
    assert waiting(alice.town).count("oidc.tell_signed_out") == 1


def test_only_services_that_were_visited_and_want_it_are_told(alice: Citizen, told: Other) -> None:
    other = {**SCHOOL, "client_id": "library", "redirect_uris": ["http://127.0.0.1:8002/callback"]}
    alice.town.house.clients.add(
        {**other, "backchannel_logout_uri": f"http://127.0.0.1:{told.port}/library"}, actor="x"
    )
    want(alice.town, told, backchannel_logout_uri="")
    visit(alice)
    by_button(alice, "")
    alice.town.house.jobs.run_due()
    assert told.asked == []


def test_another_persons_sign_in_goes_on(town: Town, told: Other) -> None:
    alice, basil = town.citizen(), town.citizen(given_name="Basil")
    visit(alice)
    known = visit(basil)
    by_button(basil, "")
    town.house.jobs.run_due()
    [(_, _, _, body)] = told.asked
    token = parse_qs(body.decode())["logout_token"][0]
    assert json.loads(jws.extract_compact(token.encode()).payload)["sid"] == known["sid"]
    assert alice.open("/papers").status_code == 200


def test_a_service_that_is_down_is_told_again_with_a_new_token_until_it_hears(alice: Citizen, told: Other) -> None:
    visit(alice)
    by_button(alice, "")
    told.statuses["/signed-out?from=city"] = 503
    told.bodies["/signed-out?from=city"] = b"down"
    alice.town.house.jobs.run_due()
    alice.town.clock.advance(timedelta(minutes=5))
    told.statuses.clear()
    alice.town.house.jobs.run_due()
    first, second = (parse_qs(body.decode())["logout_token"][0] for *_, body in told.asked)
    one, two = (json.loads(jws.extract_compact(token.encode()).payload) for token in (first, second))
    assert one["jti"] != two["jti"]
    assert two["exp"] - int(alice.town.clock.now().timestamp()) == 120
    assert waiting(alice.town) == []


@pytest.mark.parametrize(
    ("status", "tries"),
    [
        pytest.param(400, 1, id="§2.8: 400 is the service's own refusal"),
        pytest.param(302, TRIES, id="a redirect is not followed and no success"),
        pytest.param(404, TRIES, id="404"),
        pytest.param(500, TRIES, id="500"),
    ],
)
def test_what_fails_for_good_is_kept_for_the_operator(alice: Citizen, told: Other, status: int, tries: int) -> None:
    visit(alice)
    by_button(alice, "")
    told.statuses["/signed-out?from=city"] = status
    told.bodies["/signed-out?from=city"] = b"no"
    for _ in range(TRIES + 1):
        alice.town.house.jobs.run_due()
        alice.town.clock.advance(timedelta(minutes=5))
    assert len(told.asked) == tries
    [failed] = alice.town.house.jobs.failed()
    assert (failed.kind, failed.tries) == ("oidc.tell_signed_out", tries)


@pytest.mark.parametrize("status", [200, 204])
def test_success_is_200_or_204(lone_town: Town, receiver: Other, status: int) -> None:
    want(lone_town, receiver)
    worker.register(lone_town.house)
    citizen = lone_town.citizen()
    visit(citizen)
    by_button(citizen, "")
    receiver.statuses["/signed-out?from=city"] = status
    receiver.bodies["/signed-out?from=city"] = b""
    lone_town.house.jobs.run_due()
    assert (len(receiver.asked), waiting(lone_town)) == (1, [])


def test_a_service_removed_meanwhile_is_not_called(alice: Citizen, told: Other) -> None:
    visit(alice)
    by_button(alice, "")
    alice.town.house.clients.remove("school-enrolment", actor="tests")
    alice.town.house.jobs.run_due()
    assert (told.asked, waiting(alice.town)) == ([], [])


def test_an_address_inside_the_citys_network_is_refused_again_at_use(lone_town: Town, receiver: Other) -> None:
    want(lone_town, receiver)
    citizen = lone_town.citizen()
    visit(citizen)
    by_button(citizen, "")
    closed = towns.open_again(lone_town.house.settings.model_copy(update={"outgoing": Outgoing()}), lone_town.clock)
    worker.register(closed.house)
    closed.house.jobs.run_due()
    closed.house.database.close()
    assert (receiver.connections, waiting(lone_town)) == (0, ["oidc.tell_signed_out"])
