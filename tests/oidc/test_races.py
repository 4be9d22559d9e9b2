"""Fifty at once, `ROUNDS` times, on SQLite and PostgreSQL: of what is good once exactly one wins (THREATS §2)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config.database import in_transaction
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.errors import InvalidRequestUri
from oidc.store.authorizations import authorizations
from tests.oidc import devices, test_ciba
from tests.oidc.asking import CONTRACT, DETAIL, answer, approve, ask, handle_of, open_pushed, push
from tests.oidc.provider_house import ALICE, ClientKey, House, error_of, json_of

MANY = 50
Told = TypeVar("Told")


def at_once(act: Callable[[int], Told], times: int = MANY) -> list[Told]:
    """What the calls tell, each in a thread of its own, all let go together; what one raises fails the test."""
    gate = threading.Barrier(times)

    def go(number: int) -> Told:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(go, range(times)))


def race(act: Callable[..., TestResponse], *given: Any, **named: Any) -> Counter[str]:
    """How often the same request was answered how: "done", or the error."""

    def told(_: int) -> str:
        response = act(*given, **named)
        return "done" if response.status_code == 200 else error_of(response)

    return Counter(at_once(told))


def test_a_code_is_redeemed_once(house: House, rounds: int) -> None:
    client = house.add()
    for _ in range(rounds):
        assert race(house.redeem, client, house.code(client)) == {"done": 1, "invalid_grant": MANY - 1}


def test_a_device_code_is_redeemed_once(house: House, rounds: int) -> None:
    client = devices.television(house)
    for _ in range(rounds):
        house.clock.advance(timedelta(minutes=10))  # nobody types so many codes, and no client shows them
        begun = devices.begun(house, client)
        devices.allow(house, begun["user_code"])
        assert race(devices.poll, house, client, begun["device_code"]) == {"done": 1, "invalid_grant": MANY - 1}


def test_an_auth_req_id_is_redeemed_once(house: House, rounds: int) -> None:
    client = test_ciba.counter(house)
    for _ in range(rounds):
        house.clock.advance(timedelta(hours=1))  # nobody is asked so often
        begun = json_of(test_ciba.ask(house, client))
        test_ciba.allow(house, test_ciba.told(house)[1])
        assert race(test_ciba.poll, house, client, begun["auth_req_id"]) == {"done": 1, "invalid_grant": MANY - 1}


def test_a_refresh_token_has_one_successor(house: House, rounds: int) -> None:
    client = house.add()
    token = house.tokens(client)["refresh_token"]
    for _ in range(rounds):
        told = at_once(lambda _, token=token: json_of(house.refresh(client, token)))  # type: ignore[misc]
        assert len({one["access_token"] for one in told}) == MANY
        (token,) = {one["refresh_token"] for one in told}


FOR_ITSELF = {"grant_types": ["authorization_code", "client_credentials"], "scope": "openid invoices"}


def test_an_assertion_is_used_once(house: House, rounds: int) -> None:
    key = ClientKey(house.clock)
    signs = {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None, "jwks": {"keys": [key.public]}}
    client = house.add("school", **FOR_ITSELF, **signs)
    for _ in range(rounds):
        shown = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": key.assertion("school")}
        told = race(house.post, "/token", client, {"grant_type": "client_credentials", **shown})
        assert told == {"done": 1, "invalid_client": MANY - 1}


def test_a_proof_is_used_once(house: House, rounds: int) -> None:
    key, client = ClientKey(house.clock), house.add("school", **FOR_ITSELF)
    for _ in range(rounds):
        headers = {"DPoP": key.proof("POST", "/token")}
        told = race(house.post, "/token", client, {"grant_type": "client_credentials"}, headers=headers)
        assert told == {"done": 1, "invalid_dpop_proof": MANY - 1}


def test_a_pushed_request_is_opened_by_one_browser(house: House, rounds: int) -> None:
    house.add(contract=CONTRACT)
    for _ in range(rounds):
        uri = json_of(push(house), 201)["request_uri"]

        def open_(number: int, uri: str = uri) -> str:
            try:
                house.interactions.open_pushed(uri, "school", f"browser {number}", None)
            except InvalidRequestUri:
                return ""
            return f"browser {number}"

        (winner,) = filter(None, at_once(open_))
        assert house.interactions.find(uri.rpartition(":")[2], winner, None)


@pytest.mark.parametrize("pushed", [False, True])
def test_tabs_that_end_at_once_make_one_code(house: House, rounds: int, pushed: bool) -> None:
    house.add(contract=CONTRACT)
    house.sign_in.there = house.signed_in()
    for number in range(rounds):
        uri = json_of(push(house, prompt="consent"), 201)["request_uri"] if pushed else ""
        handle = handle_of(open_pushed(house, uri) if pushed else ask(house, prompt="consent"))
        approve(house, handle)

        def end(_: int, uri: str = uri, handle: str = handle) -> int:
            assert not in_transaction()
            return (open_pushed(house, uri) if uri else house.http.get(f"/authorize/{handle}")).status_code

        assert Counter(at_once(end)) == {303: 1, 400: MANY - 1}
        with house.database.reading() as tx:
            assert tx.execute(select(func.count()).select_from(authorizations)).scalar_one() == number + 1


def test_approvals_at_once_make_one_grant_and_lend_once(house: House, rounds: int) -> None:
    house.add(contract=CONTRACT)
    house.sign_in.there = house.signed_in()
    for number in range(rounds):
        handle = handle_of(ask(house, prompt="consent", authorization_details=json.dumps([DETAIL])))
        at_once(lambda _, handle=handle: approve(house, handle, "bill"))  # type: ignore[misc]
        assert [len(view.lendings) for view in house.consent.grants_of(ALICE)] == [1] * (number + 1)


def test_an_approval_and_a_refusal_at_once_are_one_decision(house: House, rounds: int) -> None:
    house.add(contract=CONTRACT)
    there = house.sign_in.there = house.signed_in()
    for _ in range(3 * rounds):
        handle = handle_of(ask(house, prompt="consent"))
        before = len(house.consent.grants_of(ALICE))
        acts = [lambda h=handle: approve(house, h), lambda h=handle: house.consent.refuse(h, "browser-1", there)]
        at_once(lambda number, acts=acts: acts[number](), 2)  # type: ignore[misc]
        back = answer(house.http.get(f"/authorize/{handle}"))
        assert ("code" in back) is (len(house.consent.grants_of(ALICE)) == before + 1)
        assert ("error" in back) is ("code" not in back)
