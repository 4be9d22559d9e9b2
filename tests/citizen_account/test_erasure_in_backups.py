"""Erasure in two steps, at the door: here at once; after the window nothing of a backup opens with what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from sqlalchemy import select

from audit.entries import ActorKind, PersonId
from citizen_account.worker import register
from config.database import metadata
from config.errors import KeyRingError
from config.key_ring import WrappedKey
from tests.citizen_account.town import PASSWORD, Citizen, Town, pdf

WRAPS: dict[str, tuple[str, str, Callable[[dict[str, Any]], dict[str, str]]]] = {
    "vault": ("vault_owner_keys", "wrapped", lambda row: {"owner": row["owner"], "key": "owner"}),
    "provider": ("account_keys", "wrapped", lambda row: {"owner": row["account_id"], "kind": "account"}),
    "ledger": ("audit_keys", "wrapped", lambda row: {"owner": row["pseudonym"], "key": f"ledger-{row['term']}"}),
}
"""By ring: the table of what it wraps of people, the column, and the context that opens a row."""


def work(town: Town) -> None:
    register(town.house)
    town.clock.advance(timedelta(seconds=2))
    town.house.jobs.run_periodic()
    town.house.jobs.run_due()


def rows(town: Town, table: str) -> list[dict[str, Any]]:
    with town.house.database.reading() as tx:
        return [dict(row) for row in tx.execute(select(metadata.tables[table])).mappings()]


def backup(town: Town) -> dict[str, list[dict[str, Any]]]:
    """What a backup holds of people's keys, by ring."""
    return {ring: rows(town, table) for ring, (table, _, _) in WRAPS.items()}


def opens(town: Town, kept: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """How many keys of the backup open with the rings as they are now, by ring."""
    found = dict.fromkeys(WRAPS, 0)
    for ring, (_, column, context) in WRAPS.items():
        for row in kept[ring]:
            try:
                town.house.rings[ring].unwrap(WrappedKey.decode(row[column]), context(row), cause="the test")
            except KeyRingError:
                continue
            found[ring] += 1
    return found


def test_a_closed_account_is_gone_here_at_once_and_from_every_backup_when_the_window_ends(
    town: Town, alice: Citizen
) -> None:
    bob = town.citizen(given_name="Bob")
    mine, his = alice.paper(), bob.paper(pdf("Kept"))
    work(town)
    kept = backup(town)
    assert opens(town, kept) == {"vault": 2, "provider": 2, "ledger": 4}

    closing = alice.post("/leave", {"password": PASSWORD}).text
    assert "2 December 2026" in closing
    assert [row["account_id"] for row in rows(town, "account_keys")] == [bob.account]
    assert len(rows(town, "vault_owner_keys")) == 1
    assert len(rows(town, "audit_keys")) == 3  # the exchanges, set aside by law
    bob.get(f"/papers/{mine}", HTTPStatus.NOT_FOUND)

    for _ in range(5):
        town.clock.advance(timedelta(hours=6, minutes=1))
        work(town)
    assert opens(town, kept) == {"vault": 2, "provider": 2, "ledger": 4}  # until the promised day
    town.clock.advance(timedelta(days=29))
    work(town)
    assert opens(town, kept) == {"vault": 0, "provider": 0, "ledger": 0}
    assert town.house.accounts.attributes(bob.account)["given_name"].value == "Bob"
    assert b"".join(town.house.documents.open_original(town.house.accounts.owner_of(bob.account), his).chunks)
    work(town)
    assert town.house.proofs.check_database() > 0


def test_a_deleted_papers_key_opens_nowhere_when_the_window_ends(lone_town: Town, lone_alice: Citizen) -> None:
    town, alice = lone_town, lone_alice
    content = pdf("Kept")
    gone, stays = alice.paper(), alice.paper(content)
    work(town)
    kept = backup(town)
    objects = set(town.stored_objects())
    assert alice.post(f"/papers/{gone}/delete", {"decision": "delete"}).status_code == HTTPStatus.SEE_OTHER
    alice.get(f"/papers/{gone}", HTTPStatus.NOT_FOUND)
    work(town)
    # Here at once: the owner key that wrapped it is another one already.
    assert {row["id"] for row in rows(town, "vault_owner_keys")}.isdisjoint(row["id"] for row in kept["vault"])
    assert set(town.stored_objects()) == objects
    for days in (1, 29):
        town.clock.advance(timedelta(days=days))
        work(town)
    town.clock.advance(timedelta(hours=7))
    work(town)
    assert opens(town, kept)["vault"] == 0
    assert len(set(town.stored_objects()) & objects) < len(objects)
    owner = town.house.accounts.owner_of(alice.account)
    assert b"".join(town.house.documents.open_original(owner, stays).chunks) == content
    work(town)
    assert town.house.proofs.check_database() > 0


@pytest.mark.parametrize("ring", ["ledger", "provider"])
def test_a_rotation_by_hand_keeps_the_earlier_promise_and_everything_opens(
    lone_town: Town, lone_alice: Citizen, ring: str
) -> None:
    bob = lone_town.citizen(given_name="Bob")
    bob.post("/leave", {"password": PASSWORD})
    promised = lone_town.clock.now() + timedelta(days=30)
    lone_town.clock.advance(timedelta(days=3))
    version = lone_town.house.roots.rotate(ring, "root", ActorKind.OPERATOR)
    found = {v.version: v.destroy_at for v in lone_town.house.rings[ring].versions()}
    assert found == {version - 1: promised, version: None}
    lone_town.clock.advance(timedelta(days=28))
    lone_town.house.roots.renew()
    assert [v.version for v in lone_town.house.rings[ring].versions()] == [version]
    assert lone_town.house.search.of_person(PersonId(lone_alice.account)).entries
    assert lone_town.house.accounts.email(lone_alice.account) == lone_alice.address
    lone_town.publish()
