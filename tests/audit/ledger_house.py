"""A ledger with all its parts, for its tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Table, delete, insert, select, text

from audit.archive import Archive
from audit.entries import AccountCreated, ActorKind, DocumentRead, EntryId, PersonId
from audit.export import Export
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.proofs import Proofs
from audit.recovery import Recovery
from audit.search import Search
from audit.sequencer import Sequencer, Signers
from audit.terms import Terms
from audit.tlog.live import Read
from config.database import Database, metadata
from config.errors import ObjectMissing
from config.identifiers import SystemRandomness
from config.key_ring.local_file import LocalFileKeyRing
from config.object_store import ObjectStore
from tests.clocks import FixedClock

ORIGIN = "test.example/ledger"
ALICE = PersonId("alice")
BOB = PersonId("bob")
AUDITOR = PersonId("auditor")
TERM = timedelta(days=1096)


@dataclass
class LedgerHouse:
    database: Database
    store: ObjectStore
    clock: FixedClock
    ring: LocalFileKeyRing
    ledger: Ledger
    keys: LedgerKeys
    signers: Signers
    sequencer: Sequencer
    recovery: Recovery
    proofs: Proofs
    search: Search
    export: Export
    archive: Archive | None
    terms: Terms


def build(
    database: Database,
    store: ObjectStore,
    folder: Path,
    clock: FixedClock,
    archive: ObjectStore | None = None,
) -> LedgerHouse:
    """A ledger over a database and a bucket; `folder` holds the ring."""
    randomness = SystemRandomness()
    ring = LocalFileKeyRing.open_or_create(folder, "ledger", clock, randomness)
    ledger = Ledger(clock, randomness)
    keys = LedgerKeys(database, ring, clock, randomness)
    signers = Signers(database, ring, randomness)
    sequencer = Sequencer(database, store, signers, ORIGIN)
    kept = Archive(database, archive, sequencer, clock, ledger) if archive else None
    search = Search(database, ledger, keys, clock, b"k" * 32)
    return LedgerHouse(
        database=database,
        store=store,
        clock=clock,
        ring=ring,
        ledger=ledger,
        keys=keys,
        signers=signers,
        sequencer=sequencer,
        recovery=Recovery(database, store, ledger, sequencer, clock, archive),
        proofs=Proofs(database, sequencer, clock),
        search=search,
        export=Export(database, store, ledger, sequencer, search, kept),
        archive=kept,
        terms=Terms(database, ledger, keys, clock, TERM),
    )


def know(house: LedgerHouse, *persons: PersonId) -> None:
    """Make the ledger know persons."""
    for person in persons:
        new = house.keys.make(person)
        with house.database.transaction() as tx:
            house.keys.add(tx, new)


def read(house: LedgerHouse, person: PersonId = ALICE, document: str = "paper-1") -> EntryId:
    """A service reads a person's paper."""
    entry = DocumentRead(
        actor_kind=ActorKind.SERVICE,
        actor="school",
        persons=(person,),
        client="school",
        document_type="proof_of_address",
        purpose="school_enrolment",
        document=document,
        agent="desk-7",
    )
    with house.database.transaction() as tx:
        return house.ledger.append(tx, entry)


def fill(house: LedgerHouse, count: int) -> None:
    """Entries that concern nobody the ledger knows."""
    with house.database.transaction() as tx:
        for _ in range(count):
            house.ledger.append(tx, AccountCreated(actor_kind=ActorKind.CITIZEN))


def exported(house: LedgerHouse, folder: Path, name: str = "bundle.zip") -> Path:
    """The bundle an auditor takes out now."""
    house.export.bundle(AUDITOR, folder / name)
    return folder / name


def reader(store: ObjectStore, generation: int = 0) -> Read:
    """The live log as the public reads it."""

    def get(path: str) -> bytes | None:
        try:
            return store.get(path if generation == 0 else f"log-{generation}/{path}")[0]
        except ObjectMissing:
            return None

    return get


def chance_of(seed: int) -> Random:
    """What an attacker's dice say: the same for the same seed."""
    return Random(seed)


Rows = dict[str, list[dict[str, Any]]]


def rows_of(database: Database) -> Rows:
    """Everything the ledger keeps: a backup."""
    with database.reading() as tx:
        return {table.name: [dict(row) for row in tx.execute(select(table)).mappings()] for table in _tables()}


def put_back(database: Database, rows: Rows) -> None:
    """Make the ledger's tables hold exactly these rows: a restore."""
    with database.transaction() as tx:
        for table in _tables():
            tx.execute(delete(table))
            if rows[table.name]:
                tx.execute(insert(table), rows[table.name])
        if not database.is_sqlite:
            highest = "(select coalesce(max(number), 0) + 1 from audit_entries)"
            tx.execute(text(f"select setval(pg_get_serial_sequence('audit_entries', 'number'), {highest}, false)"))


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name.startswith("audit_")]
