"""Never two roots for one size: restores, races, crashes at every step, forgeries in the store."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from audit.errors import LogClosedError, RaceLostError, VerificationError
from audit.verification import verify_bundle
from config.database import Database, metadata
from config.errors import ObjectStoreError
from config.object_store import ObjectStore
from config.settings import Settings
from tests.audit.ledger_house import LedgerHouse, build, fill
from tests.clocks import FixedClock


@pytest.fixture
def house(store: ObjectStore, tmp_path: Path, clock: FixedClock) -> Iterator[LedgerHouse]:
    yield from _house(tmp_path / "now.db", store, tmp_path, clock)


def _house(path: Path, store: ObjectStore, tmp_path: Path, clock: FixedClock) -> Iterator[LedgerHouse]:
    database = Database(f"sqlite:///{path}")
    metadata.create_all(database.engine)
    yield build(database, store, tmp_path / "keys", clock)
    database.close()


def backup(house: LedgerHouse, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(house.database.engine.url.database or "")) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))


def restored(path: Path, store: ObjectStore, tmp_path: Path, clock: FixedClock) -> LedgerHouse:
    shutil.copy(path, tmp_path / "restored.db")
    return build(Database(f"sqlite:///{tmp_path / 'restored.db'}"), store, tmp_path / "keys", clock)


@pytest.mark.parametrize(("before", "waiting", "after"), [(3, 0, 4), (250, 5, 20), (0, 2, 3), (5, 1, 0)])
def test_a_restored_backup_goes_on_from_what_was_published(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
    before: int,
    waiting: int,
    after: int,
) -> None:
    house.proofs.state()  # the first start makes the log's key, before anything is backed up
    fill(house, before)
    house.recovery.run_once()
    fill(house, waiting)
    backup(house, tmp_path / "backup.db")
    fill(house, after)
    house.recovery.run_once()
    published = house.proofs.checkpoint()
    old = restored(tmp_path / "backup.db", store, tmp_path, clock)
    fill(old, 2)
    old.recovery.run_once()
    total = before + waiting + after
    lost = list(old.search.search("a", _kind("readable_parts_erased")).entries)  # type: ignore[arg-type]
    assert len(lost) == (1 if after else 0)
    if after:
        assert (lost[0].values["first"], lost[0].values["end"]) == (str(before + waiting), str(total))
    old.recovery.run_once()
    old.export.bundle("a", tmp_path / "bundle.zip")  # type: ignore[arg-type]
    verified = verify_bundle(tmp_path / "bundle.zip", vkey=house.proofs.state().vkey, older=[published])
    assert verified.erased == after
    # The first database, if it still runs, signs nothing beside: it goes on from the same log.
    fill(house, 1)
    house.recovery.run_once()
    house.export.bundle("a", tmp_path / "again.zip")  # type: ignore[arg-type]
    verify_bundle(tmp_path / "again.zip", older=[published, old.proofs.checkpoint()])


def _kind(kind: str) -> Any:
    from audit.search import Filters  # noqa: PLC0415 -- here only

    return Filters(kind=kind)


def test_a_second_sequencer_that_lost_the_race_changes_nothing(house: LedgerHouse) -> None:
    from audit.sequencer import grow  # noqa: PLC0415 -- the step under test
    from audit.store import entries, log  # noqa: PLC0415 -- as above

    fill(house, 2)
    house.sequencer.current()
    with house.database.reading() as tx:
        stale = log.current(tx)
        batch = entries.waiting(tx, 10)
    assert stale
    house.recovery.run_once()
    before = house.proofs.state()
    with pytest.raises(RaceLostError), house.database.transaction() as tx:
        grow(tx, stale, batch)
    assert house.proofs.state() == before


def test_a_rewritten_database_closes_the_log_and_a_successor_names_it(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    fill(house, 6)
    house.recovery.run_once()
    published = house.proofs.checkpoint()
    with house.database.transaction() as tx:
        tx.execute(text("update audit_tiles set hashes = zeroblob(192)"))
    fill(house, 1)
    again = build(house.database, store, tmp_path / "keys", clock)
    again.recovery.run_once()
    assert store.get("checkpoint")[0].decode() == published
    again.recovery.run_once()
    state = again.proofs.state()
    assert state.origin == "test.example/ledger/successor-1"
    again.export.bundle("a", tmp_path / "bundle.zip")  # type: ignore[arg-type]
    verify_bundle(tmp_path / "bundle.zip")
    first = again.search.search("a", _kind("log_opened")).entries[0]  # type: ignore[arg-type]
    assert (first.index, first.values["predecessor_size"]) == (0, "6")


def test_someone_elses_checkpoint_in_the_store_is_never_continued(
    house: LedgerHouse,
    store: ObjectStore,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    fill(house, 2)
    house.recovery.run_once()
    note = store.get("checkpoint")[0]
    store.overwrite("checkpoint", note.replace(b"\n2\n", b"\n9\n"))
    fill(house, 1)
    again = build(house.database, store, tmp_path / "keys", clock)
    with pytest.raises(VerificationError, match="signature is not the log's"):
        again.recovery.run_once()


class _Failing:
    """The store, one of whose calls fails: before it took effect, or after."""

    def __init__(self, store: ObjectStore, call: int, *, after: bool) -> None:
        self._store = store
        self._left = call
        self._after = after
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self.failed = True
                if self._after:
                    real(*args, **kwargs)
                raise ObjectStoreError(name)
            return real(*args, **kwargs)

        return called


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it took effect"])
def test_each_store_call_of_the_sequencer_made_to_fail_once_leaves_a_whole_log(
    settings: Settings,
    tmp_path: Path,
    clock: FixedClock,
    after: bool,
) -> None:
    for call in itertools.count(1):
        folder = tmp_path / str(call)
        folder.mkdir()
        store = ObjectStore(settings.s3, f"{settings.s3.ledger_bucket}-{call}{int(after)}")
        store.ensure_bucket()
        (house,) = _house(folder / "now.db", store, folder, clock)
        fill(house, 255)
        house.recovery.run_once()
        fill(house, 3)
        failing = _Failing(store, call, after=after)
        broken = build(house.database, failing, folder / "keys", clock)  # type: ignore[arg-type]
        try:
            broken.recovery.run_once()
        except ObjectStoreError:
            assert failing.failed
        fill(house, 1)
        whole = build(house.database, store, folder / "keys", clock)
        whole.recovery.run_once()
        assert whole.proofs.check_database() == 259
        whole.export.bundle("a", folder / "bundle.zip")  # type: ignore[arg-type]
        assert verify_bundle(folder / "bundle.zip").checkpoint.size == 259
        house.database.close()
        if not failing.failed:
            return


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entries set leaf = zeroblob(41) where leaf_index = 3",
        "delete from audit_entries where leaf_index = 3",
        "update audit_entries set leaf_index = null, generation = null where leaf_index = 3",
        "update audit_entries set readable = replace(readable, 'citizen', 'auditor') where leaf_index = 3",
        "update audit_tiles set hashes = zeroblob(256)",
    ],
)
def test_a_database_administrators_edit_is_found(house: LedgerHouse, statement: str) -> None:
    fill(house, 8)
    house.recovery.run_once()
    assert house.proofs.check_database() == 8
    with house.database.transaction() as tx:
        tx.execute(text(statement))
    with pytest.raises(VerificationError):
        house.proofs.check_database()


def test_a_closed_log_takes_nothing_more(house: LedgerHouse) -> None:
    house.sequencer.current()
    with house.database.transaction() as tx:
        tx.execute(text("update audit_logs set closed = 1"))
    fill(house, 1)
    with pytest.raises(LogClosedError):
        house.sequencer.run_once()
