"""The ledger's doors: the public log over HTTP, and its jobs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

import audit.jobs
from audit.endpoints.tiles import blueprint
from audit.entries import ActorKind, CommandRun, JobRun, KeysRotated, LedgerSearched
from audit.reconciliation import Reconciliation
from audit.search import Filters
from audit.sequencing import Sequencing
from audit.tlog import tiles
from audit.verification import verify_bundle, verify_log
from config.database import Database
from config.identifiers import SystemRandomness
from config.jobs import Jobs
from config.object_store import ObjectStore
from tests.audit.conftest import SIZE
from tests.audit.ledger_house import (
    ALICE,
    AUDITOR,
    TERM,
    LedgerHouse,
    build,
    exported,
    fill,
    know,
    put_back,
    read,
    rows_of,
)
from tests.clocks import FixedClock


@pytest.fixture
def house(database: Database, store: ObjectStore, tmp_path: Path, clock: FixedClock) -> LedgerHouse:
    made = build(database, store, tmp_path / "keys", clock)
    know(made, ALICE, AUDITOR)
    return made


# The public log


def test_anyone_can_follow_the_log_over_http(aged: LedgerHouse, store: ObjectStore) -> None:
    app = Flask(__name__)
    app.register_blueprint(blueprint(store))
    client = app.test_client()

    def read_path(path: str) -> bytes | None:
        answer = client.get(f"/ledger/{path}")
        return answer.data if answer.status_code == 200 else None

    assert verify_log(read_path, vkey=aged.proofs.state().vkey).size == SIZE
    checkpoint = client.get("/ledger/checkpoint")
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "no-cache"
    tile = client.get("/ledger/tile/0/000")
    assert tile.content_type == "application/octet-stream"
    assert "immutable" in tile.headers["Cache-Control"]
    assert len(tile.data) == 8192


NOT_PUBLIC = [
    "tile/0/00",
    "tile/00/000",
    "tile/64/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/044",
    "tile/0/001.p/45",
    "tile/0/x000/../000",
    "tile/../checkpoint",
    "checkpoints/2026/11/02/090000",
    "log-0/checkpoint",
    "log-1/log-1/checkpoint",
    "checkpoint%0A",
    "",
]


def test_nothing_else_of_the_bucket_is_public(store: ObjectStore) -> None:
    store.overwrite("checkpoints/2026/11/02/090000", b"kept")
    app = Flask(__name__)
    app.register_blueprint(blueprint(store))
    client = app.test_client()
    assert [path for path in NOT_PUBLIC if client.get(f"/ledger/{path}").status_code != 404] == []


# Jobs


def test_the_jobs_publish_what_was_appended(house: LedgerHouse, clock: FixedClock) -> None:
    jobs = Jobs(house.database, clock, SystemRandomness())
    reconciliation = Reconciliation(house.database, (house.ring,), clock)
    audit.jobs.register(jobs, Sequencing(house.recovery, clock), reconciliation, house.terms, house.archive)
    read(house)
    jobs.run_periodic()
    assert house.proofs.state().published_size == 1
    read(house)
    jobs.run_periodic()  # not due again yet
    assert house.proofs.state().published_size == 1
    clock.advance(timedelta(seconds=1))
    jobs.run_periodic()
    assert house.proofs.state().published_size == 2


def test_a_key_opened_without_an_entry_is_an_alarm_after_a_minute(house: LedgerHouse, clock: FixedClock) -> None:
    reconciliation = Reconciliation(house.database, (house.ring,), clock)
    house.search.of_person(ALICE)  # writes its entry, then opens two keys by its name
    house.keys.open(ALICE, "made-up")
    with house.database.transaction() as tx:
        rolled_forward = house.ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, job="rewrap"))
    house.keys.open(ALICE, rolled_forward)
    reconciliation.run_once()
    assert house.search.alarms() == []
    clock.advance(timedelta(seconds=61))
    # Not integrated: as long as an entry is only a row, it excuses nothing.
    reconciliation.run_once()
    assert len(house.search.alarms()) == 3
    again = Reconciliation(house.database, (house.ring,), clock)
    house.recovery.run_once()
    clock.advance(timedelta(hours=1))
    house.keys.open(ALICE, "made-up-too")
    clock.advance(timedelta(seconds=61))
    for _ in range(2):
        again.run_once()
        reconciliation.run_once()
    references = {reference for _, reference, _ in house.search.alarms()}
    assert {"made-up", "made-up-too"} < references
    assert len(references) == 4


def test_an_entry_that_opens_keys_and_that_no_ring_knows_is_an_alarm(house: LedgerHouse, clock: FixedClock) -> None:
    reconciliation = Reconciliation(house.database, (house.ring,), clock)
    with house.database.transaction() as tx:
        jobs = ("account_keys_opened", "house_keys_opened", "somebodys_mail")
        opened, silent, _ = [house.ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, job=job)) for job in jobs]
    house.keys.open(ALICE, opened)
    house.recovery.run_once()
    reconciliation.run_once()
    assert house.search.alarms() == []
    clock.advance(timedelta(seconds=61))
    for _ in range(2):
        reconciliation.run_once()
    assert [alarm[:2] for alarm in house.search.alarms()] == [("entry_without_unwrap", silent)]


def test_what_a_restore_lost_is_not_an_alarm_for_each_unwrap(house: LedgerHouse, clock: FixedClock) -> None:
    read(house)
    house.recovery.run_once()
    taken = rows_of(house.database)
    clock.advance(timedelta(minutes=5))
    house.search.of_person(ALICE)
    house.recovery.run_once()
    put_back(house.database, taken)
    read(house)
    house.recovery.run_once()
    clock.advance(timedelta(minutes=5))
    house.keys.open(ALICE, "after the restore")
    clock.advance(timedelta(minutes=5))
    Reconciliation(house.database, (house.ring,), clock).run_once()
    assert {alarm[:2] for alarm in house.search.alarms() if alarm[0] != "database_was_behind"} == {
        ("unwrap_without_entry", "after the restore")
    }


def test_a_log_that_people_must_mend_is_said_at_growing_intervals(
    house: LedgerHouse, store: ObjectStore, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    read(house)
    sequencing = Sequencing(house.recovery, clock)
    sequencing.run_once()
    note, _ = store.get("checkpoint")
    store.delete("checkpoint")
    read(house)
    for _ in range(4 * 60 * 60):
        sequencing.run_once()
        clock.advance(timedelta(milliseconds=250))
    said = capsys.readouterr().err.count("ledger_closed")
    assert 5 <= said <= 7
    assert house.proofs.trouble() == "the checkpoint of 1 entries that was published is gone"
    store.overwrite("checkpoint", note)
    clock.advance(timedelta(seconds=6))
    sequencing.run_once()
    assert house.proofs.state().published_size == 2
    assert house.proofs.trouble() == ""


def test_what_is_past_its_term_goes_after_a_published_notice_and_everything_verifies(
    aged: LedgerHouse,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    clock.advance(TERM - timedelta(hours=3, minutes=30))
    fill(aged, 10)
    aged.recovery.run_once()

    def readable() -> tuple[int, int]:
        verified = verify_bundle(exported(aged, tmp_path, "bundle.zip"))
        aged.proofs.check_database()
        return verified.readable, verified.erased

    assert readable() == (SIZE + 10, 0)
    aged.terms.run_once()  # gives notice of the first hour's
    assert readable()[1] == 0
    aged.terms.run_once()  # not published yet: nothing goes, no second notice
    aged.recovery.run_once()
    assert readable()[1] == 0
    aged.terms.run_once()
    assert readable()[1] == SIZE // 4
    for _ in range(3):
        aged.terms.run_once()
        aged.recovery.run_once()
    assert len(aged.search.search(AUDITOR, Filters(kind="readable_parts_erased")).entries) == 1
    aged.recovery.run_once()
    # Years later the rest goes too, but what explains the log stays.
    clock.advance(TERM * 2)
    for _ in range(3):
        aged.terms.run_once()
        fill(aged, 1)
        aged.recovery.run_once()
    assert len(aged.search.search(AUDITOR, Filters(kind="readable_parts_erased")).entries) == 2
    assert readable()[1] > SIZE
    assert [mine.values["kind"] for mine in aged.search.of_person(ALICE).entries] == ["ledger_opened"]


def test_terms_reach_the_entries_of_a_log_that_was_closed(
    aged: LedgerHouse,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    with aged.database.transaction() as tx:
        tx.execute(text("update audit_logs set closed = :yes"), {"yes": True})
    for _ in range(2):
        aged.recovery.run_once()
    clock.advance(TERM + timedelta(hours=1))
    for _ in range(3):
        aged.terms.run_once()
        aged.recovery.run_once()
    assert not aged.search.search(AUDITOR, Filters(kind="document_read")).entries
    (notice,) = aged.search.search(AUDITOR, Filters(kind="readable_parts_erased")).entries
    assert (notice.values["origin"], notice.values["end"]) == ("test.example/ledger", str(SIZE))
    verify_bundle(exported(aged, tmp_path))


# Who did it


def test_an_act_on_the_house_concerns_whoever_did_it(house: LedgerHouse) -> None:
    with house.database.transaction() as tx:
        house.ledger.append(tx, KeysRotated(actor_kind=ActorKind.OPERATOR, actor=ALICE, keys="root", version="2"))
        house.ledger.append(tx, CommandRun(actor_kind=ActorKind.OPERATOR, actor="root", command="keys rotate"))
        house.ledger.append(tx, LedgerSearched(actor_kind=ActorKind.AUDITOR, actor=AUDITOR, filters="kind"))
    pseudonym = house.search.pseudonym(AUDITOR, ALICE, "inspection") or ""
    found = house.search.search(AUDITOR, Filters(pseudonym=pseudonym), reason="inspection").entries
    assert [entry.values["kind"] for entry in found] == ["keys_rotated"]
    assert ALICE not in str(found)
    (command,) = house.search.search(AUDITOR, Filters(kind="command_run")).entries
    assert command.values["actor"] == "root"
    mine = house.search.of_person(AUDITOR).entries
    assert {entry.values["actor"] for entry in mine if entry.values["kind"] == "ledger_searched"} == {AUDITOR}


def test_partial_tiles_go_once_they_are_full(house: LedgerHouse, store: ObjectStore) -> None:
    fill(house, 255)
    house.recovery.run_once()
    assert tiles.hash_path(0, 0, 255) in set(store.list())
    fill(house, 1)
    house.recovery.run_once()
    assert set(store.list()) == {"checkpoint", "endings/000", "tile/0/000", "tile/entries/000", "tile/1/000.p/1"}
