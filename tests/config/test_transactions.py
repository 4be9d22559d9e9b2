"""Transactions and snapshots, on each kind of database: who waits for whom, and what each of them sees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from config.database import Database

WRITERS = 6
ROUNDS = 5


@pytest.fixture
def counted(database: Database) -> Database:
    """A table with one number in it."""
    with database.transaction() as tx:
        tx.execute(text("CREATE TABLE counted (n INTEGER NOT NULL)"))
        tx.execute(text("INSERT INTO counted VALUES (0)"))
    return database


def count(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(text("SELECT n FROM counted")).scalar_one())


def elsewhere(call: Callable[[], object]) -> object:
    """What it returns, called in another thread while this one goes on holding what it holds."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it waits for what this thread holds"
    return found[0]


def test_writers_that_read_first_wait_for_each_other_and_none_is_turned_away(counted: Database) -> None:
    """On SQLite a deferred transaction that reads first fails at once when another writer was quicker."""
    together, failed = threading.Barrier(WRITERS), list[Exception]()

    def write() -> None:
        together.wait()
        try:
            for _ in range(ROUNDS):
                with counted.transaction() as tx:
                    tx.execute(text("SELECT n FROM counted")).all()
                    tx.execute(text("UPDATE counted SET n = n + 1"))
        except Exception as error:  # noqa: BLE001 -- told below, by the main thread
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert count(counted) == WRITERS * ROUNDS


def test_a_reader_does_not_wait_for_a_writer_and_sees_nothing_of_it(counted: Database) -> None:
    with counted.transaction() as tx:
        tx.execute(text("UPDATE counted SET n = 7"))
        assert elsewhere(lambda: count(counted)) == 0
    assert count(counted) == 7


def test_a_snapshot_stays_as_it_was_while_others_commit(counted: Database) -> None:
    def write() -> bool:
        with counted.transaction() as tx:
            tx.execute(text("UPDATE counted SET n = 7"))
        return True

    with counted.reading() as tx:
        before = tx.execute(text("SELECT n FROM counted")).scalar_one()
        assert elsewhere(write)
        assert tx.execute(text("SELECT n FROM counted")).scalar_one() == before == 0
    assert count(counted) == 7


def test_what_a_broken_off_transaction_wrote_is_not_there(counted: Database) -> None:
    def break_off() -> None:
        with counted.transaction() as tx:
            tx.execute(text("UPDATE counted SET n = 7"))
            raise LookupError

    with pytest.raises(LookupError):
        break_off()
    assert count(counted) == 0


def test_who_waits_to_write_to_sqlite_keeps_no_connection_from_readers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}", pool_size=2)
    began, wrote = threading.Barrier(4), list[int]()

    def write() -> None:
        began.wait()
        with database.transaction() as tx:
            wrote.append(int(tx.execute(text("SELECT 1")).scalar_one()))

    writers = [threading.Thread(target=write) for _ in range(3)]
    with database.transaction():
        for writer in writers:
            writer.start()
        began.wait()
        for _ in range(50):
            assert elsewhere(lambda: _one(database)) == 1
    for writer in writers:
        writer.join()
    assert wrote == [1, 1, 1]
    database.close()


def _one(database: Database) -> int:
    with database.looking() as tx:
        return int(tx.execute(text("SELECT 1")).scalar_one())
