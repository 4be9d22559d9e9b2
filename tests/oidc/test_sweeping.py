"""What is over leaves the tables, a few rows a transaction; what lives stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, event, func, select

from config.database import BATCH
from oidc.clients import Client
from oidc.store import used_identifiers
from oidc.store.authorizations import authorizations
from oidc.store.interactions import interactions
from oidc.store.refresh_tokens import refresh_tokens
from tests.oidc.asking import ask
from tests.oidc.provider_house import ALICE, House, error_of, json_of

DAY = timedelta(days=1)


def rows(house: House, table: Table) -> int:
    with house.database.reading() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


@contextmanager
def executed(house: House) -> Iterator[list[tuple[str, Any, int]]]:
    """Each statement with its parameters and its row count."""
    seen: list[tuple[str, Any, int]] = []

    def note(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters, cursor.rowcount))

    event.listen(house.database.engine, "after_cursor_execute", note)
    yield seen
    event.remove(house.database.engine, "after_cursor_execute", note)


@pytest.fixture
def school(lone: House) -> Client:
    return lone.add()


def test_it_is_done_in_batches_and_leaves_what_lives(lone: House) -> None:
    now = lone.clock.now()
    with lone.database.transaction() as tx:
        for number in range(2 * BATCH + 10):
            used_identifiers.use(tx, "dpop", str(number), now)
        used_identifiers.use(tx, "dpop", "alive", now + DAY)
    lone.clock.advance(timedelta(seconds=1))
    with executed(lone) as seen:
        lone.issuing.forget_expired()
    deleted = [count for statement, _, count in seen if "DELETE FROM oidc_used_identifiers" in statement]
    assert deleted == [BATCH, BATCH, 10]
    assert rows(lone, used_identifiers.used_identifiers) == 1


def test_what_is_over_is_found_by_an_index(lone: House, school: Client) -> None:
    lone.tokens(school)
    lone.clock.advance(400 * DAY)
    with executed(lone) as seen:
        lone.issuing.forget_expired()
        lone.interactions.sweep()
    assert len(seen) >= 9
    with lone.database.reading() as tx:
        for statement, parameters, _ in seen:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert not [step.detail for step in plan if step.detail.startswith("SCAN")], statement


def test_a_code_that_nobody_redeems_is_gone_within_minutes(lone: House, school: Client) -> None:
    lone.code(school)
    kept = lone.tokens(school)["refresh_token"]
    lone.clock.advance(timedelta(minutes=7))
    lone.issuing.forget_expired()
    assert rows(lone, authorizations) == 1
    json_of(lone.refresh(school, kept))


def test_a_request_that_nobody_answers_is_gone_within_the_hour(lone: House, school: Client) -> None:
    ask(lone)
    assert rows(lone, interactions) == 1
    lone.clock.advance(timedelta(hours=1))
    lone.interactions.sweep()
    assert rows(lone, interactions) == 0


def test_a_used_refresh_token_is_known_for_thirty_days_more(lone: House, school: Client) -> None:
    first = lone.tokens(school)["refresh_token"]
    second = json_of(lone.refresh(school, first))["refresh_token"]
    lone.clock.advance(29 * DAY)
    lone.issuing.forget_expired()
    third = json_of(lone.refresh(school, second))["refresh_token"]
    lone.clock.advance(2 * DAY)
    lone.issuing.forget_expired()
    assert rows(lone, refresh_tokens) == 2
    assert error_of(lone.refresh(school, first)) == "invalid_grant"  # a stranger by now: it ends nothing
    fourth = json_of(lone.refresh(school, third))["refresh_token"]
    assert error_of(lone.refresh(school, second)) == "invalid_grant"  # reused: it ends the family
    assert error_of(lone.refresh(school, fourth)) == "invalid_grant"


@pytest.mark.parametrize("how", ["reuse", "sign-out", "removal"])
def test_a_family_that_ended_leaves_after_thirty_days_with_its_tokens(lone: House, school: Client, how: str) -> None:
    token = lone.tokens(school)["refresh_token"]
    if how == "reuse":
        json_of(lone.refresh(school, json_of(lone.refresh(school, token))["refresh_token"]))
        assert error_of(lone.refresh(school, token)) == "invalid_grant"
    elif how == "sign-out":
        with lone.database.transaction() as tx:
            assert lone.issuing.end_for_sign_in(tx, "sign-in-1") == 1
    else:
        lone.clients.remove(school.client_id, actor="test")
    lone.clock.advance(30 * DAY)
    lone.issuing.forget_expired()
    assert rows(lone, authorizations) == 1
    lone.clock.advance(timedelta(seconds=1))
    lone.issuing.forget_expired()
    assert (rows(lone, authorizations), rows(lone, refresh_tokens)) == (0, 0)


def test_with_a_person_their_tokens_go_at_once(lone: House, school: Client) -> None:
    lone.tokens(school)
    with lone.database.transaction() as tx:
        lone.issuing.forget_subject(tx, ALICE)
    assert (rows(lone, authorizations), rows(lone, refresh_tokens)) == (0, 0)
