"""Closing an account: who counts on it, then everything that goes, and the receipt.

What the house holds of the person goes at once: approvals and lendings end, sign-ins end, papers and keys go, addresses
and facts go, the account's own ledger key goes. The law keeps the trace of exchanges for 36 months: their ledger key is
set aside under a code that only the receipt shows. Backups lose all of it with the root version (DESIGN.md, "Erasure").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from audit.entries import AccountClosed, ActorKind, PersonId
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.restores import JOB as RESTORE
from citizen_account.accounts import Accounts
from citizen_account.errors import NoSuchAccount
from citizen_account.roots import Roots
from citizen_account.sessions import Sessions
from citizen_account.store.accounts import AccountId
from config.clock import Clock
from config.database import Database, Transaction
from oidc.protocols import SubjectId
from vault.documents import ErasureReceipt
from vault.protocols import OwnerId

CLOSED = "closed"
"""Why sign-ins and approvals end, in their entries."""


class Approvals(Protocol):
    """The provider's part (oidc.consent.Consent)."""

    def end_all(self, tx: Transaction, subject: SubjectId) -> Any:
        """End every grant of the person with its tokens and lendings."""


class Safe(Protocol):
    """The vault's part (vault.documents.Documents)."""

    def delete_all(
        self, tx: Transaction, owner: OwnerId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN
    ) -> ErasureReceipt:
        """Erase a whole safe, its keys and itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingReceipt:
    """What the person takes away. `code` opens the exchanges that were set aside; only its hash is kept."""

    code: str = field(repr=False)
    closed_at: datetime
    documents: int
    backups_until: datetime
    exchanges_until: datetime


class Erasure:
    """Closes accounts."""

    def __init__(
        self,
        *,
        database: Database,
        accounts: Accounts,
        sessions: Sessions,
        documents: Safe,
        approvals: Approvals,
        ledger: Ledger,
        ledger_keys: LedgerKeys,
        roots: Roots,
        forget: tuple[Callable[[Transaction, AccountId], Any], ...] = (),
        backup_window: timedelta,
        exchange_term: timedelta,
        clock: Clock,
    ) -> None:
        """forget: what else holds something of an account, called in the same transaction (credentials, flows, roles).

        backup_window: `backup_window_days`. exchange_term: `ledger.exchange_term`.
        """
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._documents = documents
        self._approvals = approvals
        self._ledger = ledger
        self._ledger_keys = ledger_keys
        self._roots = roots
        self._forget = forget
        self._backup_window = backup_window
        self._exchange_term = exchange_term
        self._clock = clock

    def backups_until(self) -> datetime:
        """When what goes now is gone from every backup, at the latest."""
        return self._clock.now() + self._backup_window

    def exchanges_until(self) -> datetime:
        """Until when the law keeps the trace of an exchange made now."""
        return self._clock.now() + self._exchange_term

    def close(self, account: AccountId, *, by: ActorKind = ActorKind.CITIZEN, actor: str = "") -> ClosingReceipt:
        """Close an account for good; everything in one transaction, so that it happens whole or not at all.

        Who asks must have proven who they are just before (a password, or the operator's own duty).
        Raises `NoSuchAccount`; nothing has changed then.
        """
        code, code_sha256 = self._ledger_keys.new_code()
        erased, exchanges_until = self._close(account, by, actor or account, code_sha256)
        return ClosingReceipt(
            code=code,
            closed_at=erased.erased_at,
            documents=erased.documents,
            backups_until=erased.gone_from_backups_by,
            exchanges_until=exchanges_until,
        )

    def close_again(
        self, account: AccountId, *, closed_at: datetime, code_sha256: bytes, exchanges_until: datetime
    ) -> None:
        """Close an account that a restore brought back, so that the receipt given then stays good.

        closed_at, code_sha256, exchanges_until: of that receipt. Raises `NoSuchAccount`.
        """
        promised = closed_at + self._backup_window
        self._close(account, ActorKind.JOB, RESTORE, code_sha256, exchanges_until, promised)

    def safe_of(self, account: AccountId) -> OwnerId | None:
        """The safe of an account that is (still, or again) here."""
        try:
            return self._accounts.owner_of(account)
        except NoSuchAccount:
            return None

    def _close(
        self,
        account: AccountId,
        by: ActorKind,
        actor: str,
        code_sha256: bytes,
        until: datetime | None = None,
        promised: datetime | None = None,
    ) -> tuple[ErasureReceipt, datetime]:
        """What was erased, and when the last exchange loses its key."""
        owner, person = self._accounts.owner_of(account), PersonId(account)
        versions = self._roots.versions()
        with self._database.transaction() as tx:
            self._approvals.end_all(tx, SubjectId(account))
            self._sessions.end_all(tx, account, reason=CLOSED)
            erased = self._documents.delete_all(tx, owner, actor=actor, actor_kind=by)
            last = self._ledger_keys.last_exchange(tx, person) or erased.erased_at - self._exchange_term
            exchanges_until = until or last + self._exchange_term
            closed = AccountClosed(
                actor_kind=by,
                actor=actor,
                persons=(person,),
                root_version=str(erased.root_version),
                account=account,
                code_sha256=code_sha256.hex(),
                exchanges_until=str(int(exchanges_until.timestamp())),
            )
            self._ledger.append(tx, closed)
            self._roots.promise(tx, versions, promised or erased.gone_from_backups_by)
            self._ledger_keys.close(tx, person, code_sha256, exchanges_until)
            self._sessions.erase(tx, account)
            for forget in self._forget:
                forget(tx, account)
            self._accounts.erase(tx, account)
        return erased, exchanges_until
