"""CIBA, poll and ping: THREATS §2, "CIBA with several hints, expired or foreign auth_req_id"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config.database import Database
from config.outgoing import Outgoing
from config.settings import Outgoing as OutgoingSettings
from oidc.backchannel_authentication import MOST_ASKED
from oidc.clients import Client
from oidc.clients.metadata import CIBA
from oidc.errors import InvalidClientMetadata, PingNotTaken, UnknownInteraction
from oidc.polling import Ping
from oidc.protocols import SubjectId
from oidc.store.polled_requests import polled_requests
from tests.clocks import FixedClock
from tests.oidc.asking import CONTRACT, approve
from tests.oidc.devices import television
from tests.oidc.provider_house import ALICE, ClientKey, House, error_of, json_of, unverified
from tests.other_server import Other, serving

ALICES = "alice@people.example"
TOKEN = "a-token-of-the-counter-1"


def counter(house: House, client_id: str = "counter", **changed: Any) -> Client:
    """A counter whose clerk asks for a citizen on the phone."""
    members = {"grant_types": [CIBA, "refresh_token"], "redirect_uris": None, "contract": CONTRACT, **changed}
    return house.add(client_id, **members)


def ask(house: House, client: Client, /, **changed: Any) -> TestResponse:
    form = {"scope": "openid profile", "login_hint": ALICES}
    return house.post("/bc-authorize", client, form, **changed)


def poll(house: House, client: Client, auth_req_id: str, /, **changed: Any) -> TestResponse:
    return house.post("/token", client, {"grant_type": CIBA, "auth_req_id": auth_req_id}, **changed)


def told(house: House) -> tuple[str, str]:
    """Who was told of which request last."""
    subject, _, request = house.notices.told[-1].partition(" ")
    return subject, request


def opened(house: House, request: str, subject: str = ALICE) -> str:
    """Open the request at the person's browser; the handle of the release page."""
    house.sign_in.there = there = house.signed_in(subject)
    handle = house.backchannel.open(request, there, house.sign_in.browser())
    assert house.http.get(f"/authorize/{handle}").location == f"/release/{handle}"
    return handle


def allow(house: House, request: str) -> None:
    handle = opened(house, request)
    approve(house, handle)
    assert house.http.get(f"/authorize/{handle}").location == "/answered/yes"


def rows(house: House) -> int:
    with house.database.reading() as tx:
        return tx.execute(select(func.count()).select_from(polled_requests)).scalar_one()


@pytest.fixture
def client(lone: House) -> Client:
    return counter(lone)


def test_a_service_gets_its_tokens_once_the_person_approved(house: House) -> None:
    client = counter(house)
    begun = json_of(ask(house, client, binding_message="Counter 4, 17"))
    assert {name: begun[name] for name in ("expires_in", "interval")} == {"expires_in": 600, "interval": 5}
    assert error_of(poll(house, client, begun["auth_req_id"])) == "authorization_pending"
    subject, request = told(house)
    assert subject == ALICE
    assert house.backchannel.asked(request, ALICE).binding_message == "Counter 4, 17"
    allow(house, request)
    tokens = json_of(poll(house, client, begun["auth_req_id"]))
    assert unverified(tokens["id_token"])[1]["aud"] == "counter"
    assert json_of(house.userinfo(tokens["access_token"]))["name"] == "Alice Martin"


def test_an_id_token_hint_names_the_person_too(lone: House, client: Client) -> None:
    allow(lone, (json_of(ask(lone, client)), told(lone)[1])[1])
    school = counter(lone, "school", grant_types=[CIBA, "authorization_code"], redirect_uris=["https://s.example/cb"])
    hint = lone.tokens(school)["id_token"]
    for _ in range(MOST_ASKED - 1):
        json_of(ask(lone, school, login_hint=None, id_token_hint=hint))
        assert told(lone)[0] == ALICE
    # However they are named, and by whom: nobody is asked more often.
    assert error_of(ask(lone, school, login_hint=None, id_token_hint=hint)) == "access_denied"
    assert error_of(ask(lone, client)) == "access_denied"


@pytest.mark.parametrize(
    ("changed", "error", "status"),
    [
        pytest.param({"secret": "wrong" * 12}, "invalid_client", 401, id="§7.1 client authentication"),
        pytest.param({"login_hint": None}, "invalid_request", 400, id="§7.1 no hint"),
        pytest.param({"id_token_hint": "x"}, "invalid_request", 400, id="§7.1 two hints"),
        pytest.param({"login_hint_token": "x"}, "invalid_request", 400, id="§7.1 two hints, one a token"),
        pytest.param({"login_hint": None, "login_hint_token": "x"}, "invalid_request", 400, id="login_hint_token"),
        pytest.param({"login_hint": None, "id_token_hint": "x"}, "invalid_request", 400, id="no ID token of ours"),
        pytest.param({"scope": "profile"}, "invalid_scope", 400, id="§7.1 without openid"),
        pytest.param({"scope": "openid admin"}, "invalid_scope", 400, id="unknown scope"),
        pytest.param({"binding_message": "x" * 65}, "invalid_binding_message", 400, id="§13 long"),
        pytest.param({"binding_message": "two\nlines"}, "invalid_binding_message", 400, id="§13 two lines"),
        pytest.param({"binding_message": "a\u202eb"}, "invalid_binding_message", 400, id="§13 turns the words"),
        pytest.param({"requested_expiry": "0"}, "invalid_request", 400, id="§7.1 requested_expiry 0"),
        pytest.param({"requested_expiry": "1.5"}, "invalid_request", 400, id="§7.1 requested_expiry no integer"),
        pytest.param({"authorization_details": "{}"}, "invalid_authorization_details", 400, id="RFC 9396 §5"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", 400, id="RFC 8707 §2"),
        pytest.param({"request": "e30.e30."}, "invalid_request", 400, id="§7.1.1 signed requests"),
    ],
)
def test_what_is_not_in_order_asks_nobody(
    lone: House, client: Client, changed: dict[str, Any], error: str, status: int
) -> None:
    refused = ask(lone, client, **changed)
    assert (error_of(refused), refused.status_code) == (error, status)
    assert rows(lone) == 0
    assert lone.notices.told == []


def test_a_client_that_is_not_registered_for_it_may_not(lone: House, client: Client) -> None:
    other = television(lone)
    assert error_of(ask(lone, other)) == "unauthorized_client"
    code = json_of(ask(lone, client))["auth_req_id"]
    assert error_of(poll(lone, other, code)) == "unauthorized_client"


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        pytest.param({"token_endpoint_auth_method": "none", "client_secret": None}, "grant_types", id="public"),
        pytest.param({"backchannel_token_delivery_mode": "push"}, "backchannel_token_delivery_mode", id="push"),
        pytest.param(
            {"backchannel_token_delivery_mode": "ping"}, "backchannel_client_notification_endpoint", id="ping nowhere"
        ),
        pytest.param(
            {"backchannel_client_notification_endpoint": "http://a.example/"},
            "backchannel_client_notification_endpoint",
            id="not https",
        ),
        pytest.param({"backchannel_user_code_parameter": True}, "backchannel_user_code_parameter", id="user code"),
        pytest.param(
            {"backchannel_authentication_request_signing_alg": "ES256"},
            "backchannel_authentication_request_signing_alg",
            id="signed",
        ),
    ],
)
def test_a_registration_that_asks_for_what_is_not_here_is_refused(
    lone: House, changed: dict[str, Any], member: str
) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        counter(lone, **changed)
    assert refused.value.description.startswith(member)


def test_a_person_that_nobody_knows_is_answered_like_one_who_does_not_answer(lone: House, client: Client) -> None:
    known, unknown = json_of(ask(lone, client)), json_of(ask(lone, client, login_hint="bob@people.example"))
    assert known.keys() == unknown.keys()
    assert len(lone.notices.told) == 2  # for nobody, too: the mail's job drops it
    subject, request = told(lone)
    assert subject == ""
    with pytest.raises(UnknownInteraction):
        lone.backchannel.asked(request, ALICE)
    for begun in (known, unknown):
        assert error_of(poll(lone, client, begun["auth_req_id"])) == "authorization_pending"
    lone.clock.advance(timedelta(minutes=10))
    for begun in (known, unknown):
        assert error_of(poll(lone, client, begun["auth_req_id"])) == "expired_token"


def test_nobody_is_asked_more_often_than_ten_times_an_hour_known_or_not(lone: House, client: Client) -> None:
    for hint in (ALICES, "bob@people.example"):
        for _ in range(10):
            json_of(ask(lone, client, login_hint=hint))
        refused = ask(lone, client, login_hint=hint.upper())
        assert (error_of(refused), refused.status_code) == ("access_denied", 403)


def test_another_person_neither_sees_nor_opens_nor_answers_it(lone: House, client: Client) -> None:
    begun = json_of(ask(lone, client))
    request = told(lone)[1]
    bob = SubjectId("bob")
    with pytest.raises(UnknownInteraction):
        lone.backchannel.asked(request, bob)
    with pytest.raises(UnknownInteraction):
        lone.backchannel.open(request, lone.signed_in("bob"), "browser-1")
    handle = opened(lone, request)
    lone.sign_in.there = lone.signed_in("bob", "sign-in-2")  # somebody else at the same browser
    approve(lone, handle)
    assert lone.http.get(f"/authorize/{handle}").status_code == 400
    assert error_of(poll(lone, client, begun["auth_req_id"])) == "authorization_pending"


def test_the_persons_no_is_access_denied(house: House) -> None:
    client = counter(house)
    begun = json_of(ask(house, client))
    handle = opened(house, told(house)[1])
    assert house.sign_in.there
    house.consent.refuse(handle, house.sign_in.browser(), house.sign_in.there)
    assert house.http.get(f"/authorize/{handle}").location == "/answered/no"
    assert error_of(poll(house, client, begun["auth_req_id"])) == "access_denied"
    with pytest.raises(UnknownInteraction):
        house.backchannel.asked(told(house)[1], ALICE)


@pytest.mark.parametrize(("asked", "given"), [("60", 60), ("86400", 600)])
def test_a_request_lives_as_long_as_asked_but_no_longer_than_ours(
    lone: House, client: Client, asked: str, given: int
) -> None:
    begun = json_of(ask(lone, client, requested_expiry=asked))
    assert begun["expires_in"] == given
    lone.clock.advance(timedelta(seconds=given))
    assert error_of(poll(lone, client, begun["auth_req_id"])) == "expired_token"
    with pytest.raises(UnknownInteraction):
        lone.backchannel.open(told(lone)[1], lone.signed_in(), "browser-1")


def test_an_auth_req_id_is_its_clients_and_good_once(house: House) -> None:
    client, other = counter(house), counter(house, "other")
    begun = json_of(ask(house, client))
    allow(house, told(house)[1])
    assert error_of(poll(house, other, begun["auth_req_id"])) == "invalid_grant"
    assert error_of(poll(house, client, "x" * 43)) == "invalid_grant"
    assert error_of(poll(house, client, begun["auth_req_id"], auth_req_id=None)) == "invalid_request"
    tokens = json_of(poll(house, client, begun["auth_req_id"]))
    assert error_of(poll(house, client, begun["auth_req_id"])) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401


def test_who_polls_too_often_is_told_to_slow_down(lone: House, client: Client) -> None:
    begun = json_of(ask(lone, client))
    assert error_of(poll(lone, client, begun["auth_req_id"])) == "authorization_pending"
    assert error_of(poll(lone, client, begun["auth_req_id"])) == "slow_down"


def test_nothing_of_a_request_is_kept_in_clear(lone: House, client: Client) -> None:
    begun = json_of(ask(lone, client, binding_message="Counter 4, 17"))
    with lone.database.engine.connect() as raw:
        dump = "\n".join(raw.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    for secret in (begun["auth_req_id"], "Counter 4, 17", ALICES):
        assert secret not in dump


def test_a_proof_names_the_key_that_must_fetch_the_answer(lone: House, client: Client) -> None:
    key, other = ClientKey(lone.clock), ClientKey(lone.clock)
    shown = {"DPoP": key.proof("POST", "/bc-authorize")}
    code = json_of(ask(lone, client, headers=shown))["auth_req_id"]
    assert error_of(ask(lone, client, headers=shown)) == "invalid_dpop_proof"  # used
    allow(lone, told(lone)[1])
    for refused in ({}, {"DPoP": other.proof("POST", "/token")}):
        assert error_of(poll(lone, client, code, headers=refused)) == "invalid_grant"
    assert json_of(poll(lone, client, code, headers={"DPoP": key.proof("POST", "/token")}))["token_type"] == "DPoP"


def test_an_assertion_is_used_up_by_a_refused_request_too(lone: House) -> None:
    key = ClientKey(lone.clock)
    client = counter(
        lone, token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]}
    )
    shown = {
        "client_assertion": key.assertion("counter"),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    assert error_of(ask(lone, client, **shown, login_hint=None)) == "invalid_request"
    assert error_of(ask(lone, client, **shown)) == "invalid_client"


# Ping (§10.2)


@pytest.fixture
def other() -> Iterator[Other]:
    with serving(None) as server:
        yield server


@pytest.fixture
def pinging(sqlite: Database, tmp_path: Path, clock: FixedClock, other: Other) -> House:
    """A house that may reach the other server."""
    outgoing = Outgoing(OutgoingSettings(allow_hosts=("127.0.0.1",)))
    house = House(sqlite, tmp_path / "keys", clock, outgoing=outgoing)
    house.jobs.register(Ping, house.backchannel.ping)
    counter(
        house,
        backchannel_token_delivery_mode="ping",
        backchannel_client_notification_endpoint=f"http://127.0.0.1:{other.port}/ping",
    )
    return house


@pytest.mark.parametrize("approved", [True, False])
def test_a_client_in_ping_mode_is_told_once_there_is_an_answer(pinging: House, other: Other, approved: bool) -> None:
    client = pinging.clients.get("counter")
    assert client
    begun = json_of(ask(pinging, client, client_notification_token=TOKEN))
    pinging.jobs.run_due()
    assert other.asked == []
    handle = opened(pinging, told(pinging)[1])
    assert pinging.sign_in.there
    if approved:
        approve(pinging, handle)
    else:
        pinging.consent.refuse(handle, pinging.sign_in.browser(), pinging.sign_in.there)
    pinging.http.get(f"/authorize/{handle}")
    pinging.jobs.run_due()
    [(method, path, _, body)] = other.asked
    assert (method, path, json.loads(body)) == ("POST", "/ping", {"auth_req_id": begun["auth_req_id"]})
    assert other.authorizations == [f"Bearer {TOKEN}"]
    assert poll(pinging, client, begun["auth_req_id"]).status_code == (200 if approved else 400)


@pytest.mark.parametrize("token", [None, "short", "with a blank in it, and long", "x" * 1025])
def test_a_client_in_ping_mode_must_send_a_token_for_it(pinging: House, token: str | None) -> None:
    client = pinging.clients.get("counter")
    assert client
    assert error_of(ask(pinging, client, client_notification_token=token)) == "invalid_request"
    assert rows(pinging) == 0


def test_a_client_that_is_out_of_order_is_told_again_until_the_request_is_over(pinging: House, other: Other) -> None:
    client = pinging.clients.get("counter")
    assert client
    json_of(ask(pinging, client, client_notification_token=TOKEN))
    request = told(pinging)[1]
    other.statuses["/ping"] = 503
    with pytest.raises(PingNotTaken):
        pinging.backchannel.ping(Ping(request))
    other.statuses["/ping"] = 400
    pinging.backchannel.ping(Ping(request))  # its own no is final
    pinging.clock.advance(timedelta(minutes=10))
    other.statuses["/ping"] = 503
    pinging.backchannel.ping(Ping(request))
    assert len(other.asked) == 2
