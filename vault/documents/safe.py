"""The papers of a safe: listed, opened, named, erased by their owner or by who acts for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from audit.entries import ActorKind, AgreementRecorded, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.jobs import Jobs
from vault.content.media_types import MediaType
from vault.content.names import display_name
from vault.documents.dates import read_dates
from vault.documents.erasing import Actor, Erasing
from vault.documents.opening import Opener, Opening, translated
from vault.documents.pictures import MakePictures, page_rendition
from vault.documents.views import DocumentView, ErasureReceipt, LendingState, LendingView, OpenedDocument, Preview
from vault.encryption.keys import NewOwnerKey, OwnerKeys
from vault.encryption.owner_key import OpenOwnerKey
from vault.errors import BadLabel, DocumentChanged, UnknownDocument, UnknownOwner
from vault.protocols import DocumentId, OwnerId, VersionId
from vault.store import documents, lendings, owner_keys, owners, versions
from vault.store.documents import DocumentRow
from vault.store.lendings import LendingRow
from vault.store.owner_keys import OwnerKeyRow
from vault.store.versions import VersionRow

MAX_LABEL_CHARACTERS: Final = 120
_TRIES: Final = 3
"""Sealing anew when the owner key was replaced in between."""


def checked_label(label: str) -> str:
    """The label in Unicode's composed form, without spaces around it. Raises `BadLabel`."""
    shown = " ".join(unicodedata.normalize("NFC", label).split())
    if len(shown) > MAX_LABEL_CHARACTERS or any(unicodedata.category(mark) in {"Cc", "Cf", "Cs"} for mark in shown):
        raise BadLabel
    return shown


class Documents:
    """The papers of each safe. `actor` empty means the person whose safe it is."""

    def __init__(
        self,
        *,
        database: Database,
        keys: OwnerKeys,
        opening: Opening,
        erasing: Erasing,
        ledger: Ledger,
        jobs: Jobs,
        clock: Clock,
    ) -> None:
        """opening, erasing: the inner steps, shared with intake and jobs."""
        self._database = database
        self._keys = keys
        self._opening = opening
        self._erasing = erasing
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock

    def create_owner(self, tx: Transaction, new_key: NewOwnerKey, person: PersonId) -> OwnerId:
        """Make a safe with a key of `OwnerKeys.make`; `person` is whom the ledger tells."""
        owner = OwnerId(new_key.row.owner)
        owners.add(tx, owners.OwnerRow(owner=owner, person=person, made_at=self._clock.now()))
        self._keys.add(tx, new_key)
        return owner

    def list(self, owner: OwnerId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN) -> list[DocumentView]:
        """Every paper of the safe, the newest first, with the lendings of each that stand.

        Raises `UnknownOwner`, `Unreadable`.
        """
        with self._database.reading() as tx:
            keys = owner_keys.of_owner(tx, owner)
            papers = documents.of_owner(tx, owner)
            files = {row.id: row for row in versions.of_owner(tx, owner)}
            lent = lendings.of_owner(tx, owner)
        if not keys:
            raise UnknownOwner
        if not papers:
            return []
        opener = Opener(actor=actor, actor_kind=actor_kind, what="descriptions")
        opened = self._opening.keys(owner, keys, opener)
        return [self._view(paper, files[paper.current_version], lent, opened) for paper in papers]

    def get(
        self, owner: OwnerId, document: DocumentId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN
    ) -> DocumentView:
        """One paper. Raises `UnknownDocument`, `Unreadable`."""
        keys, paper, file, lent = self._one(owner, document)
        opened = self._opening.keys(owner, keys, Opener(actor=actor, actor_kind=actor_kind, what="descriptions"))
        return self._view(paper, file, lent, opened)

    def open_original(
        self,
        owner: OwnerId,
        document: DocumentId,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
        *,
        what: str = "original",
    ) -> OpenedDocument:
        """The exact bytes of the current version, as an entry; `what` is original or takeout.

        Raises `UnknownDocument`, `Damaged`, `Unreadable`; an error in the middle breaks off, nothing wrong is given.
        """
        keys, paper, file, _ = self._one(owner, document)
        opener = Opener(actor=actor, actor_kind=actor_kind, what=what)
        opened = self._opening.open(owner, document, "original", opener)
        if opened.rendition.version != file.id:
            raise DocumentChanged
        with translated():
            key = self._keys.open_all(keys, opened.entry)[file.owner_key]
            name = key.unseal("filename", file.id, file.filename)
        return OpenedDocument(
            document_type=paper.document_type,
            media_type=file.media_type,
            length=file.length,
            filename=display_name(name, MediaType(file.media_type)),
            chunks=opened.chunks,
        )

    def open_page(
        self,
        owner: OwnerId,
        document: DocumentId,
        number: int,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> bytes:
        """The picture of page `number`, from 1, as `vault.content.previews.PAGE_MEDIA_TYPE`; an entry a minute.

        Raises `UnknownDocument` when there is no such picture, `Damaged`, `Unreadable`.
        """
        opener = Opener(actor=actor, actor_kind=actor_kind, what="preview")
        opened = self._opening.open(owner, document, page_rendition(number), opener, merge=True)
        return b"".join(opened.chunks)

    def relabel(self, owner: OwnerId, document: DocumentId, label: str) -> None:
        """Give a paper the person's own name. Raises `BadLabel`, `UnknownDocument`."""
        shown = checked_label(label)
        for _ in range(_TRIES):
            keys, _, _, _ = self._one(owner, document)
            opener = Opener(actor="", actor_kind=ActorKind.CITIZEN, what="descriptions")
            key = self._opening.keys(owner, keys[:1], opener)[keys[0].id]
            sealed = key.seal("label", document, shown)
            with self._database.transaction() as tx:
                if owner_keys.hold_newest(tx, owner) != key.id:
                    continue
                if not documents.set_label(tx, document, key.id, sealed):
                    raise UnknownDocument
                return
        raise DocumentChanged

    def delete(
        self, owner: OwnerId, document: DocumentId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN
    ) -> ErasureReceipt:
        """Erase a paper: here at once, in backups by the receipt's date. Its lendings end. Raises `UnknownDocument`."""
        with self._database.transaction() as tx:
            return self._erasing.document(tx, owner, document, Actor(actor=actor, actor_kind=actor_kind))

    def delete_all(
        self, tx: Transaction, owner: OwnerId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN
    ) -> ErasureReceipt:
        """Erase a whole safe, in the transaction that closes the account. Raises `UnknownOwner`."""
        return self._erasing.everything(tx, owner, Actor(actor=actor, actor_kind=actor_kind))

    def agreement(self, owner: OwnerId) -> bool | None:
        """Whether the person agreed that the house reads papers for previews; None: never asked."""
        with self._database.reading() as tx:
            safe = owners.get(tx, owner)
        if safe is None:
            raise UnknownOwner
        return safe.agreed

    def record_agreement(
        self, owner: OwnerId, agreed: bool, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN
    ) -> None:
        """Keep what the person decided; pictures are made, or erased, accordingly. Raises `UnknownOwner`."""
        with self._database.transaction() as tx:
            safe = owners.get(tx, owner)
            if safe is None or not owners.set_agreement(tx, owner, agreed=agreed, now=self._clock.now()):
                raise UnknownOwner
            if agreed:
                for version in versions.set_preview_of_owner(tx, owner, [Preview.NOT_AGREED], Preview.PENDING):
                    self._jobs.enqueue(tx, MakePictures(version=version))
            else:
                self._erasing.pictures(tx, owner)
                versions.set_preview_of_owner(tx, owner, list(Preview), Preview.NOT_AGREED)
            entry = AgreementRecorded(
                actor_kind=actor_kind,
                actor=actor or safe.person,
                persons=(PersonId(safe.person),),
                agreed="yes" if agreed else "no",
                owner=owner,
            )
            self._ledger.append(tx, entry)

    def _one(
        self, owner: OwnerId, document: DocumentId
    ) -> tuple[Sequence[OwnerKeyRow], DocumentRow, VersionRow, Sequence[LendingRow]]:
        with self._database.reading() as tx:
            keys = owner_keys.of_owner(tx, owner)
            paper = documents.get(tx, owner, document)
            file = versions.get(tx, paper.current_version) if paper else None
            lent = lendings.standing_of_document(tx, document, self._clock.now()) if file else []
        if paper is None or file is None or not keys:
            raise UnknownDocument
        return keys, paper, file, lent

    def _view(
        self,
        paper: DocumentRow,
        file: VersionRow,
        lent: Sequence[LendingRow],
        keys: Mapping[str, OpenOwnerKey],
    ) -> DocumentView:
        now: datetime = self._clock.now()
        with translated():
            label = keys[paper.owner_key].unseal("label", paper.id, paper.label)
            name = keys[file.owner_key].unseal("filename", file.id, file.filename)
            dates = keys[file.owner_key].unseal("dates", file.id, file.dates) if file.dates is not None else ""
        views = (LendingView.of(row, now) for row in lent if row.document == paper.id)
        return DocumentView(
            document=DocumentId(paper.id),
            version=VersionId(file.id),
            document_type=paper.document_type,
            label=label,
            untrusted_filename=name,
            dates=read_dates(dates),
            media_type=file.media_type,
            length=file.length,
            made_at=paper.made_at,
            deposited_at=file.received_at,
            preview=Preview(file.preview),
            preview_reason=file.preview_reason,
            page_count=file.pages,
            pictures=file.pictures,
            lendings=tuple(view for view in views if view.state in {LendingState.STANDS, LendingState.USED_UP}),
        )
