"""Erasing papers: rows and keys at once; objects, and backups with them, when the window ends.

The owner key is replaced after it, by a job: what a backup holds of the erased paper's key then opens under no key
that lives on, and is noise once the root version is destroyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from audit.entries import ActorKind, DocumentDeleted, LendingTakenBack, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Transaction
from config.jobs import Jobs, Payload
from vault.documents.views import ErasureReceipt, LendingState
from vault.encryption.keys import OwnerKeys
from vault.errors import UnknownDocument, UnknownOwner
from vault.protocols import OwnerId
from vault.store import documents, erasures, intents, lendings, owner_keys, owners, renditions, versions
from vault.store.documents import DocumentRow


@dataclass(frozen=True, slots=True)
class ReplaceOwnerKey(Payload):
    """Something of this owner was erased at `since` (seconds since 1970): the key must be younger than that."""

    kind: ClassVar[str] = "vault.replace_owner_key"
    owner: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it."""

    actor: str
    """Empty: the person whose safe it is."""
    actor_kind: ActorKind


class Erasing:
    """Inner steps of erasing; every method joins the caller's transaction."""

    def __init__(self, keys: OwnerKeys, ledger: Ledger, jobs: Jobs, clock: Clock, backup_window: timedelta) -> None:
        """backup_window: how long a backup lives; receipts promise its end."""
        self._keys = keys
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock
        self._window = backup_window

    def document(self, tx: Transaction, owner: OwnerId, document: str, by: Actor) -> ErasureReceipt:
        """Erase one paper with every version. Raises `UnknownDocument`."""
        paper = documents.get(tx, owner, document)
        safe = owners.get(tx, owner)
        if paper is None or safe is None or not documents.remove(tx, owner, document):
            raise UnknownDocument
        receipt = self._promise(tx, owner)
        self._tell(tx, paper, safe.person, receipt, by)
        self._discard(tx, renditions.objects_of_document(tx, document), receipt)
        renditions.remove_of_document(tx, document)
        versions.remove_of_document(tx, document)
        lendings.end_of_document(tx, document, receipt.erased_at, LendingState.DELETED)
        self._replace_key(tx, owner)
        return receipt

    def version(self, tx: Transaction, owner: str, version: str) -> None:
        """Erase a version in whose place a newer one is, and which nobody may read any more."""
        receipt = self._promise(tx, owner)
        self._discard(tx, renditions.objects_of_version(tx, version), receipt)
        renditions.remove_of_version(tx, version)
        versions.remove(tx, version)
        self._replace_key(tx, owner)

    def pictures(self, tx: Transaction, owner: str) -> None:
        """Erase every page picture of an owner."""
        receipt = self._promise(tx, owner)
        self._discard(tx, renditions.pictures_of_owner(tx, owner), receipt)
        if renditions.remove_pictures(tx, owner):
            self._replace_key(tx, owner)

    def everything(self, tx: Transaction, owner: OwnerId, by: Actor) -> ErasureReceipt:
        """Erase a safe: its papers, lendings, keys, itself. Raises `UnknownOwner`."""
        safe = owners.get(tx, owner)
        if safe is None:
            raise UnknownOwner
        papers = documents.of_owner(tx, owner)
        receipt = self._promise(tx, owner, len(papers))
        for paper in papers:
            self._tell(tx, paper, safe.person, receipt, by)
        self._discard(tx, renditions.objects_of_owner(tx, owner), receipt)
        renditions.remove_all(tx, owner)
        versions.remove_all(tx, owner)
        documents.remove_all(tx, owner)
        lendings.remove_all(tx, owner)
        owners.remove(tx, owner)
        self._keys.destroy(tx, owner)
        return receipt

    def _promise(self, tx: Transaction, owner: str, papers: int = 1) -> ErasureReceipt:
        now = self._clock.now()
        gone_by = now + self._window
        roots = {row.root_version for row in owner_keys.of_owner(tx, owner)}
        for root in roots:
            erasures.promise(tx, root, gone_by)
        return ErasureReceipt(
            documents=papers, erased_at=now, gone_from_backups_by=gone_by, root_version=max(roots, default=0)
        )

    def _tell(self, tx: Transaction, paper: DocumentRow, person: str, receipt: ErasureReceipt, by: Actor) -> None:
        actor, persons = by.actor or person, (PersonId(person),)
        for row in lendings.standing_of_document(tx, paper.id, receipt.erased_at):
            self._ledger.append(
                tx,
                LendingTakenBack(
                    actor_kind=by.actor_kind,
                    actor=actor,
                    persons=persons,
                    client=row.client_id,
                    document_type=paper.document_type,
                    purpose=row.purpose,
                    lending=row.id,
                ),
            )
        self._ledger.append(
            tx,
            DocumentDeleted(
                actor_kind=by.actor_kind,
                actor=actor,
                persons=persons,
                document_type=paper.document_type,
                document=paper.id,
                root_version=str(receipt.root_version),
            ),
        )

    def _discard(self, tx: Transaction, object_names: Sequence[str], receipt: ErasureReceipt) -> None:
        intents.discard(tx, object_names, receipt.gone_from_backups_by)

    def _replace_key(self, tx: Transaction, owner: str) -> None:
        since = int(self._clock.now().timestamp())
        self._jobs.enqueue(tx, ReplaceOwnerKey(owner=owner, since=since))
