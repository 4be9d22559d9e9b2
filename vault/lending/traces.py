"""What the ledger keeps of reads: begun, failed, refused."""

from __future__ import annotations

import hashlib

from audit.entries import ActorKind, DocumentRead, EntryId, Outcome, PersonId, ReadFailed, ReadRefused
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Transaction
from vault.errors import ReadRefusal
from vault.protocols import Permission
from vault.store import minutes
from vault.store.reads import Fetch


class Traces:
    """Writes the entries of reads, in the transaction of what they tell."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def new_entry_id(self) -> EntryId:
        """For an entry that is named before it is written."""
        return self._ledger.new_entry_id()

    def begun(self, tx: Transaction, found: Fetch, permission: Permission, rendition: str, agent: str) -> EntryId:
        """A read begins; its first byte comes after the commit."""
        row = found.lending
        entry = DocumentRead(
            actor_kind=ActorKind.SERVICE,
            actor=permission.client_id,
            persons=_persons(found),
            client=permission.client_id,
            document_type=row.document_type,
            purpose=row.purpose,
            legal_basis=row.legal_basis,
            rendition=rendition,
            document=row.document,
            version=row.version,
            lending=row.id,
            grant=row.grant_id,
            agent=agent,
            token=permission.token_id,
        )
        return self._ledger.append(tx, entry, entry_id=EntryId(found.entry))

    def failed(self, tx: Transaction, found: Fetch, permission: Permission, read: EntryId) -> None:
        """The read gave no byte."""
        row = found.lending
        entry = ReadFailed(
            actor_kind=ActorKind.SERVICE,
            actor=permission.client_id,
            outcome=Outcome.FAILED,
            persons=_persons(found),
            client=permission.client_id,
            document_type=row.document_type,
            purpose=row.purpose,
            lending=row.id,
            read=read,
        )
        self._ledger.append(tx, entry)

    def refused(self, tx: Transaction, found: Fetch | None, permission: Permission, refusal: ReadRefusal) -> None:
        """The client was refused: one entry a minute for the same lending and reason; made-up ones are one lending."""
        row = found.lending if found else None
        minute = self._clock.now().replace(second=0)
        named = f"refused {permission.client_id} {row.id if row else ''} {refusal.code}"
        entry_id = self._ledger.new_entry_id()
        if not minutes.first(tx, hashlib.sha256(named.encode()).digest(), minute, entry_id):
            return
        entry = ReadRefused(
            actor_kind=ActorKind.SERVICE,
            actor=permission.client_id,
            outcome=Outcome.REFUSED,
            persons=_persons(found) if found else (),
            client=permission.client_id,
            document_type=row.document_type if row else "",
            purpose=row.purpose if row else "",
            reason=refusal.code,
            lending=row.id if row else "",
        )
        self._ledger.append(tx, entry, entry_id=entry_id)


def _persons(found: Fetch) -> tuple[PersonId, ...]:
    return (PersonId(found.person),) if found.person else ()
