"""Receiving a paper: checked, encrypted and stored while it arrives, then written down in one short transaction.

Life of a deposit: (1) type, label and name are checked; (2) the first bytes are recognised; (3) an intent names the
object, committed before its first byte; (4) the file goes segment by segment into encryption and the store; (5) rows,
ledger entry, job for the pictures and the intent's removal commit together. A crash before 5 leaves an intent and
perhaps an object; the sweep removes both after a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from audit.entries import ActorKind, DocumentDeposited, EntryId, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import ObjectStoreError, Refusal
from config.identifiers import Randomness, new_id
from config.jobs import Jobs
from vault.content.media_types import MediaType
from vault.content.names import checked_name
from vault.content.recognition import HEAD_BYTES, recognise
from vault.content.structure import whole
from vault.document_types import DocumentTypes, PaperDates
from vault.documents import Erasing, MakePictures, Preview
from vault.documents.dates import written_dates
from vault.documents.opening import translated
from vault.documents.safe import checked_label
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects, Stored
from vault.encryption.owner_key import OpenOwnerKey, Paper
from vault.errors import DocumentChanged, NotStored, TooManyDocuments, UnknownDocument, UnknownOwner
from vault.intake.checked import first_bytes, limited
from vault.protocols import DocumentId, OwnerId
from vault.store import documents, intents, lendings, owner_keys, owners, renditions, versions
from vault.store.documents import DocumentRow
from vault.store.versions import VersionRow

_TRIES: Final = 3
"""Wrapping anew when the owner key was replaced while the file arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deposit:
    """What is known before the file's first byte is stored."""

    owner: OwnerId
    person: str
    actor: str
    actor_kind: ActorKind
    document_type: str
    label: str
    filename: str
    dates: PaperDates
    media_type: MediaType
    agreed: bool
    object_name: str
    paper: Paper
    replaces: DocumentRow | None


class Intake:
    """Takes papers in."""

    def __init__(
        self,
        *,
        database: Database,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        erasing: Erasing,
        document_types: DocumentTypes,
        ledger: Ledger,
        jobs: Jobs,
        clock: Clock,
        randomness: Randomness,
        max_bytes: int,
        max_documents: int,
    ) -> None:
        """max_bytes: the largest paper. max_documents: papers that one safe holds."""
        self._database = database
        self._keys = keys
        self._objects = objects
        self._erasing = erasing
        self._types = document_types
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock
        self._randomness = randomness
        self._max_bytes = max_bytes
        self._max_documents = max_documents

    def receive(
        self,
        *,
        owner: OwnerId,
        document_type: str,
        label: str,
        untrusted_filename: str,
        untrusted_media_type: str,
        chunks: Iterator[bytes],
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
        replaces: DocumentId | None = None,
        dates: PaperDates | None = None,
    ) -> DocumentId:
        """Keep a paper, or a new version of the paper `replaces`.

        chunks: the file, in pieces of any size; what it raises ends the deposit. Nothing is taken from it when type,
        label or name are refused. actor: empty for the person whose safe it is. dates: what the person said of the
        dates printed on it.
        Raises `UnknownDocumentType`, `BadLabel`, `BadName`, `EmptyUpload`, `UnknownMediaType`, `TypeMismatch`,
        `BrokenPaper`, `TooLarge`, `TooManyDocuments`, `UnknownOwner`, `UnknownDocument` (replaces), `DocumentChanged`,
        `NotStored`; after each of them no row and no object is there.
        """
        self._types.get(document_type)
        shown, name = checked_label(label), checked_name(untrusted_filename)
        head = first_bytes(chunks, HEAD_BYTES)
        media_type = recognise(b"".join(head)[:HEAD_BYTES], name, untrusted_media_type)
        with self._database.transaction() as tx:
            deposit = self._begin(
                tx,
                owner=owner,
                replaces=replaces,
                document_type=document_type,
                label=shown,
                filename=name,
                dates=dates or PaperDates(),
                media_type=media_type,
                actor=actor,
                actor_kind=actor_kind,
            )
        stored = self._store(deposit, chain(head, chunks))
        try:
            self._finish(deposit, stored)
        except Refusal:
            # Decided before the commit, so nothing names the object.
            self._take_out(deposit.object_name)
            raise
        return DocumentId(deposit.paper.document)

    def _begin(
        self,
        tx: Transaction,
        *,
        owner: OwnerId,
        replaces: DocumentId | None,
        document_type: str,
        label: str,
        filename: str,
        dates: PaperDates,
        media_type: MediaType,
        actor: str,
        actor_kind: ActorKind,
    ) -> _Deposit:
        safe = owners.get(tx, owner)
        if safe is None:
            raise UnknownOwner
        old = self._replaced(tx, owner, replaces, document_type) if replaces else None
        if old is None and documents.count(tx, owner) >= self._max_documents:
            raise TooManyDocuments(self._max_documents)
        document = old.id if old else new_id(self._randomness)
        name = self._objects.new_name()
        intents.add(tx, [name], self._clock.now())
        return _Deposit(
            owner=owner,
            person=safe.person,
            actor=actor or safe.person,
            actor_kind=actor_kind,
            document_type=document_type,
            label=label,
            filename=filename,
            dates=dates,
            media_type=media_type,
            agreed=bool(safe.agreed),
            object_name=name,
            paper=Paper(document=document, version=new_id(self._randomness), rendition="original"),
            replaces=old,
        )

    @staticmethod
    def _replaced(tx: Transaction, owner: OwnerId, replaces: DocumentId, document_type: str) -> DocumentRow:
        old = documents.get(tx, owner, replaces)
        if old is None:
            raise UnknownDocument
        if old.document_type != document_type:
            raise DocumentChanged("another type")
        return old

    def _store(self, deposit: _Deposit, chunks: Iterator[bytes]) -> Stored:
        checked = whole(limited(chunks, self._max_bytes), deposit.media_type)
        try:
            return self._objects.write(deposit.object_name, deposit.paper, checked)
        except ObjectStoreError as error:
            # Perhaps it is there all the same: the intent stays, the sweep finds out.
            raise NotStored(type(error).__name__) from error
        except BaseException:
            # What came out of the chunks left no object.
            self._forget(deposit.object_name)
            raise

    def _take_out(self, object_name: str) -> None:
        with suppress(ObjectStoreError):  # else the sweep does it
            self._objects.delete(object_name)
            self._forget(object_name)

    def _forget(self, object_name: str) -> None:
        with self._database.transaction() as tx:
            intents.end(tx, [object_name])

    def _finish(self, deposit: _Deposit, stored: Stored) -> None:
        entry = self._ledger.new_entry_id()
        for _ in range(_TRIES):
            with translated():
                key = self._keys.opened(deposit.owner, entry)
            with self._database.transaction() as tx:
                if owner_keys.hold_newest(tx, deposit.owner) == key.id:
                    self._write_down(tx, deposit, stored, key, entry)
                    return
        raise NotStored("owner key replaced again and again")

    def _write_down(
        self, tx: Transaction, deposit: _Deposit, stored: Stored, key: OpenOwnerKey, entry: EntryId
    ) -> None:
        paper, now = deposit.paper, self._clock.now()
        self._place(tx, deposit, key)
        version = VersionRow(
            id=paper.version,
            document=paper.document,
            owner=deposit.owner,
            owner_key=key.id,
            filename=key.seal("filename", paper.version, deposit.filename),
            dates=key.seal("dates", paper.version, written_dates(deposit.dates)),
            media_type=deposit.media_type,
            length=stored.written.length,
            received_at=now,
            preview=Preview.PENDING if deposit.agreed else Preview.NOT_AGREED,
        )
        versions.add(tx, version)
        renditions.add(tx, [stored.row(key, deposit.media_type, self._clock)])
        if deposit.agreed:
            self._jobs.enqueue(tx, MakePictures(version=paper.version))
        if not intents.end(tx, [deposit.object_name]):
            raise NotStored("the sweep took it for abandoned")
        self._ledger.append(tx, self._entry(deposit, stored), entry_id=entry)

    def _place(self, tx: Transaction, deposit: _Deposit, key: OpenOwnerKey) -> None:
        paper, old = deposit.paper, deposit.replaces
        if old is None:
            row = DocumentRow(
                id=paper.document,
                owner=deposit.owner,
                document_type=deposit.document_type,
                current_version=paper.version,
                owner_key=key.id,
                label=key.seal("label", paper.document, deposit.label),
                made_at=self._clock.now(),
            )
            documents.add(tx, row)
            return
        if not documents.set_current(tx, old.id, replaces=old.current_version, version=paper.version):
            raise DocumentChanged
        if deposit.label:
            documents.set_label(tx, old.id, key.id, key.seal("label", old.id, deposit.label))
        versions.supersede(tx, old.current_version, self._clock.now())
        if not lendings.stands_for_version(tx, old.current_version, self._clock.now()):
            self._erasing.version(tx, deposit.owner, old.current_version)

    @staticmethod
    def _entry(deposit: _Deposit, stored: Stored) -> DocumentDeposited:
        return DocumentDeposited(
            actor_kind=deposit.actor_kind,
            actor=deposit.actor,
            persons=(PersonId(deposit.person),),
            document_type=deposit.document_type,
            document=deposit.paper.document,
            version=deposit.paper.version,
            length=str(stored.written.length),
            ciphertext_sha256=stored.written.ciphertext_sha256.hex(),
        )
