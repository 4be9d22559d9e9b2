"""A ledger with all its parts, for its tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.export import Export
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.proofs import Proofs
from audit.recovery import Recovery
from audit.search import Search
from audit.sequencer import Sequencer, Signers
from config.database import Database
from config.identifiers import SystemRandomness
from config.key_ring.local_file import LocalFileKeyRing
from config.object_store import ObjectStore
from tests.clocks import FixedClock

ORIGIN = "test.example/ledger"


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


def build(database: Database, store: ObjectStore, folder: Path, clock: FixedClock) -> LedgerHouse:
    randomness = SystemRandomness()
    ring = LocalFileKeyRing.open_or_create(folder, "ledger", clock, randomness)
    ledger = Ledger(clock, randomness)
    keys = LedgerKeys(database, ring, clock, randomness)
    signers = Signers(database, ring, randomness)
    sequencer = Sequencer(database, store, signers, ORIGIN)
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
        recovery=Recovery(database, store, ledger, sequencer),
        proofs=Proofs(database, store, sequencer),
        search=search,
        export=Export(database, store, ledger, sequencer, search),
    )
