"""What the frequent requests ask of the database. Single sign-ons: tests/citizen_account/test_single_sign_on.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from config.database import Database
from oidc.clients import Client
from tests.oidc.provider_house import House, json_of


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """The first word of each statement, BEGIN for each transaction and snapshot."""
    words: list[str] = []

    def begun(_connection: Any) -> None:
        words.append("BEGIN")

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "begin", begun)
    event.listen(database.engine, "before_cursor_execute", executed)
    yield words
    event.remove(database.engine, "begin", begun)
    event.remove(database.engine, "before_cursor_execute", executed)


@pytest.fixture
def school(lone: House) -> Client:
    """A client whose secret was checked before, at a node whose keys are open."""
    client = lone.add(grant_types=["authorization_code", "refresh_token", "client_credentials"])
    json_of(lone.post("/introspect", client, {"token": lone.tokens(client)["access_token"]}))
    return client


def test_a_refresh_is_one_transaction_of_three_statements(lone: House, school: Client) -> None:
    token = lone.tokens(school)["refresh_token"]
    with asked(lone.database) as words:
        json_of(lone.refresh(school, token))
    assert words == ["BEGIN", "SELECT", "UPDATE", "INSERT"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_an_introspection_is_one_query(lone: House, school: Client, kind: str) -> None:
    token = lone.tokens(school)[kind]
    with asked(lone.database) as words:
        assert json_of(lone.post("/introspect", school, {"token": token}))["active"] is True
    assert words == ["BEGIN", "SELECT"]


def test_a_token_about_the_client_itself_asks_nothing(lone: House, school: Client) -> None:
    with asked(lone.database) as words:
        json_of(lone.post("/token", school, {"grant_type": "client_credentials"}))
    assert words == []
