"""Restores and races on both databases; bundles that are gone; what people must look at."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.errors import RaceLostError, UnknownEntry, VerificationError
from audit.search import Filters
from audit.store import log
from audit.tlog import merkle, tiles
from audit.verification import verify_bundle, verify_log, verify_receipt
from config.database import Database, metadata
from config.errors import ObjectExists, ObjectMissing
from config.object_store import ObjectStore
from config.settings import Settings
from tests.audit.conftest import SIZE
from tests.audit.ledger_house import (
    ALICE,
    AUDITOR,
    LedgerHouse,
    build,
    chance_of,
    exported,
    fill,
    know,
    put_back,
    read,
    reader,
    rows_of,
)
from tests.clocks import FixedClock


@pytest.fixture
def archive(settings: Settings) -> ObjectStore:
    made = ObjectStore(settings.s3, settings.s3.ledger_archive_bucket)
    made.ensure_bucket()
    return made


@pytest.fixture
def house(
    database: Database,
    store: ObjectStore,
    archive: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
) -> Iterator[LedgerHouse]:
    made = build(database, store, tmp_path / "keys", clock, archive)
    know(made, ALICE)
    fill(made, 200)
    made.recovery.run_once()
    yield made
    # Whatever happened: the public log is whole, and continues each checkpoint that it ever showed.
    generation = made.sequencer.current().generation
    verify_log(reader(store, generation), vkey=made.proofs.state().vkey)


def alarms(house: LedgerHouse) -> set[str]:
    return {code for code, _, _ in house.search.alarms()}


def test_a_restore_beside_a_log_that_went_on_never_makes_two_roots_for_one_size(
    house: LedgerHouse,
    store: ObjectStore,
    rounds: int,
) -> None:
    roots: dict[int, str] = {}

    def note() -> None:
        house.recovery.run_once()
        checkpoint = house.proofs.checkpoint()
        size, root = checkpoint.split("\n")[1:3]
        assert roots.setdefault(int(size), root) == root

    for seed in range(rounds * 2):
        chance = chance_of(seed)
        fill(house, chance.randrange(4))
        note()
        fill(house, chance.randrange(4))
        backup = rows_of(house.database)
        for _ in range(chance.randrange(1, 4)):
            fill(house, chance.randrange(1, 200))
            note()
        put_back(house.database, backup)
        fill(house, chance.randrange(3))
        note()
        kept = house.proofs.checkpoint()
        read(house)
        note()
        verify_log(reader(store), vkey=house.proofs.state().vkey, older=[kept])
    assert alarms(house) == {"database_was_behind"}


def test_a_restored_database_mends_itself_from_the_archive_when_the_live_bundles_are_gone(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
) -> None:
    fill(house, 50)
    house.recovery.run_once()
    backup = rows_of(house.database)
    kept = house.proofs.checkpoint()
    fill(house, 262)  # 512: two full bundles
    house.recovery.run_once()
    assert house.archive
    house.archive.run_once()
    # What the restore needs is lost or damaged in the live log; the second copy isn't.
    store.delete(tiles.bundle_path(1))
    whole = store.get(tiles.bundle_path(0))[0]
    store.overwrite(tiles.bundle_path(0), whole[:-1] + b"x")
    put_back(house.database, backup)
    read(house)
    house.recovery.run_once()
    house.recovery.run_once()
    assert verify_bundle(exported(house, tmp_path), older=[kept]).checkpoint.size == 514
    store.overwrite(tiles.bundle_path(0), whole)
    store.overwrite(
        tiles.bundle_path(1), house.sequencer.pieces(house.sequencer.current(), 0, 1, 256)[tiles.bundle_path(1)]
    )


def test_when_no_copy_makes_the_published_root_a_successor_names_it_and_old_receipts_still_verify(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
) -> None:
    entry = read(house)
    house.recovery.run_once()
    old_key = house.proofs.state().vkey
    backup = rows_of(house.database)
    fill(house, 40)
    house.recovery.run_once()
    last = house.proofs.checkpoint()
    put_back(house.database, backup)
    store.delete(tiles.bundle_path(0, 241))
    fill(house, 3)
    house.recovery.run_once()
    house.recovery.run_once()
    state = house.proofs.state()
    assert (state.origin, state.published_size) == ("test.example/ledger/successor-1", 4)
    assert store.get("checkpoint")[0].decode() == last
    opened = house.search.search(AUDITOR, Filters(kind="log_opened")).entries[0]
    assert opened.index == 0
    assert opened.values["predecessor_size"] == "241"
    assert bytes.fromhex(opened.values["predecessor_root"]) == base64.b64decode(last.split("\n")[2])
    verify_bundle(exported(house, tmp_path), vkey=state.vkey)
    with pytest.raises(UnknownEntry):
        house.proofs.receipt(entry)  # the database no longer holds the old log as far as it was published
    assert alarms(house) == {"database_was_behind", "log_was_closed"}
    assert old_key != state.vkey


def test_receipts_of_a_closed_log_rest_on_its_last_checkpoint(house: LedgerHouse, tmp_path: Path) -> None:
    entry = read(house)
    house.recovery.run_once()
    old_key = house.proofs.state().vkey
    with house.database.transaction() as tx:
        log.close(tx, 0)
    for _ in range(2):
        fill(house, 1)
        house.recovery.run_once()
    checkpoint, _, values = verify_receipt(house.proofs.receipt(entry), old_key)
    assert (checkpoint.size, values["client"]) == (201, "school")


def test_nothing_is_signed_when_the_published_checkpoint_is_gone(house: LedgerHouse, store: ObjectStore) -> None:
    note, _ = store.get("checkpoint")
    store.delete("checkpoint")
    fill(house, 1)
    for _ in range(2):
        with pytest.raises(VerificationError, match="the checkpoint of 200 entries that was published is gone"):
            house.recovery.run_once()
    with pytest.raises(ObjectMissing):
        store.get("checkpoint")
    assert alarms(house) == {"published_log_is_not_ours"}
    store.overwrite("checkpoint", note)
    assert house.recovery.run_once() == 1


def test_a_database_that_was_forgotten_never_overwrites_what_another_published(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    """A stale copy that compared just before the other published, and goes on afterwards."""
    other = Database(f"sqlite:///{tmp_path / 'stale.db'}")
    metadata.create_all(other.engine)
    put_back(other, rows_of(house.database))
    stale = build(other, store, tmp_path / "keys", clock)
    fill(house, 3)
    fill(stale, 3)
    seen = stale.sequencer.published(stale.sequencer.current())
    stale.sequencer.integrate()
    house.recovery.run_once()
    current = stale.sequencer.current()
    with pytest.raises(RaceLostError):
        stale.sequencer._write_tiles(current, seen)
    stale.sequencer._sign(current, seen)
    assert verify_log(reader(store), vkey=house.proofs.state().vkey).root == house.proofs.state().root
    other.close()


def test_sequencers_that_race_number_each_entry_once(house: LedgerHouse, store: ObjectStore) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(12):
                house.recovery.run_once()
        except BaseException as error:  # noqa: BLE001 -- told below
            failures.append(error)

    def write() -> None:
        for _ in range(30):
            fill(house, 3)

    threads = [threading.Thread(target=work) for _ in range(3)] + [threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.recovery.run_once()
    assert failures == []
    assert house.proofs.check_database() == 290
    assert verify_log(reader(store), vkey=house.proofs.state().vkey).size == 290


def test_what_waits_is_found_by_an_index(sqlite: Database) -> None:
    with sqlite.reading() as tx:
        asked = "select * from audit_entries where generation is null and leaf_index is null order by number limit 9"
        plan = " ".join(row.detail for row in tx.execute(text(f"explain query plan {asked}")))
    assert "USING INDEX" in plan
    assert "TEMP B-TREE" not in plan


def test_the_archive_keeps_full_tiles_and_one_checkpoint_an_hour(
    aged: LedgerHouse,
    database: Database,
    store: ObjectStore,
    archive: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    house = build(database, store, tmp_path / "keys", clock, archive)
    kept = house.archive
    assert kept
    assert kept.run_once() == 4  # a tile, its bundle, its endings, a checkpoint
    assert kept.run_once() == 0
    assert set(archive.list()) == {
        "tile/0/000",
        "tile/entries/000",
        "endings/000",
        f"checkpoints/{clock.now():%Y/%m/%d/%H%M%S}",
    }
    fill(house, 600)
    house.recovery.run_once()
    clock.advance(timedelta(hours=1))
    assert kept.run_once() == 7
    assert [note for _, note in kept.checkpoints()][-1] == house.proofs.checkpoint()
    with pytest.raises(ObjectExists):
        archive.put("tile/0/000", b"something else")
    # An entry that waits (the store was away) must not look back-dated one day: no checkpoint is kept meanwhile.
    fill(house, 1)
    clock.advance(timedelta(hours=1))
    assert kept.run_once() == 0
    house.recovery.run_once()
    assert kept.run_once() == 1
    assert verify_bundle(exported(house, tmp_path)).checkpoint.size == SIZE + 601


def test_a_bundle_holds_kept_checkpoints_and_finds_what_was_back_dated_against_them(
    house: LedgerHouse,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    assert house.archive
    clock.advance(timedelta(hours=3))
    house.archive.run_once()
    clock.advance(timedelta(hours=-2))
    fill(house, 1)
    house.recovery.run_once()
    assert house.proofs.check_database() == 201  # nothing around it gives it away
    clock.advance(timedelta(hours=2))
    with pytest.raises(VerificationError, match="entry 200 claims a time 7200 s before"):
        verify_bundle(exported(house, tmp_path))


def test_a_consistency_proof_leads_from_what_somebody_kept_to_now(house: LedgerHouse) -> None:
    before = house.proofs.state()
    fill(house, 77)
    house.recovery.run_once()
    proof, note = house.proofs.consistency(before.size)
    now = house.proofs.state()
    assert note == house.proofs.checkpoint()
    merkle.verify_consistency(before.size, now.size, before.root, now.root, proof)
    with pytest.raises(UnknownEntry):
        house.proofs.consistency(now.size + 1)
