"""Owner keys and data keys: what opens under what, for how long, and what never does again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from config.errors import KeyRingError, TransactionError
from config.key_ring import WrappedKey
from tests.vault.world import World, pdf
from vault.encryption.owner_key import DoesNotOpen, OpenOwnerKey, Paper, Written
from vault.encryption.stream import HEADER_BYTES
from vault.errors import Damaged, UnknownOwner
from vault.protocols import OwnerId
from vault.store.documents import documents
from vault.store.owner_keys import owner_keys
from vault.store.renditions import renditions
from vault.store.versions import versions

PAPER = Paper(document="d", version="v", rendition="original")
WRITTEN = Written(format=1, header=bytes(HEADER_BYTES), length=5, ciphertext_sha256=bytes(32))
CHANGES = [
    pytest.param({"document": "e"}, {}, id="document"),
    pytest.param({"version": "w"}, {}, id="version"),
    pytest.param({"rendition": "page-1"}, {}, id="rendition"),
    pytest.param({}, {"format": 2}, id="format"),
    pytest.param({}, {"length": 6}, id="length"),
    pytest.param({}, {"header": b"\1" + bytes(HEADER_BYTES - 1)}, id="header"),
    pytest.param({}, {"ciphertext_sha256": b"\1" + bytes(31)}, id="ciphertext hash"),
]


@pytest.fixture
def key(small: World) -> OpenOwnerKey:
    return OpenOwnerKey("k", "alice", bytes(32), small.randomness)


@pytest.mark.parametrize(("paper", "written"), CHANGES)
def test_a_data_key_opens_only_for_exactly_what_was_written(
    key: OpenOwnerKey, paper: dict[str, Any], written: dict[str, Any]
) -> None:
    wrapped = key.wrap(b"d" * 32, PAPER, WRITTEN)
    assert key.unwrap(wrapped, PAPER, WRITTEN) == b"d" * 32
    with pytest.raises(DoesNotOpen):
        key.unwrap(wrapped, replace(PAPER, **paper), replace(WRITTEN, **written))


def test_another_owner_opens_nothing(key: OpenOwnerKey, small: World) -> None:
    same_bytes = OpenOwnerKey("k", "bob", bytes(32), small.randomness)
    with pytest.raises(DoesNotOpen):
        same_bytes.unwrap(key.wrap(b"d" * 32, PAPER, WRITTEN), PAPER, WRITTEN)
    with pytest.raises(DoesNotOpen):
        same_bytes.unseal("label", "d", key.seal("label", "d", "bill"))


def test_a_sealed_column_opens_only_in_its_place(key: OpenOwnerKey) -> None:
    sealed = key.seal("label", "d", "Électricité")
    assert key.unseal("label", "d", sealed) == "Électricité"
    for column, row in (("filename", "d"), ("label", "e")):
        with pytest.raises(DoesNotOpen):
            key.unseal(column, row, sealed)
    assert key.seal("label", "d", "Électricité") != sealed


def test_wrapping_twice_never_repeats_a_nonce(key: OpenOwnerKey) -> None:
    nonces = {key.wrap(b"d" * 32, PAPER, WRITTEN)[:12] for _ in range(500)}
    assert len(nonces) == 500


def test_an_opened_key_is_kept_a_minute_and_every_unwrap_names_its_cause(small: World) -> None:
    owner = small.owner()
    first = small.keys.opened(owner, "cause-1")
    assert small.keys.opened(owner, "cause-2") is first
    small.clock.advance(timedelta(seconds=61))
    assert small.keys.kept(first.id) is None
    assert small.keys.opened(owner, "cause-3") is not first
    assert set(small.ring.unwraps(small.clock.now() - timedelta(days=1))) == {"cause-1", "cause-3"}


def test_no_key_is_opened_inside_a_transaction(small: World) -> None:
    owner = small.owner()
    with small.database.transaction() as tx:
        row = tx.execute(select(owner_keys).where(owner_keys.c.owner == owner)).one()
        with pytest.raises(TransactionError):
            small.ring.unwrap(WrappedKey.decode(row.wrapped), {"owner": owner, "key": "owner"}, cause="x")


def test_a_row_of_another_owner_does_not_open(world: World) -> None:
    alice, bob = world.owner(), world.owner()
    hers, his = world.deposit(alice), world.deposit(bob, pdf(4_000))
    with world.database.transaction() as tx:
        # Everything of his row but its ids: object, data key, key id.
        row = tx.execute(select(renditions).where(renditions.c.document == his)).mappings().one()
        tx.execute(update(renditions).where(renditions.c.document == his).values(object_name="moved"))
        taken = {k: row[k] for k in ("data_key", "header", "length", "ciphertext_sha256", "object_name", "owner_key")}
        tx.execute(update(renditions).where(renditions.c.document == hers).values(**taken))
    with pytest.raises(Damaged):
        world.original(alice, hers)


def test_a_wrapped_owner_key_under_another_owner_does_not_open(world: World) -> None:
    alice, bob = world.owner(), world.owner()
    with world.database.transaction() as tx:
        wrapped = tx.execute(select(owner_keys.c.wrapped).where(owner_keys.c.owner == bob)).scalar_one()
        tx.execute(update(owner_keys).where(owner_keys.c.owner == alice).values(wrapped=wrapped))
    with pytest.raises(KeyRingError):
        world.keys.opened(alice, "cause")


def test_replacing_an_owner_key_keeps_every_paper_and_destroys_the_old(world: World) -> None:
    owner = world.owner(agreed=True)
    papers = {world.deposit(owner, pdf(2_000 + n), label=f"paper {n}"): pdf(2_000 + n) for n in range(3)}
    world.jobs.run_due()
    before = world.keys.opened(owner, "c").id
    replaced = world.keys.replace(owner, "cause")
    assert replaced == before
    with world.database.transaction() as tx:
        assert world.keys.destroy_replaced(tx, replaced)
    newest = world.keys.opened(owner, "c").id
    for table in (renditions, documents, versions):
        with world.database.reading() as tx:
            assert set(tx.execute(select(table.c.owner_key)).scalars()) == {newest}
    assert {d: world.original(owner, d) for d in papers} == papers
    assert sorted(view.label for view in world.documents.list(owner)) == ["paper 0", "paper 1", "paper 2"]
    assert world.documents.open_page(owner, next(iter(papers)), 1)


def test_replacing_can_stop_anywhere_and_go_on(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    first = world.keys.replace(owner, "cause")  # a crash before the old one is destroyed
    assert world.original(owner, paper) == pdf(3_000)
    later = world.deposit(owner, pdf(4_000))  # goes under the new one
    assert world.keys.replace(owner, "cause") == first
    assert first
    with world.database.transaction() as tx:
        assert world.keys.destroy_replaced(tx, first)
    assert world.original(owner, paper) == pdf(3_000)
    assert world.original(owner, later) == pdf(4_000)


def test_a_key_that_still_opens_something_is_not_destroyed(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    key = world.keys.opened(owner, "cause").id
    with world.database.transaction() as tx:
        assert not world.keys.destroy_replaced(tx, key)
    assert world.original(owner, paper) == pdf(3_000)


def test_a_new_root_version_rewraps_owner_keys_and_touches_no_document(world: World) -> None:
    owners = [world.owner() for _ in range(3)]
    paper = world.deposit(owners[0])
    objects = world.stored()
    version = world.retention.rotate_root("root", "operator")  # type: ignore[arg-type]
    with world.database.reading() as tx:
        assert set(tx.execute(select(owner_keys.c.root_version)).scalars()) == {version}
    assert world.stored() == objects
    world.clock.advance(timedelta(days=31))
    assert world.retention.destroy_due() == [version - 1]
    assert world.original(owners[0], paper) == pdf(3_000)


def test_a_safe_without_a_key_is_unknown(world: World) -> None:
    with pytest.raises(UnknownOwner):
        world.keys.opened(OwnerId("nobody"), "cause")
    assert world.keys.replace(OwnerId("nobody"), "cause") is None
