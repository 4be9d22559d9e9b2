"""The device flow (RFC 8628): THREATS §2, "device code expired, used, of another client, slow_down, guessing"."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from config.rate_limits import TooManyRequests
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.clients import Client
from oidc.clients.metadata import DEVICE_CODE
from oidc.device_authorization import LETTERS, MOST_BEGUN, TRIES_ACCOUNT, TRIES_ALL, TRIES_NETWORK, new_user_code, plain
from oidc.errors import InvalidClientMetadata, UnknownInteraction, UnknownUserCode
from oidc.store.polled_requests import polled_requests
from tests.oidc.asking import DETAIL, approve
from tests.oidc.devices import allow, begin, begun, poll, television, typed
from tests.oidc.provider_house import ALICE, ISSUER, ClientKey, House, error_of, json_of, unverified


@pytest.fixture
def client(lone: House) -> Client:
    return television(lone)


def test_a_device_gets_its_tokens_once_the_person_approved_elsewhere(house: House) -> None:
    client = television(house)
    told = begun(house, client)
    assert re.fullmatch(f"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", told["user_code"])
    assert len(told["device_code"]) == 43
    assert {name: told[name] for name in ("verification_uri", "expires_in", "interval")} == {
        "verification_uri": f"{ISSUER}/device",
        "expires_in": 600,
        "interval": 5,
    }
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert error_of(poll(house, client, told["device_code"])) == "authorization_pending"
    assert allow(house, told["user_code"].lower().replace("-", " ")).location == "/answered/yes"
    tokens = json_of(poll(house, client, told["device_code"]))
    assert tokens["scope"] == "openid profile"
    assert unverified(tokens["id_token"])[1]["aud"] == "television"
    assert json_of(house.userinfo(tokens["access_token"]))["name"] == "Alice Martin"
    assert json_of(house.refresh(client, tokens["refresh_token"]))["access_token"]


def test_papers_are_asked_and_lent_as_everywhere_else(lone: House, client: Client) -> None:
    told = begun(lone, client, scope="openid", authorization_details=json.dumps([DETAIL]))
    assert allow(lone, told["user_code"], "bill").location == "/answered/yes"
    tokens = json_of(poll(lone, client, told["device_code"]))
    assert [detail["type"] for detail in tokens["authorization_details"]] == ["document"]
    assert len(lone.consent.grants_of(ALICE)[0].lendings) == 1


@pytest.mark.parametrize(
    ("changed", "error", "status"),
    [
        pytest.param({"secret": "wrong" * 12}, "invalid_client", 401, id="RFC 8628 §3.1 client authentication"),
        pytest.param({"scope": "openid admin"}, "invalid_scope", 400, id="RFC 6749 §3.3 unknown scope"),
        pytest.param({"scope": None}, "invalid_request", 400, id="scope missing"),
        pytest.param({"authorization_details": "{}"}, "invalid_authorization_details", 400, id="RFC 9396 §5"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", 400, id="RFC 8707 §2"),
        pytest.param({"dpop_jkt": "short"}, "invalid_request", 400, id="RFC 9449 §10"),
        pytest.param({"claims": "{"}, "invalid_request", 400, id="Core §5.5"),
        pytest.param({"client_id": "another"}, "invalid_request", 400, id="two client ids"),
    ],
)
def test_what_is_not_in_order_begins_nothing(
    lone: House, client: Client, changed: dict[str, Any], error: str, status: int
) -> None:
    refused = begin(lone, client, **changed)
    assert (error_of(refused), refused.status_code) == (error, status)
    assert rows(lone) == 0


def rows(house: House) -> int:
    with house.database.reading() as tx:
        return tx.execute(select(func.count()).select_from(polled_requests)).scalar_one()


def test_a_client_that_is_not_registered_for_it_may_not(lone: House, client: Client) -> None:
    school = lone.add()
    assert error_of(begin(lone, school)) == "unauthorized_client"
    assert error_of(poll(lone, school, begun(lone, client)["device_code"])) == "unauthorized_client"


def test_profiles_whose_requests_are_pushed_have_no_device_flow(lone: House) -> None:
    key = ClientKey(lone.clock)
    fapi: dict[str, Any] = {
        "token_endpoint_auth_method": "private_key_jwt",
        "client_secret": None,
        "jwks": {"keys": [key.public]},
    }
    with pytest.raises(InvalidClientMetadata, match="grant_types"):
        television(lone, profile="fapi2", **fapi)


def test_a_public_client_may_and_its_family_is_bound_to_its_key(lone: House) -> None:
    client = television(lone, token_endpoint_auth_method="none", client_secret=None)
    told, key, other = begun(lone, client), ClientKey(lone.clock), ClientKey(lone.clock)
    allow(lone, told["user_code"])
    tokens = json_of(poll(lone, client, told["device_code"], headers={"DPoP": key.proof("POST", "/token")}))
    assert tokens["token_type"] == "DPoP"
    with_other = {"DPoP": other.proof("POST", "/token")}
    assert error_of(lone.refresh(client, tokens["refresh_token"], headers=with_other)) == "invalid_grant"


def test_dpop_jkt_names_the_key_that_must_fetch_the_answer(lone: House, client: Client) -> None:
    key, other = ClientKey(lone.clock), ClientKey(lone.clock)
    told = begun(lone, client, dpop_jkt=key.private.thumbprint())
    allow(lone, told["user_code"])
    with_other = {"DPoP": other.proof("POST", "/token")}
    assert error_of(poll(lone, client, told["device_code"], headers=with_other)) == "invalid_grant"
    assert json_of(poll(lone, client, told["device_code"], headers={"DPoP": key.proof("POST", "/token")}))


def test_a_proof_names_the_key_that_must_fetch_the_answer_too(lone: House, client: Client) -> None:
    key, other = ClientKey(lone.clock), ClientKey(lone.clock)
    told = begun(lone, client, headers={"DPoP": key.proof("POST", "/device-authorization")})
    allow(lone, told["user_code"])
    assert error_of(poll(lone, client, told["device_code"])) == "invalid_grant"
    with_other = {"DPoP": other.proof("POST", "/token")}
    assert error_of(poll(lone, client, told["device_code"], headers=with_other)) == "invalid_grant"
    assert json_of(poll(lone, client, told["device_code"], headers={"DPoP": key.proof("POST", "/token")}))


def test_a_proof_that_does_not_hold_begins_nothing_and_one_is_used_up(lone: House, client: Client) -> None:
    key = ClientKey(lone.clock)
    elsewhere, mine = key.proof("POST", "/token"), key.proof("POST", "/device-authorization")
    assert error_of(begin(lone, client, headers={"DPoP": elsewhere})) == "invalid_dpop_proof"
    foreign = {"dpop_jkt": ClientKey(lone.clock).private.thumbprint()}
    assert error_of(begin(lone, client, **foreign, headers={"DPoP": mine})) == "invalid_request"
    assert error_of(begin(lone, client, headers={"DPoP": mine})) == "invalid_dpop_proof"
    assert rows(lone) == 0


def test_an_assertion_is_used_up_by_a_refused_request_too(lone: House) -> None:
    key = ClientKey(lone.clock)
    client = television(
        lone, token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]}
    )
    shown = {"client_assertion": key.assertion("television"), "client_assertion_type": ASSERTION_TYPE}
    assert error_of(begin(lone, client, **shown, scope="admin")) == "invalid_scope"
    assert error_of(begin(lone, client, **shown)) == "invalid_client"


def test_an_essential_acr_comes_back_as_it_was_asked(lone: House, client: Client) -> None:
    asked = {"id_token": {"acr": {"essential": True, "values": ["eidas1"]}}}
    told = begun(lone, client, claims=json.dumps(asked))
    handle = typed(lone, told["user_code"])
    assert lone.sign_in.there
    lone.sign_in.there = replace(lone.sign_in.there, acr="eidas2")  # which includes eidas1
    approve(lone, handle)
    assert lone.http.get(f"/authorize/{handle}").location == "/answered/yes"
    assert unverified(json_of(poll(lone, client, told["device_code"]))["id_token"])[1]["acr"] == "eidas1"


# Polling (RFC 8628 §3.5)


def test_a_device_that_asks_too_often_is_told_to_slow_down_and_must(house: House) -> None:
    client = television(house)
    code = begun(house, client)["device_code"]
    assert error_of(poll(house, client, code)) == "authorization_pending"
    house.clock.advance(timedelta(seconds=3))
    assert error_of(poll(house, client, code)) == "slow_down"
    house.clock.advance(timedelta(seconds=6))  # enough before, too soon now: the interval is 10 seconds
    assert error_of(poll(house, client, code)) == "slow_down"
    house.clock.advance(timedelta(seconds=15))
    assert error_of(poll(house, client, code)) == "authorization_pending"


def test_a_device_that_keeps_to_its_interval_is_never_told_to_slow_down(lone: House, client: Client) -> None:
    code = begun(lone, client)["device_code"]
    for seconds in (0, 5, 5, 4, 5):  # whole seconds are kept: 4 may be 4.9
        lone.clock.advance(timedelta(seconds=seconds))
        assert error_of(poll(lone, client, code)) == "authorization_pending"


def test_the_persons_no_is_access_denied_and_stays_one(house: House) -> None:
    client = television(house)
    told = begun(house, client)
    handle = typed(house, told["user_code"])
    assert house.sign_in.there
    house.consent.refuse(handle, house.sign_in.browser(), house.sign_in.there)
    assert house.http.get(f"/authorize/{handle}").location == "/answered/no"
    for _ in range(2):
        assert error_of(poll(house, client, told["device_code"])) == "access_denied"
    with pytest.raises(UnknownUserCode):
        typed(house, told["user_code"])


def test_a_code_that_nobody_answered_expires(lone: House, client: Client) -> None:
    told = begun(lone, client)
    handle = typed(lone, told["user_code"])
    lone.clock.advance(timedelta(minutes=10))
    assert error_of(poll(lone, client, told["device_code"])) == "expired_token"
    with pytest.raises(UnknownUserCode):
        typed(lone, told["user_code"])
    with pytest.raises(UnknownInteraction):  # the page is over with it: no approval that nobody waits for
        approve(lone, handle)


def test_an_answer_that_is_not_fetched_in_time_expires(lone: House, client: Client) -> None:
    told = begun(lone, client)
    allow(lone, told["user_code"])
    lone.clock.advance(timedelta(minutes=10))
    assert error_of(poll(lone, client, told["device_code"])) == "expired_token"


def test_expired_codes_are_forgotten_in_the_end(lone: House, client: Client) -> None:
    code = begun(lone, client)["device_code"]
    lone.clock.advance(timedelta(minutes=71))
    lone.issuing.forget_expired()
    assert rows(lone) == 0
    assert error_of(poll(lone, client, code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"device_code": None}, "invalid_request", id="missing"),
        pytest.param({"device_code": "x" * 43}, "invalid_grant", id="unknown"),
        pytest.param({"device_code": "x" * 60_000}, "invalid_grant", id="long"),
        pytest.param({"grant_type": "authorization_code"}, "invalid_request", id="another grant type"),
    ],
)
def test_a_poll_that_is_not_in_order_is_refused(
    lone: House, client: Client, changed: dict[str, Any], error: str
) -> None:
    code = begun(lone, client)["device_code"]
    if "grant_type" in changed:
        error = "unauthorized_client"
    assert error_of(poll(lone, client, code, **changed)) == error


def test_a_device_code_is_its_clients(lone: House, client: Client) -> None:
    other = television(lone, "kiosk")
    told = begun(lone, client)
    allow(lone, told["user_code"])
    assert error_of(poll(lone, other, told["device_code"])) == "invalid_grant"
    assert json_of(poll(lone, client, told["device_code"]))


def test_a_device_code_is_no_authorization_code(lone: House) -> None:
    both = television(lone, grant_types=["authorization_code", DEVICE_CODE], redirect_uris=["https://tv.example/cb"])
    told = begun(lone, both)
    allow(lone, told["user_code"])
    assert error_of(lone.redeem(both, told["device_code"])) == "invalid_grant"
    assert json_of(poll(lone, both, told["device_code"]))


def test_a_second_redemption_is_refused_and_ends_the_first(house: House) -> None:
    client = television(house)
    told = begun(house, client)
    allow(house, told["user_code"])
    tokens = json_of(poll(house, client, told["device_code"]))
    assert error_of(poll(house, client, told["device_code"])) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401


def test_what_was_taken_back_before_the_device_asked_gives_nothing(lone: House, client: Client) -> None:
    told = begun(lone, client)
    allow(lone, told["user_code"])
    assert lone.consent.take_back(ALICE, lone.consent.grants_of(ALICE)[0].id)
    assert error_of(poll(lone, client, told["device_code"])) == "invalid_grant"


# The person's side (RFC 8628 §3.3, §5.1, §5.4)


def test_the_person_is_asked_even_when_a_grant_covers_it_all(lone: House, client: Client) -> None:
    """A stranger's device must not get by silence what the person's own was allowed."""
    allow(lone, begun(lone, client)["user_code"])
    again = begun(lone, client)
    handle = typed(lone, again["user_code"])
    assert lone.http.get(f"/authorize/{handle}").location == f"/release/{handle}"
    assert error_of(poll(lone, client, again["device_code"])) == "authorization_pending"


def test_a_code_is_the_browsers_that_typed_it_first(lone: House, client: Client) -> None:
    told = begun(lone, client)
    typed(lone, told["user_code"], browser="first")
    with pytest.raises(UnknownUserCode):
        typed(lone, told["user_code"], browser="second")
    typed(lone, told["user_code"], browser="first")  # went back, typed it again


def test_a_code_typed_twice_at_one_browser_is_answered_once(house: House) -> None:
    client = television(house)
    told = begun(house, client)
    first, second = typed(house, told["user_code"]), typed(house, told["user_code"])
    approve(house, first)
    assert house.http.get(f"/authorize/{first}").location == "/answered/yes"
    approve(house, second)
    assert house.http.get(f"/authorize/{second}").status_code == 400
    assert json_of(poll(house, client, told["device_code"]))


def test_another_person_at_the_same_browser_does_not_answer_it(lone: House, client: Client) -> None:
    told = begun(lone, client)
    handle = typed(lone, told["user_code"])
    approve(lone, handle)
    lone.sign_in.there = lone.signed_in("bob", "sign-in-2")
    assert lone.http.get(f"/authorize/{handle}").status_code == 400
    assert error_of(poll(lone, client, told["device_code"])) == "authorization_pending"


@pytest.mark.parametrize("wrong", ["", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UYAE", "1234-5678", "\u00df" * 8, "BCDF-GHJK"])
def test_a_code_that_no_device_shows_opens_nothing(lone: House, client: Client, wrong: str) -> None:
    begun(lone, client)
    with pytest.raises(UnknownUserCode):
        typed(lone, wrong)


@pytest.mark.parametrize(
    ("limit", "who"),
    [
        pytest.param(TRIES_ACCOUNT, {"subject": "alice", "network": "{}"}, id="account"),
        pytest.param(TRIES_NETWORK, {"subject": "{}", "network": "one"}, id="network"),
        pytest.param(TRIES_ALL, {"subject": "{}", "network": "{}"}, id="everybody"),
    ],
)
def test_guessing_ends_by_account_by_network_and_for_everybody(
    lone: House, client: Client, limit: int, who: dict[str, str]
) -> None:
    told = begun(lone, client)
    for number in range(limit):
        with pytest.raises(UnknownUserCode):
            typed(lone, "BCDF-GHJK", **{name: value.format(number) for name, value in who.items()})
    with pytest.raises(TooManyRequests):  # the right one as well, or it would be no limit
        typed(lone, told["user_code"], **{name: value.format(limit) for name, value in who.items()})


def test_a_client_shows_only_so_many_codes_at_once_and_others_go_on(lone: House, client: Client) -> None:
    other = television(lone, "kiosk")
    for _ in range(MOST_BEGUN):
        begun(lone, client)
    refused = begin(lone, client)
    assert (refused.status_code, error_of(refused)) == (403, "access_denied")
    assert begun(lone, other)["user_code"]
    lone.clock.advance(timedelta(minutes=10))
    assert begun(lone, client)["user_code"]


def test_codes_are_kept_as_hashes_only(lone: House, client: Client) -> None:
    told = begun(lone, client)
    with lone.database.engine.connect() as raw:
        dump = "\n".join(raw.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "oidc_polled_requests" in dump
    assert told["device_code"] not in dump
    assert told["user_code"] not in dump
    assert plain(told["user_code"]) not in dump


def test_every_letter_of_a_code_is_as_likely_as_any_other() -> None:
    class Counting:
        """Every byte once, in turn."""

        at = 0

        def bytes(self, length: int) -> bytes:
            self.at += length
            return bytes(value % 256 for value in range(self.at - length, self.at))

    source = Counting()
    letters = "".join(new_user_code(source) for _ in range(30))
    assert {letters.count(letter) for letter in LETTERS} == {len(letters) // len(LETTERS)}


def test_forgetting_a_person_forgets_what_they_answered(lone: House, client: Client) -> None:
    allow(lone, begun(lone, client)["user_code"])
    with lone.database.transaction() as tx:
        lone.issuing.forget_subject(tx, ALICE)
    assert rows(lone) == 0
