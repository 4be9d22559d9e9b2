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
from vault.documents.opening import Opener, Opening
from vault.documents.views import state_of
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.errors import UnknownDocument, UnknownOwner
from vault.lending.answers import ORIGINAL, ByteRange, ReadAnswer
from vault.lending.asking import Asked, asked, of_scope
from vault.lending.fitting import HeldPaper, fitting
from vault.lending.holding import OpenSafe, held_paper
from vault.lending.reading import Reading
from vault.protocols import DocumentId, LendingId, Notices, OwnerId, Presented
from vault.store import lendings, owner_keys, owners, reads
from vault.store.lendings import LendingRow


class Lending:
    """Lends papers, and lets clients read what was lent."""

    def __init__(
        self,
        *,
        database: Database,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        opening: Opening,
        document_types: DocumentTypes,
        purposes: Purposes,
        ledger: Ledger,
        notices: Notices,
        clock: Clock,
        randomness: Randomness,
        vault_url: str,
    ) -> None:
        """opening: opens a safe before it lends. vault_url: the protected resource, where fetch addresses begin."""
        self._database = database
        self._opening = opening
        self._types = document_types
        self._purposes = purposes
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self._vault_url = vault_url
        self._reading = Reading(
            database=database,
            keys=keys,
            objects=objects,
            ledger=ledger,
            document_types=document_types,
            notices=notices,
            clock=clock,
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

    def open(self, owner: OwnerId, *, actor: str = "", actor_kind: ActorKind = ActorKind.CITIZEN) -> OpenSafe:
        """A safe made ready for `lend`: the key ring can't be asked inside its transaction.

        Raises `UnknownOwner`, `Unreadable`.
        """
        with self._database.reading() as tx:
            rows = owner_keys.of_owner(tx, owner)
        if not rows:
            raise UnknownOwner
        opener = Opener(actor=actor, actor_kind=actor_kind, what="descriptions")
        return OpenSafe(owner=owner, keys=self._opening.keys(owner, rows, opener))

    def lend(
        self,
        tx: Transaction,
        *,
        safe: OpenSafe,
        client_id: str,
        contract: Mapping[str, Any],
        detail: Mapping[str, Any],
        documents: Sequence[DocumentId],
        grant: str,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> tuple[LendingId, ...]:
        """Lend the current version of these papers in answer to one detail, with their ledger entries.

        contract: the client's, read in this transaction. Purpose, end and reads are what contract and detail come to.
        grant: empty outside a sign-in. Whoever chose the papers is not believed: each is held against the question.

        Raises `NotAllowedToAsk`, `UnknownDocument` when a paper is not the owner's, `UnfitPaper` for one of another
        type, too old for the purpose today, or one too many, `DocumentChanged` when the safe got another key since
        `open`. Nothing is lent then: roll back.
        """
        question = self.may_ask(contract, detail)
        held = [held_paper(tx, safe, document) for document in documents]
        fitting(question, held, self._purposes, self._clock.now().date())
        owner = owners.get(tx, safe.owner)
        if owner is None:
            raise UnknownDocument
        rows = [self._row(paper, question, client_id, grant) for paper in held]
        for row in rows:
            lendings.add(tx, row)
            self._ledger.append(tx, _lent(row, owner.person, actor, actor_kind))
        return tuple(LendingId(row.id) for row in rows)

    def _row(self, paper: HeldPaper, question: Asked, client_id: str, grant: str) -> LendingRow:
        now = self._clock.now()
        return LendingRow(
            id=new_id(self._randomness),
            owner=paper.owner,
            document=paper.document,
            version=paper.version,
            document_type=paper.document_type,
            client_id=client_id,
            grant_id=grant,
            purpose=question.purpose,
            legal_basis=question.legal_basis,
            made_at=now,
            until=question.until(now),
            reads_allowed=question.reads_allowed,
        )

    def take_back(
        self,
        tx: Transaction,
        ids: Sequence[str],
        *,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> int:
        """End these lendings, with their ledger entries; those that ended already are left. How many this ended.

        A service that does it gives back what it was lent.
        """
        now, ended = self._clock.now(), 0
        state = LendingState.RETURNED if actor_kind is ActorKind.SERVICE else LendingState.TAKEN_BACK
        for row in lendings.by_ids(tx, ids):
            if row.until <= now or not lendings.end(tx, row.id, now, state):
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

    def describe(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """What a client is told of its lendings (RFC 9396 §7), by lending id, in the order given."""
        with self._database.reading() as tx:
            rows = {row.id: row for row in lendings.by_ids(tx, ids)}
        now = self._clock.now()
        return [self._described(rows[one], now) for one in ids if one in rows]

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

    def listed(self, presented: Presented) -> Sequence[Mapping[str, Any]]:
        """What a token's client is told of the lendings that the token holds. Raises `Challenged`."""
        with self._reading.transaction(presented) as tx:
            permission = presented.standing(tx)
            rows = {row.id: row for row in lendings.by_ids(tx, sorted(permission.lendings))}
        now = self._clock.now()
        return [self._described(row, now) for _, row in sorted(rows.items()) if row.client_id == permission.client_id]

    def look(self, presented: Presented, lending: LendingId, *, rendition: str = ORIGINAL) -> ReadAnswer:
        """What may be told without opening anything: HEAD and 304. See `Reading.look`."""
        return self._reading.look(presented, lending, rendition)

    def read(
        self,
        presented: Presented,
        lending: LendingId,
        *,
        rendition: str = ORIGINAL,
        byte_range: ByteRange | None = None,
        agent: str = "unstated",
    ) -> ReadAnswer:
        """Open it for the client. agent: who reads on the service's side. See `Reading.read`."""
        return self._reading.read(presented, lending, rendition, byte_range=byte_range, agent=agent)


def _lent(row: LendingRow, person: str, actor: str, actor_kind: ActorKind) -> DocumentLent:
    return DocumentLent(
        actor_kind=actor_kind,
        actor=actor or person,
        persons=(PersonId(person),),
        client=row.client_id,
        document_type=row.document_type,
        purpose=row.purpose,
        legal_basis=row.legal_basis,
        until=str(int(row.until.timestamp())),
        document=row.document,
        version=row.version,
        lending=row.id,
        grant=row.grant_id,
    )
