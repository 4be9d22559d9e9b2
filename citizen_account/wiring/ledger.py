"""The ledger, and the provider's secret keys: one of them signs the cursor of the ledger's search."""

from __future__ import annotations

from dataclasses import dataclass

from audit.archive import Archive
from audit.export import Export
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.proofs import Proofs
from audit.reconciliation import Reconciliation
from audit.search import Search
from audit.sequencer import Sequencer, Signers
from audit.terms import Terms
from citizen_account.wiring.ground import Ground
from oidc.keys import SecretKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRoom:
    """What writes, orders, keeps and shows the ledger."""

    ledger: Ledger
    keys: LedgerKeys
    signers: Signers
    sequencer: Sequencer
    secret_keys: SecretKeys
    archive: Archive
    search: Search
    proofs: Proofs
    export: Export
    reconciliation: Reconciliation
    terms: Terms


def build_ledger(ground: Ground) -> LedgerRoom:
    """Makes the key of endings and the secret keys where they are missing."""
    settings, database, clock, randomness = ground.settings, ground.database, ground.clock, ground.randomness
    ledger = Ledger(clock, randomness)
    keys = LedgerKeys(database, ground.rings["ledger"], clock, randomness)
    signers = Signers(database, ground.rings["ledger"], randomness)
    signers.ensure_endings()
    sequencer = Sequencer(database, ground.live, signers, settings.ledger_origin)
    secret_keys = SecretKeys(
        database=database,
        key_ring=ground.rings["provider"],
        ledger=ledger,
        clock=clock,
        randomness=randomness,
    )
    secret_keys.ensure()
    archive = Archive(database, ground.archive, sequencer, clock, ledger, settings.s3.ledger_archive_days)
    search = Search(database, ledger, keys, clock, secret_keys.mac("ledger-cursor", b""))
    return LedgerRoom(
        ledger=ledger,
        keys=keys,
        signers=signers,
        sequencer=sequencer,
        secret_keys=secret_keys,
        archive=archive,
        search=search,
        proofs=Proofs(database, sequencer, clock),
        export=Export(database, ground.live, ledger, sequencer, search, archive),
        reconciliation=Reconciliation(database, tuple(ground.rings.values()), clock),
        terms=Terms(database, ledger, keys, clock, settings.ledger.exchange_term),
    )
