"""Opening what is stored, for its owner or for a job: the entry is committed first, then the key is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from audit.entries import ActorKind, DocumentOpened, EntryId, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import KeyRingError, ObjectMissing, ObjectStoreError
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.encryption.owner_key import DoesNotOpen, OpenOwnerKey
from vault.encryption.stream import DamagedStream
from vault.errors import Damaged, UnknownDocument, UnknownOwner, Unreadable
from vault.store import documents, minutes, owner_keys, owners, renditions
from vault.store.documents import DocumentRow
from vault.store.owner_keys import OwnerKeyRow
from vault.store.renditions import RenditionRow


@contextmanager
def translated() -> Iterator[None]:
    """Say what went wrong as the vault's refusals: `Damaged` or, where it may go better later, `Unreadable`."""
    try:
        yield
    except (DoesNotOpen, DamagedStream, ObjectMissing) as error:
        raise Damaged(type(error).__name__) from error
    except (KeyRingError, ObjectStoreError) as error:
        raise Unreadable(type(error).__name__) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Who opens, and for what."""

    actor: str
    """Empty: the person whose safe it is."""
    actor_kind: ActorKind
    what: str
    """original, preview, takeout, descriptions, upkeep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A stored object, its plaintext ready to be read."""

    document: DocumentRow
    rendition: RenditionRow
    entry: EntryId
    """The entry that says so: the cause of what else the same act opens."""
    chunks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    document: DocumentRow
    rendition: RenditionRow
    key: OwnerKeyRow
    entry: EntryId


class Opening:
    """Opens renditions and keys, each with the entry that is its cause."""

    def __init__(
        self, database: Database, keys: OwnerKeys, objects: EncryptedObjects, ledger: Ledger, clock: Clock
    ) -> None:
        """keys: opened only after their entry is committed."""
        self._database = database
        self._keys = keys
        self._objects = objects
        self._ledger = ledger
        self._clock = clock

    def open(self, owner: str, document: str, rendition: str, opener: Opener, *, merge: bool = False) -> Opened:
        """Open a rendition of the current version.

        merge: one entry a minute for the same opener and version, as for the pictures of one page.
        Raises `UnknownDocument`, `Damaged`, `Unreadable`.
        """
        with self._database.transaction() as tx:
            found = self._find(tx, owner, document, rendition, opener, merge=merge)
        with translated():
            key = self._keys.open(found.key, found.entry)
            chunks = self._objects.read(found.rendition, key)
        return Opened(document=found.document, rendition=found.rendition, entry=found.entry, chunks=_translated(chunks))

    def keys(self, owner: str, rows: Sequence[OwnerKeyRow], opener: Opener) -> dict[str, OpenOwnerKey]:
        """The opened keys of these rows; an entry only when one of them isn't open here already."""
        kept = {row.id: key for row in rows if (key := self._keys.kept(row.id))}
        if len(kept) == len(rows):
            return kept
        with self._database.transaction() as tx:
            entry = self._append(tx, owner, None, opener)
        with translated():
            return self._keys.open_all(rows, entry)

    def _find(
        self, tx: Transaction, owner: str, document: str, rendition: str, opener: Opener, *, merge: bool
    ) -> _Found:
        paper = documents.get(tx, owner, document)
        row = renditions.get(tx, paper.current_version, rendition) if paper else None
        rows = owner_keys.by_ids(tx, [row.owner_key]) if row else []
        if not paper or not row or not rows:
            raise UnknownDocument
        entry = (self._merged if merge else self._append)(tx, owner, paper, opener)
        return _Found(document=paper, rendition=row, key=rows[0], entry=entry)

    def _merged(self, tx: Transaction, owner: str, paper: DocumentRow, opener: Opener) -> EntryId:
        minute = self._clock.now().replace(second=0)
        named = f"opened {opener.actor_kind} {opener.actor} {opener.what} {paper.current_version}"
        key = hashlib.sha256(named.encode()).digest()
        entry = self._ledger.new_entry_id()
        if minutes.first(tx, key, minute, entry):
            return self._append(tx, owner, paper, opener, entry_id=entry)
        return EntryId(minutes.entry_of(tx, key, minute) or "")

    def _append(
        self, tx: Transaction, owner: str, paper: DocumentRow | None, opener: Opener, *, entry_id: EntryId | None = None
    ) -> EntryId:
        safe = owners.get(tx, owner)
        if safe is None:
            raise UnknownOwner
        made = DocumentOpened(
            actor_kind=opener.actor_kind,
            actor=opener.actor or safe.person,
            persons=(PersonId(safe.person),),
            document_type=paper.document_type if paper else "",
            what=opener.what,
            document=paper.id if paper else "",
            version=paper.current_version if paper else "",
        )
        return self._ledger.append(tx, made, entry_id=entry_id)


def _translated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    with translated():
        yield from chunks
