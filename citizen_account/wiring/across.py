"""What goes through all rooms: changed root keys, closed accounts, and what a restore must end again."""

from __future__ import annotations

from dataclasses import dataclass

from audit.recovery import Recovery
from audit.restores import Restores
from citizen_account.erasure import Erasure
from citizen_account.restoring import Restoring
from citizen_account.roots import Roots
from citizen_account.store.accounts import AccountId
from citizen_account.wiring.ground import Ground
from citizen_account.wiring.ledger import LedgerRoom
from citizen_account.wiring.people import People, SignIns
from citizen_account.wiring.provider import ProviderRoom
from citizen_account.wiring.vault import VaultRoom
from config.database import Transaction
from oidc.protocols import SubjectId
from vault.restored import Restored
from vault.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """What has a part in every room."""

    roots: Roots
    erasure: Erasure
    retention: Retention
    restoring: Restoring


def build_across(
    ground: Ground,
    ledger_room: LedgerRoom,
    sign_ins: SignIns,
    vault: VaultRoom,
    people: People,
    provider: ProviderRoom,
) -> Across:
    """Last, as it takes from all."""
    database, clock, backup_window = ground.database, ground.clock, ground.backup_window
    ledger, signers, sequencer = ledger_room.ledger, ledger_room.signers, ledger_room.sequencer

    def unlink(tx: Transaction, account: AccountId) -> None:
        """Of a closed account: what clients hold points nowhere, and what was decided names nobody."""
        provider.pairwise.unlink(tx, SubjectId(account))
        provider.issuing.forget_subject(tx, SubjectId(account))
        provider.consent.forget_subject(tx, SubjectId(account))

    roots = Roots(
        database=database,
        rings={name: ground.rings[name] for name in ("ledger", "provider")},
        rewraps={
            "ledger": (ledger_room.keys.rewrap_all, signers.rewrap_all),
            "provider": (
                sign_ins.account_keys.rewrap_all,
                lambda _cause: provider.signing_keys.rewrap_all(),
                lambda _cause: ledger_room.secret_keys.rewrap_all(),
            ),
        },
        ledger=ledger,
        clock=clock,
        backup_window=backup_window,
    )
    erasure = Erasure(
        database=database,
        accounts=people.accounts,
        sessions=sign_ins.sessions,
        documents=vault.documents,
        approvals=provider.consent,
        ledger=ledger,
        ledger_keys=ledger_room.keys,
        roots=roots,
        forget=(
            people.credentials.erase,
            people.passkeys.erase,
            people.second_factors.erase,
            people.roles.erase,
            people.links.erase,
            unlink,
        ),
        backup_window=backup_window,
        exchange_term=ground.settings.ledger.exchange_term,
        clock=clock,
    )
    restores = Restores(database, sequencer, signers, ledger, clock)
    retention = Retention(
        database=database,
        key_ring=ground.rings["vault"],
        keys=vault.owner_keys,
        objects=vault.objects,
        erasing=vault.erasing,
        ledger=ledger,
        clock=clock,
        backup_window=backup_window,
        restored_at=restores.unswept_since,
    )
    restoring = Restoring(
        database=database,
        recovery=Recovery(database, ground.live, ledger, sequencer, clock, ground.archive),
        restores=restores,
        restored=Restored(
            database=database, objects=vault.objects, erasing=vault.erasing, clock=clock, backup_window=backup_window
        ),
        retention=retention,
        documents=vault.documents,
        lending=vault.lending,
        consent=provider.consent,
        erasure=erasure,
        clock=clock,
    )
    return Across(roots=roots, erasure=erasure, retention=retention, restoring=restoring)
