"""A service fetches a paper through the whole door: what it costs the database, and that a token counts to the last."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from tests.citizen_account.town import Citizen, Town, fetch, redeem
from tests.oidc.provider_house import ClientKey

CITY = "http://localhost:8000"


class Queries:
    """Counts statements and commits from here on."""

    def __init__(self, town: Town) -> None:
        self.statements: list[str] = []
        self.commits = 0
        event.listen(town.house.database.engine, "before_cursor_execute", self._seen)
        event.listen(town.house.database.engine, "commit", self._committed)

    def _seen(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)

    def _committed(self, _connection: Any) -> None:
        self.commits += 1

    def taken(self) -> tuple[int, int]:
        """(statements, commits) since the last time."""
        counted = len(self.statements), self.commits
        self.statements.clear()
        self.commits = 0
        return counted


def test_a_fetch_is_one_transaction_whatever_it_writes(alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    counted = Queries(alice.town)
    assert fetch(alice.town, token).status_code == HTTPStatus.OK
    # The token, what is lent, the read, its count, three of the ledger, the mail to the person (asked for, added).
    assert counted.taken() == (9, 1)
    assert fetch(alice.town, token).status_code == HTTPStatus.OK
    # The token, what is lent, that a second request joined.
    assert counted.taken() == (3, 1)
    assert fetch(alice.town, token).status_code == HTTPStatus.OK
    assert counted.taken() == (2, 1)


@pytest.fixture
def key(alice: Citizen) -> ClientKey:
    return ClientKey(alice.town.clock)


def bound(alice: Citizen, key: ClientKey) -> dict[str, Any]:
    """The school's token response, its token bound to a key."""
    handle = alice.begin([["proof_of_address"]])
    alice.post(f"/release/{handle}", {"paper-0": alice.paper(), "decision": "send"})
    return redeem(alice.town, alice.code(handle), DPoP=key.proof("POST", "/token", htu=f"{CITY}/token"))


def location(token: dict[str, Any]) -> str:
    found: str = token["authorization_details"][0]["documents"][0]["location"]
    return found


def proof(key: ClientKey, token: dict[str, Any], method: str = "GET") -> str:
    return key.proof(method, "", token=token["access_token"], htu=location(token))


def show(town: Town, token: dict[str, Any], proof: str, method: str = "GET") -> TestResponse:
    headers = {"Authorization": f"DPoP {token['access_token']}", "DPoP": proof}
    path = location(token).removeprefix(CITY)
    return town.app.test_client().open(path, base_url=CITY, method=method, headers=headers)


def test_a_bound_token_uses_up_its_proof_in_the_same_transaction(alice: Citizen, key: ClientKey) -> None:
    token = bound(alice, key)
    counted = Queries(alice.town)
    shown = proof(key, token)
    assert show(alice.town, token, shown).status_code == HTTPStatus.OK
    assert counted.taken() == (10, 1)
    again = show(alice.town, token, shown)
    assert (again.status_code, again.get_json()["type"].rpartition("/")[2]) == (401, "invalid-dpop-proof")


def test_a_proof_is_used_up_by_a_look_and_by_a_refused_read_too(alice: Citizen, key: ClientKey) -> None:
    token = bound(alice, key)
    looked = proof(key, token, "HEAD")
    answers = [show(alice.town, token, looked, "HEAD").status_code for _ in range(2)]
    assert answers == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]
    stopped = {"lending": location(token).rpartition("/")[2], "next": "/accesses"}
    assert alice.post("/accesses/stop", stopped).status_code == HTTPStatus.SEE_OTHER
    refused = proof(key, token)
    answers = [show(alice.town, token, refused).status_code for _ in range(2)]
    assert answers == [HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED]
