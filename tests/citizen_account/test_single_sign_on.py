"""A sign-on with a session and a standing grant, as a service sees it: what it tells, and how little it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event
from werkzeug.test import Client

from audit.entries import PersonId
from config.database import Database
from tests.citizen_account.town import Citizen, Town, redeem


@dataclass
class Asked:
    """Of the database: statements by their first word, and how many transactions they took."""

    words: list[str] = field(default_factory=list)
    transactions: int = 0


@contextmanager
def asked(database: Database) -> Iterator[Asked]:
    seen = Asked()

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.words.append(statement.split(maxsplit=1)[0])

    def committed(_connection: Any) -> None:
        seen.transactions += 1

    event.listen(database.engine, "before_cursor_execute", executed)
    event.listen(database.engine, "commit", committed)
    yield seen
    event.remove(database.engine, "before_cursor_execute", executed)
    event.remove(database.engine, "commit", committed)


@pytest.fixture
def known(alice: Citizen) -> Citizen:
    """Someone who released their name to the school before, and whose keys this node holds open."""
    assert alice.post(f"/release/{alice.begin([])}", {"decision": "send"}).status_code == 303
    sign_on(alice)
    return alice


def authorize(citizen: Citizen) -> str:
    answer = citizen.open(citizen.town.authorize_url([]))
    return parse_qs(urlsplit(answer.location).query)["code"][0]


def userinfo(town: Town, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    told = Client(town.app).get("/userinfo", base_url="http://localhost:8000", headers=headers).json
    assert told is not None
    return dict(told)


def sign_on(citizen: Citizen) -> dict[str, Any]:
    return userinfo(citizen.town, redeem(citizen.town, authorize(citizen))["access_token"])


def test_it_tells_what_was_released_and_nothing_else(known: Citizen) -> None:
    told = sign_on(known)
    assert told.keys() == {"sub", "given_name", "family_name", "name", "locale"}
    assert (told["name"], told["locale"]) == ("Alice Martin", "en")


def test_authorize_reads_the_session_once_and_makes_the_code_in_one_transaction(known: Citizen) -> None:
    with asked(known.town.house.database) as database:
        authorize(known)
    assert database.words == ["SELECT", "SELECT", "SELECT", "SELECT", "INSERT"]
    assert database.transactions == 2


def test_the_token_endpoint_takes_one_transaction(known: Citizen) -> None:
    code = authorize(known)
    with asked(known.town.house.database) as database:
        redeem(known.town, code)
    assert (database.words, database.transactions) == (["UPDATE", "INSERT"], 1)


def test_userinfo_judges_writes_down_and_reads_in_one_transaction(known: Citizen) -> None:
    token = redeem(known.town, authorize(known))["access_token"]
    with asked(known.town.house.database) as database:
        userinfo(known.town, token)
    assert database.transactions == 1
    assert (database.words.count("SELECT"), database.words.count("INSERT")) == (4, 3)


def test_a_sign_in_whose_account_is_gone_opens_nothing(known: Citizen) -> None:
    with known.town.house.database.transaction() as tx:
        known.town.house.accounts.erase(tx, known.account)
    assert urlsplit(known.open(known.town.authorize_url([])).location).path == "/sign-in"
    assert urlsplit(known.open("/papers").location).path == "/sign-in"


def test_the_ledger_names_what_was_told_and_nothing_that_the_account_does_not_have(known: Citizen) -> None:
    told = userinfo(known.town, redeem(known.town, authorize(known))["access_token"])
    entries = known.town.house.search.of_person(PersonId(known.account)).entries
    released = next(entry for entry in entries if entry.values["kind"] == "claims_released")
    assert set(released.values["claims"].split()) == told.keys()
    assert "birthdate" not in told  # asked for by the scope `profile`, never given by her
