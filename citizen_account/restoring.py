"""After a restore: end again what had ended since the backup, before any door opens; say what was found.

The restored database knows nothing of an erasure that came after its backup; the published log holds its ending
(`audit.tlog.endings`). Papers and accounts are erased again, lendings and grants taken back again, agreements
withdrawn again. Each step can be repeated; what is gone already is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from audit.entries import (
    AccountClosed,
    ActorKind,
    AgreementRecorded,
    DocumentDeleted,
    GrantTakenBack,
    LendingTakenBack,
)
from audit.errors import LogClosedError, VerificationError
from audit.restores import JOB, Ended, RestoreRow, Restores
from citizen_account.erasure import Erasure
from citizen_account.store.accounts import AccountId
from config.clock import Clock
from config.database import Database
from config.errors import ObjectStoreError
from config.logs import get_logger
from oidc.consent import Consent
from oidc.protocols import GrantId
from vault.documents import Documents
from vault.lending import Lending
from vault.protocols import LendingId, OwnerId
from vault.restored import Restored
from vault.retention import Retention

LOOK_EVERY_SECONDS = 5.0
"""How old a node's knowledge of restores may be."""
RETRY_SECONDS = 1.0
"""While the doors are closed."""

log = get_logger(__name__)


class LogRecovery(Protocol):
    """audit.recovery.Recovery."""

    def run_once(self) -> int:
        """Integrate and publish; after a restore, rebuild."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an operator is told after a restore."""

    restores: Sequence[RestoreRow]
    uploads_cut_off: int
    """Uploads of the backup that had not ended in it; their objects may be papers by now."""
    unknown_objects: Sequence[str]
    """Objects of the papers' bucket that no row names: most are papers deposited after the backup."""


class Restoring:
    """Notices a restore, keeps the doors closed, ends again what had ended."""

    def __init__(
        self,
        *,
        database: Database,
        recovery: LogRecovery,
        restores: Restores,
        restored: Restored,
        retention: Retention,
        documents: Documents,
        lending: Lending,
        consent: Consent,
        erasure: Erasure,
        clock: Clock,
    ) -> None:
        """recovery: rebuilds the log. The others end what each room holds."""
        self._database = database
        self._recovery = recovery
        self._restores = restores
        self._restored = restored
        self._retention = retention
        self._documents = documents
        self._lending = lending
        self._consent = consent
        self._erasure = erasure
        self._clock = clock
        self._is_compared = False
        """Whether this process has seen that the database is not behind the published log."""
        self._is_closed = True
        self._look_at = float("-inf")

    def is_closed(self) -> bool:
        """Whether the doors must stay closed: what had ended is not ended again, or nobody knows yet."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._is_closed = bool(self._restores.waiting()) or self._may_be_behind()
            self._look_at = now + (RETRY_SECONDS if self._is_closed else LOOK_EVERY_SECONDS)
        return self._is_closed

    def run_once(self) -> None:
        """What the sequencing job calls: the log's recovery, then at once what a restore asks for.

        Raises what `Recovery.run_once` raises.
        """
        self._recovery.run_once()
        if self.is_closed():
            self.replay()
            self._look_at = float("-inf")

    def replay(self) -> None:
        """End again what had ended after the backup. Can be repeated; a restore that misses endings stays open."""
        for row in self._restores.waiting():
            cause = self._restores.begin()
            ended = sum(self._again(one) for one in self._restores.ended(row, cause))
            if row.is_whole:
                self._restores.replayed(row, ended)
                log.warning("restore_replayed", lost=row.lost, ended=ended)
            else:
                log.error("restore_without_endings", lost=row.lost, ended=ended)

    def report(self) -> Report:
        """What was found; nothing is changed."""
        return Report(
            restores=self._restores.every(),
            uploads_cut_off=self._restored.uploads_cut_off(),
            unknown_objects=list(self._restored.unknown_objects()),
        )

    def confirm_sweep(self) -> int:
        """An operator's word that what the restore left may go; how many objects are deleted after the window."""
        gone = self._retention.sweep_intents(confirmed=True) + self._restored.discard_unknown()
        self._restores.swept()
        return gone

    def open_without(self) -> int:
        """An operator's word to open although some endings are lost; how many restores waited for it."""
        return self._restores.open_without()

    def _may_be_behind(self) -> bool:
        if self._is_compared:
            return False
        try:
            self._is_compared = not self._restores.is_behind()
        except (VerificationError, LogClosedError):
            self._is_compared = True  # the log's own matter: nothing says that the database is old
        except ObjectStoreError as error:
            log.warning("restore_unknown", error=type(error).__name__)
        return not self._is_compared

    def _again(self, ended: Ended) -> bool:
        """End one thing again; False when it had not come back."""
        return _STEPS[ended.kind](self, ended.values, ended.time)

    def _document(self, values: Mapping[str, str], time: datetime) -> bool:
        return self._restored.erase_again(values["document"], time)

    def _agreement(self, values: Mapping[str, str], _time: datetime) -> bool:
        if values["agreed"] != "no" or not self._restored.has_agreed(values["owner"]):
            return False
        self._documents.record_agreement(OwnerId(values["owner"]), False, actor=JOB, actor_kind=ActorKind.JOB)
        return True

    def _lending_again(self, values: Mapping[str, str], _time: datetime) -> bool:
        with self._database.transaction() as tx:
            wanted = [LendingId(values["lending"])]
            return self._lending.take_back(tx, wanted, actor=JOB, actor_kind=ActorKind.JOB) > 0

    def _grant(self, values: Mapping[str, str], _time: datetime) -> bool:
        returned = values["actor_kind"] == ActorKind.SERVICE
        with self._database.transaction() as tx:
            return self._consent.end_again(
                tx, GrantId(values["grant"]), returned=returned, actor=JOB, actor_kind=ActorKind.JOB
            )

    def _account(self, values: Mapping[str, str], time: datetime) -> bool:
        account = AccountId(values["account"])
        owner = self._erasure.safe_of(account)
        if owner is None:
            return False
        with self._database.transaction() as tx:
            self._restored.promise_again(tx, owner, time)
        self._erasure.close_again(
            account,
            closed_at=time,
            code_sha256=bytes.fromhex(values["code_sha256"]),
            exchanges_until=datetime.fromtimestamp(int(values["exchanges_until"]), UTC),
        )
        return True


_STEPS: dict[str, Callable[[Restoring, Mapping[str, str], datetime], bool]] = {
    DocumentDeleted.kind: Restoring._document,  # noqa: SLF001 -- this module's own
    AgreementRecorded.kind: Restoring._agreement,  # noqa: SLF001
    LendingTakenBack.kind: Restoring._lending_again,  # noqa: SLF001
    GrantTakenBack.kind: Restoring._grant,  # noqa: SLF001
    AccountClosed.kind: Restoring._account,  # noqa: SLF001
}
"""What each kind of ending asks for; `audit.entries` says which kinds have one."""
