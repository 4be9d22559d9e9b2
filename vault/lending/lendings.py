"""The lendings themselves: who may ask, lending, taking back, telling; reading is `reading`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.entries import ActorKind, DocumentLent, LendingTakenBack, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from vault.document_types import DocumentTypes, Purposes
from vault.documents import LendingState, LendingView
from vault.documents.views import state_of
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.errors import UnknownDocument
from vault.lending.answers import ORIGINAL, ByteRange, ReadAnswer
from vault.lending.asking import Asked, asked, of_scope
from vault.lending.reading import Reading
from vault.protocols import DocumentId, LendingId, Notices, OwnerId, Permission
from vault.store import documents, lendings, owners, reads
from vault.store.lendings import LendingRow


class Lending:
    """Lends papers, and lets clients read what was lent."""

    def __init__(
        self,
        *,
        database: Database,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        document_types: DocumentTypes,
        purposes: Purposes,
        ledger: Ledger,
        notices: Notices,
        clock: Clock,
        randomness: Randomness,
        vault_url: str,
    ) -> None:
        """vault_url: the protected resource, `Settings.vault_url`; fetch addresses begin with it."""
        self._database = database
        self._types = document_types
        self._purposes = purposes
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self._vault_url = vault_url
        self._reading = Reading(
            database=database, keys=keys, objects=objects, ledger=ledger, notices=notices, clock=clock
        )

    def may_ask(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> Asked:
        """What one `authorization_details` member of type `document` asks for, if the client may ask it.

        Raises `NotAllowedToAsk` naming what is unknown, missing or not in the contract. No query.
        """
        return asked(
            contract,
            detail,
            types=self._types,
            purposes=self._purposes,
            location=self._vault_url,
            now=self._clock.now(),
        )

    def expand_scope(self, contract: Mapping[str, Any], document_type: str) -> Mapping[str, Any] | None:
        """The detail that the scope `document:<type>` stands for; None unless the contract names one purpose."""
        return of_scope(contract, document_type, location=self._vault_url)

    def lend(
        self,
        tx: Transaction,
        *,
        owner: OwnerId,
        client_id: str,
        grant: str,
        document: DocumentId,
        purpose: str,
        legal_basis: str,
        until: datetime,
        reads_allowed: int | None,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> LendingId:
        """Lend the paper's current version, with its ledger entry. grant: empty outside a sign-in.

        Raises `UnknownDocument` when the paper is not the owner's.
        """
        paper = documents.hold(tx, owner, document)
        safe = owners.get(tx, owner)
        if paper is None or safe is None:
            raise UnknownDocument
        row = LendingRow(
            id=new_id(self._randomness),
            owner=owner,
            document=paper.id,
            version=paper.current_version,
            document_type=paper.document_type,
            client_id=client_id,
            grant_id=grant,
            purpose=purpose,
            legal_basis=legal_basis,
            made_at=self._clock.now(),
            until=until,
            reads_allowed=reads_allowed,
        )
        lendings.add(tx, row)
        lent = DocumentLent(
            actor_kind=actor_kind,
            actor=actor or safe.person,
            persons=(PersonId(safe.person),),
            client=client_id,
            document_type=row.document_type,
            purpose=purpose,
            legal_basis=legal_basis,
            until=str(int(until.timestamp())),
            document=row.document,
            version=row.version,
            lending=row.id,
            grant=grant,
        )
        self._ledger.append(tx, lent)
        return LendingId(row.id)

    def take_back(
        self,
        tx: Transaction,
        ids: Sequence[str],
        *,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> int:
        """End these lendings, with their ledger entries; those that ended already are left. How many this ended."""
        now, ended = self._clock.now(), 0
        for row in lendings.by_ids(tx, ids):
            if row.until <= now or not lendings.end(tx, row.id, now, LendingState.TAKEN_BACK):
                continue
            ended += 1
            safe = owners.get(tx, row.owner)
            person = safe.person if safe else ""
            entry = LendingTakenBack(
                actor_kind=actor_kind,
                actor=actor or person,
                persons=(PersonId(person),) if person else (),
                client=row.client_id,
                document_type=row.document_type,
                purpose=row.purpose,
                lending=row.id,
            )
            self._ledger.append(tx, entry)
        return ended

    def stop(self, owner: OwnerId, lending: LendingId, *, actor: str = "") -> bool:
        """End one lending of this safe at its owner's wish; False when it isn't theirs or is over."""
        with self._database.transaction() as tx:
            if not any(row.owner == owner for row in lendings.by_ids(tx, [lending])):
                return False
            return self.take_back(tx, [lending], actor=actor) == 1

    def standing(self, ids: Sequence[str]) -> bool:
        """Whether each of these lendings exists, stands and has a read left."""
        with self._database.reading() as tx:
            return lendings.count_standing(tx, ids, self._clock.now()) == len(set(ids))

    def of_owner(self, owner: OwnerId) -> Sequence[LendingView]:
        """Every lending of the safe's papers, the newest first, with when each was read last."""
        with self._database.reading() as tx:
            rows = lendings.of_owner(tx, owner)
            last = reads.last_read(tx, [row.id for row in rows])
        now = self._clock.now()
        return [LendingView.of(row, now, last.get(row.id)) for row in rows]

    def describe(self, ids: Sequence[str], *, client_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """What a client is told of its lendings (RFC 9396 §7), by lending id, in the order given.

        client_id: leave out what is another client's.
        """
        with self._database.reading() as tx:
            rows = {row.id: row for row in lendings.by_ids(tx, ids)}
        now = self._clock.now()
        mine = (rows[one] for one in ids if one in rows)
        return [self._described(row, now) for row in mine if client_id in {None, row.client_id}]

    def _described(self, row: LendingRow, now: datetime) -> Mapping[str, Any]:
        told: dict[str, Any] = {
            "lending": row.id,
            "location": f"{self._vault_url}/documents/{row.id}",
            "document_type": row.document_type,
            "purpose": row.purpose,
            "until": row.until.isoformat().replace("+00:00", "Z"),
            "state": str(state_of(row, now)),
        }
        if row.reads_allowed is not None:
            told["reads_left"] = max(0, row.reads_allowed - row.reads_used)
        return told

    def look(self, permission: Permission, lending: LendingId, *, rendition: str = ORIGINAL) -> ReadAnswer:
        """What may be told without opening anything: HEAD and 304. See `Reading.look`."""
        return self._reading.look(permission, lending, rendition)

    def read(
        self,
        permission: Permission,
        lending: LendingId,
        *,
        rendition: str = ORIGINAL,
        byte_range: ByteRange | None = None,
        agent: str = "unstated",
    ) -> ReadAnswer:
        """Open it for the client. agent: who reads on the service's side. See `Reading.read`."""
        return self._reading.read(permission, lending, rendition, byte_range=byte_range, agent=agent)
