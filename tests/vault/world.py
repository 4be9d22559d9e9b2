"""The whole vault on a real store and a real database, with what its tests do again and again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from audit.entries import PersonId
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.store.entries import entries
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from config.jobs import Jobs
from config.key_ring.local_file import LocalFileKeyRing
from config.object_store import ObjectStore
from config.settings import Settings
from tests.clocks import FixedClock
from vault import jobs as vault_jobs
from vault.content.media_types import MediaType
from vault.content.previews import PreviewState, Rendered
from vault.document_types import DocumentTypes, Purposes
from vault.documents import Documents, Erasing, Opening, Pictures
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.intake import Intake
from vault.lending import Lending
from vault.protocols import DocumentId, LendingId, OwnerId, Permission
from vault.retention import Retention
from vault.store.intents import discarded, intents

WINDOW = timedelta(days=30)
PUBLIC_URL = "http://localhost:8000"

SCHOOL = {"document_types": ["proof_of_address", "rent_receipt", "identity_card"], "max_duration": "P1Y"}
"""What a contract allows the school."""
DETAIL = {
    "type": "document",
    "document_types": ["proof_of_address"],
    "actions": ["read"],
    "purpose": "school_enrolment",
    "duration": "P30D",
}


class Told:
    """Keeps what the vault would have had mailed."""

    def __init__(self) -> None:
        self.first_reads: list[str] = []

    def document_read(self, tx: Transaction, owner: OwnerId, lending: LendingId) -> None:
        self.first_reads.append(lending)


class DrawsBytes:
    """Draws one 'picture' a kilobyte: what the vault keeps of pictures does not depend on what is on them."""

    def render(self, chunks: Iterable[bytes], media_type: MediaType, *, max_pages: int) -> Rendered:
        whole = b"".join(chunks)
        pages = [b"picture of " + whole[at : at + 16] for at in range(0, len(whole), 1024)]
        return Rendered(state=PreviewState.READY, pages=tuple(pages[:max_pages]), page_count=len(pages))


@dataclass
class World:
    database: Database
    store: ObjectStore
    ring: LocalFileKeyRing
    clock: FixedClock
    randomness: Randomness
    keys: OwnerKeys
    objects: EncryptedObjects
    documents: Documents
    intake: Intake
    lending: Lending
    retention: Retention
    pictures: Pictures
    jobs: Jobs
    ledger_keys: LedgerKeys
    types: DocumentTypes
    told: Told = field(default_factory=Told)

    def owner(self, *, agreed: bool | None = None) -> OwnerId:
        """A safe of a person whom the ledger knows."""
        person = PersonId(new_id(self.randomness))
        key = self.keys.make(OwnerId(new_id(self.randomness)))
        known = self.ledger_keys.make(person)
        with self.database.transaction() as tx:
            self.ledger_keys.add(tx, known)
            owner = self.documents.create_owner(tx, key, person)
        if agreed is not None:
            self.documents.record_agreement(owner, agreed)
        return owner

    def deposit(self, owner: OwnerId, content: bytes | None = None, **given: Any) -> DocumentId:
        """Deposit a PDF, in pieces of 10,000 bytes."""
        content = pdf(3_000) if content is None else content
        usual: dict[str, Any] = {
            "document_type": "proof_of_address",
            "label": "Electricity",
            "untrusted_filename": "bill.pdf",
            "untrusted_media_type": "application/pdf",
        }
        return self.intake.receive(owner=owner, chunks=pieces(content), **{**usual, **given})

    def lend(
        self,
        owner: OwnerId,
        *papers: DocumentId,
        client: str = "school",
        contract: dict[str, Any] | None = None,
        detail: dict[str, Any] | None = None,
        reads_allowed: int = 5,
    ) -> LendingId:
        """Lend papers for thirty days; the first lending."""
        allowed = {**SCHOOL, "max_reads": reads_allowed, **(contract or {})}
        safe = self.lending.open(owner)
        with self.database.transaction() as tx:
            lent = self.lending.lend(
                tx,
                safe=safe,
                client_id=client,
                contract={"purposes": {"school_enrolment": allowed}},
                detail={**DETAIL, **(detail or {})},
                documents=papers,
                grant=new_id(self.randomness),
            )
        return lent[0]

    def take_back(self, *lendings: LendingId) -> None:
        with self.database.transaction() as tx:
            self.lending.take_back(tx, lendings)

    def permission(self, *lendings: LendingId, client: str = "school", token: str = "") -> Permission:
        return Permission(client_id=client, token_id=token or new_id(self.randomness), lendings=frozenset(lendings))

    def read(self, lending: LendingId, **given: Any) -> bytes:
        """Read a whole lending with a token of its own."""
        content = self.lending.read(self.permission(lending, **given), lending).content
        assert content
        return b"".join(content)

    def original(self, owner: OwnerId, document: DocumentId) -> bytes:
        return b"".join(self.documents.open_original(owner, document).chunks)

    def entries(self, kind: str) -> list[dict[str, str]]:
        """The clear fields of every entry of a kind, in order; `outcome` and `id` among them."""
        with self.database.reading() as tx:
            rows = tx.execute(select(entries).where(entries.c.kind == kind).order_by(entries.c.number)).all()
        return [{**_clear(row.readable), "outcome": row.outcome, "id": row.id} for row in rows]

    def count(self, table: Any) -> int:
        with self.database.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    def stored(self) -> list[str]:
        """Every object's name."""
        return list(self.store.list())

    def left_nothing(self) -> bool:
        """Whether no object, no intent and nothing to delete is there."""
        return not self.stored() and not self.count(intents) and not self.count(discarded)


def _clear(readable: str) -> dict[str, str]:
    found: dict[str, list[str]] = json.loads(readable)
    return {name: value[0] for name, value in found.items() if len(value) > 1}


def pdf(length: int, mark: bytes = b"") -> bytes:
    """Exactly `length` bytes that are a PDF as far as an intake looks."""
    start, end = b"%PDF-1.7\n" + mark, b"\n%%EOF\n"
    filler = bytes(range(32, 127)) * (length // 95 + 1)
    return start + filler[: length - len(start) - len(end)] + end


def pieces(content: bytes, size: int = 10_000) -> Iterator[bytes]:
    return iter([content[at : at + size] for at in range(0, len(content), size)])


def build(database: Database, settings: Settings, clock: FixedClock, randomness: Randomness) -> World:
    """Wire it as the house does."""
    store = ObjectStore(settings.s3, settings.s3.papers_bucket)
    store.ensure_bucket()
    ring = LocalFileKeyRing.open_or_create(settings.keys, "vault", clock, randomness)
    ledger_ring = LocalFileKeyRing.open_or_create(settings.keys, "ledger", clock, randomness)
    ledger, jobs = Ledger(clock, randomness), Jobs(database, clock, randomness)
    keys = OwnerKeys(database, ring, clock, randomness)
    objects = EncryptedObjects(store, clock, randomness)
    opening = Opening(database, keys, objects, ledger, clock)
    erasing = Erasing(keys, ledger, jobs, clock, WINDOW)
    types, told = DocumentTypes.load(), Told()
    world = World(
        database=database,
        store=store,
        ring=ring,
        clock=clock,
        randomness=randomness,
        keys=keys,
        objects=objects,
        documents=Documents(
            database=database, keys=keys, opening=opening, erasing=erasing, ledger=ledger, jobs=jobs, clock=clock
        ),
        intake=Intake(
            database=database,
            keys=keys,
            objects=objects,
            erasing=erasing,
            document_types=types,
            ledger=ledger,
            jobs=jobs,
            clock=clock,
            randomness=randomness,
            max_bytes=settings.limits.max_document_bytes,
            max_documents=settings.limits.max_documents,
        ),
        lending=Lending(
            database=database,
            keys=keys,
            objects=objects,
            opening=opening,
            document_types=types,
            purposes=Purposes.load(types),
            ledger=ledger,
            notices=told,
            clock=clock,
            randomness=randomness,
            vault_url=f"{PUBLIC_URL}/vault",
        ),
        retention=Retention(
            database=database,
            key_ring=ring,
            keys=keys,
            objects=objects,
            erasing=erasing,
            ledger=ledger,
            clock=clock,
            backup_window=WINDOW,
        ),
        pictures=Pictures(
            database=database, opening=opening, keys=keys, objects=objects, previews=DrawsBytes(), clock=clock
        ),
        jobs=jobs,
        ledger_keys=LedgerKeys(database, ledger_ring, clock, randomness),
        types=types,
        told=told,
    )
    vault_jobs.register(jobs, world.pictures, world.retention)
    return world
