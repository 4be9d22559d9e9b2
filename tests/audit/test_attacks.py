"""The ledger against its own operator (docs/threats.md): by SQL and by the object store, each attack is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from audit import keys
from audit.errors import VerificationError
from audit.store import entries, log, people
from audit.store.entries import Filters
from audit.tlog import merkle
from audit.verification import verify_bundle, verify_log
from config.database import Transaction
from config.object_store import ObjectStore
from tests.audit.conftest import SIZE
from tests.audit.ledger_house import (
    ALICE,
    AUDITOR,
    LedgerHouse,
    chance_of,
    exported,
    fill,
    put_back,
    read,
    reader,
    rows_of,
)
from tests.clocks import FixedClock


def _any(chance: Random) -> int:
    return chance.randrange(SIZE)


def _reads(tx: Transaction) -> list[int]:
    found = tx.execute(text("select leaf_index from audit_entries where kind = 'document_read' order by leaf_index"))
    return [row[0] for row in found]


def edit_leaf(tx: Transaction, chance: Random) -> None:
    index = _any(chance)
    leaf = bytearray(
        tx.execute(text("select leaf from audit_entries where leaf_index = :i"), {"i": index}).scalar_one()
    )
    leaf[chance.randrange(1, 41)] ^= 1 << chance.randrange(8)
    tx.execute(text("update audit_entries set leaf = :l where leaf_index = :i"), {"l": bytes(leaf), "i": index})


def edit_value(tx: Transaction, chance: Random) -> None:
    _edit(tx, chance, lambda fields: fields["client"].__setitem__(0, "tax-office"))


def swap_names(tx: Transaction, chance: Random) -> None:
    def swap(fields: dict[str, list[str]]) -> None:
        fields["client"], fields["purpose"] = fields["purpose"], fields["client"]

    _edit(tx, chance, swap)


def _edit(tx: Transaction, chance: Random, change: Callable[[dict[str, list[str]]], None]) -> None:
    index = chance.choice(_reads(tx))
    readable = tx.execute(text("select readable from audit_entries where leaf_index = :i"), {"i": index}).scalar_one()
    fields = json.loads(readable)
    change(fields)
    changed = {"r": json.dumps(fields), "i": index}
    tx.execute(text("update audit_entries set readable = :r where leaf_index = :i"), changed)


def edit_search_column(tx: Transaction, chance: Random) -> None:
    hidden = {"i": chance.choice(_reads(tx))}
    tx.execute(text("update audit_entries set client = 'tax-office' where leaf_index = :i"), hidden)


def edit_time(tx: Transaction, chance: Random) -> None:
    tx.execute(text("update audit_entries set time = time - 86400 where leaf_index = :i"), {"i": _any(chance)})


def remove(tx: Transaction, chance: Random) -> None:
    tx.execute(text("delete from audit_entries where leaf_index = :i"), {"i": _any(chance)})


def hide(tx: Transaction, chance: Random) -> None:
    hidden = {"i": _any(chance)}
    tx.execute(text("update audit_entries set leaf_index = null, generation = null where leaf_index = :i"), hidden)


def reorder(tx: Transaction, chance: Random) -> None:
    first, second = sorted(chance.sample(range(SIZE), 2))
    for old, new in ((first, SIZE + 7), (second, first), (SIZE + 7, second)):
        tx.execute(text("update audit_entries set leaf_index = :n where leaf_index = :o"), {"n": new, "o": old})


def slip_in(tx: Transaction, chance: Random) -> None:
    index = _any(chance)
    for number in range(SIZE, index, -1):
        tx.execute(
            text("update audit_entries set leaf_index = :n where leaf_index = :o"), {"n": number, "o": number - 1}
        )
    tx.execute(
        text("insert into audit_entries (id, leaf, time, generation, leaf_index) values ('x', :l, 1, 0, :i)"),
        {"l": bytes([1]) * 41, "i": index},
    )
    tx.execute(text("update audit_logs set size = size + 1"))


def erase_in_silence(tx: Transaction, chance: Random) -> None:
    tx.execute(text("update audit_entries set readable = null, kind = null where leaf_index = :i"), {"i": _any(chance)})


def remove_half(tx: Transaction, chance: Random) -> None:
    entry = tx.execute(text("select entry from audit_halves order by entry")).all()[chance.randrange(40)][0]
    tx.execute(text("delete from audit_halves where entry = :e"), {"e": entry})


def edit_tile(tx: Transaction, chance: Random) -> None:
    held = bytearray(tx.execute(text("select hashes from audit_tiles where level = 0 and tile_index = 0")).scalar_one())
    held[chance.randrange(len(held))] ^= 1
    tx.execute(text("update audit_tiles set hashes = :h where level = 0 and tile_index = 0"), {"h": bytes(held)})


def truncate(tx: Transaction, chance: Random) -> None:
    """The last entries go, and the tree is made to fit: only what was published contradicts it."""
    size = chance.randrange(257, SIZE)
    tx.execute(text("delete from audit_entries where leaf_index >= :s"), {"s": size})
    leaves = [merkle.leaf_hash(row.leaf) for row in entries.at(tx, 0, 0, size)]
    tx.execute(text("delete from audit_tiles"))
    log.put_tile(tx, 0, 0, 0, b"".join(leaves[:256]))
    log.put_tile(tx, 0, 0, 1, b"".join(leaves[256:]))
    log.put_tile(tx, 0, 1, 0, merkle.root_of(leaves[:256]))
    tx.execute(text("update audit_logs set size = :s, root = :r"), {"s": size, "r": merkle.root_of(leaves)})


BY_SQL = [
    edit_leaf,
    edit_value,
    swap_names,
    edit_search_column,
    edit_time,
    remove,
    hide,
    reorder,
    slip_in,
    erase_in_silence,
    remove_half,
    edit_tile,
    truncate,
]


def test_each_attack_of_a_database_administrator_is_found(aged: LedgerHouse, rounds: int) -> None:
    whole = rows_of(aged.database)
    for attack in BY_SQL:
        for seed in range(rounds):
            with aged.database.transaction() as tx:
                attack(tx, chance_of(seed))
            try:
                aged.proofs.check_database()
            except VerificationError:
                put_back(aged.database, whole)
            else:
                pytest.fail(f"{attack.__name__} with seed {seed} was not found")
    assert aged.proofs.check_database() == SIZE


def test_a_half_made_up_by_an_administrator_is_not_shown_as_true(aged: LedgerHouse) -> None:
    entry = read(aged, ALICE)
    aged.recovery.run_once()
    with aged.database.transaction() as tx:
        (alice,) = people.persons(tx, [ALICE])
        forged = keys.seal(alice.exchange_public, entry, json.dumps({"agent": ["nobody", "00" * 32]}).encode())
        tx.execute(text("update audit_halves set sealed = :s where entry = :e"), {"s": forged, "e": entry})
    mine = next(found for found in aged.search.of_person(ALICE).entries if found.id == entry)
    assert (mine.intact, mine.opened) == (False, {})
    assert mine.values["client"] == "school"
    assert "agent" not in mine.values
    assert [(code, reference) for code, reference, _ in aged.search.alarms()] == [("half_does_not_fit", entry)]


def test_what_an_administrator_hides_from_a_search_is_still_in_the_bundle(aged: LedgerHouse, tmp_path: Path) -> None:
    with aged.database.transaction() as tx:
        tx.execute(text("update audit_entries set client = 'other' where kind = 'document_read'"))
    assert not aged.search.search(AUDITOR, Filters(client="school")).entries
    assert verify_bundle(exported(aged, tmp_path)).readable == SIZE
    with pytest.raises(VerificationError, match="is searched by what it does not say"):
        aged.proofs.check_database()


def test_a_log_truncated_and_signed_again_contradicts_what_somebody_kept(
    aged: LedgerHouse,
    store: ObjectStore,
    rounds: int,
) -> None:
    """Root of the machine has every key: only a checkpoint that lies elsewhere is proof."""
    kept = aged.proofs.checkpoint()
    vkey = aged.proofs.state().vkey
    whole = rows_of(aged.database)
    for seed in range(rounds):
        with aged.database.transaction() as tx:
            truncate(tx, chance_of(seed))
            tx.execute(text("update audit_logs set published_size = 0"))
        store.delete("checkpoint")
        for name in list(store.list("tile/")):
            store.delete(name)
        read(aged, document="something else")
        aged.recovery.run_once()
        assert aged.proofs.check_database() < SIZE
        verify_log(reader(store), vkey=vkey)
        with pytest.raises(VerificationError, match="fewer than the 300 of a checkpoint seen before"):
            verify_log(reader(store), vkey=vkey, older=[kept])
        fill(aged, SIZE)
        aged.recovery.run_once()
        with pytest.raises(VerificationError, match="history was rewritten"):
            verify_log(reader(store), vkey=vkey, older=[kept])
        put_back(aged.database, whole)


def test_an_entry_slipped_in_with_an_older_time_is_found_by_when_a_checkpoint_was_kept(
    aged: LedgerHouse,
    store: ObjectStore,
    clock: FixedClock,
) -> None:
    """The last checkpoint lacks it, and lay in the archive an hour before it says that it was written."""
    kept_at, kept = clock.now(), aged.proofs.checkpoint()
    vkey = aged.proofs.state().vkey
    clock.advance(timedelta(minutes=-2))
    read(aged)
    aged.recovery.run_once()
    clock.advance(timedelta(minutes=2))
    assert verify_log(reader(store), vkey=vkey, older=[kept]).size == SIZE + 1
    with pytest.raises(VerificationError, match="entry 300 claims a time 120 s before what precedes it"):
        verify_log(reader(store), vkey=vkey, kept=[(kept_at, kept)])


def test_an_entry_older_than_its_neighbours_is_found_without_anything_kept(
    aged: LedgerHouse,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    clock.advance(timedelta(hours=-2))
    read(aged)
    aged.recovery.run_once()
    with pytest.raises(VerificationError, match="back-dated"):
        aged.proofs.check_database()
    with pytest.raises(VerificationError, match="back-dated"):
        verify_bundle(exported(aged, tmp_path))


def test_only_the_one_error_leaves_the_verification_of_a_damaged_bundle(
    aged: LedgerHouse,
    tmp_path: Path,
    rounds: int,
) -> None:
    whole = exported(aged, tmp_path).read_bytes()
    damaged = tmp_path / "damaged.zip"
    for seed in range(40 * rounds):
        chance = chance_of(seed)
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        damaged.write_bytes(data[: chance.randrange(len(data))] if seed % 4 == 0 else data)
        try:
            verify_bundle(damaged)
        except VerificationError:
            continue


def test_the_offline_check_loads_nothing_of_the_house() -> None:
    rooms = ("audit", "vault", "oidc", "citizen_account", "config", "sqlalchemy", "boto3", "flask")
    code = f"import audit.verification, sys; print(*(m for m in sys.modules if m.partition('.')[0] in {rooms}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    beside = {name for name in said if not name.startswith("audit.tlog")}
    assert beside == {"audit", "audit.errors", "audit.verification", "config", "config.errors"}
