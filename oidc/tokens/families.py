"""Ending families of tokens, with the ledger entry that the person reads."""

from __future__ import annotations

from collections.abc import Sequence

from audit.entries import ActorKind, AuthorizationRevoked, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Transaction
from oidc.protocols import GrantId, SubjectId
from oidc.store import authorizations
from oidc.store.authorizations import AuthorizationRow

CODE_REPLAY = "code_replay"
REFRESH_REUSE = "refresh_reuse"
REVOCATION = "revocation"
SIGN_OUT = "sign_out"


class Families:
    """Ends authorizations. What is ended stops at the very next use at our own resources."""

    def __init__(self, *, ledger: Ledger, clock: Clock) -> None:
        """ledger: where each ending is written, in the same transaction."""
        self._ledger = ledger
        self._clock = clock

    def end(self, tx: Transaction, family: AuthorizationRow, reason: str, actor_kind: ActorKind) -> bool:
        """End one family: its grant stays. False when it had ended, then nothing is written."""
        if not authorizations.end(tx, family.id, reason, self._clock.now()):
            return False
        self._write(tx, family, reason, actor_kind)
        return True

    def end_of_grant(self, tx: Transaction, grant: GrantId) -> int:
        """End every family of a grant that is ended: the grant's own entry tells of it. How many."""
        return len(authorizations.end_those(tx, "grant_id", grant, "grant_ended", self._clock.now()))

    def end_of_client(self, tx: Transaction, client_id: str) -> int:
        """End every family of a client that is removed: its own entry tells of it. How many."""
        return len(authorizations.end_those(tx, "client_id", client_id, "client_removed", self._clock.now()))

    def end_of_subject(self, tx: Transaction, subject: SubjectId) -> int:
        """End every family of a person whose account closes or is disabled. How many."""
        return len(authorizations.end_those(tx, "subject", subject, "account_closed", self._clock.now()))

    def end_of_sign_in(self, tx: Transaction, sign_in: str) -> Sequence[AuthorizationRow]:
        """End the families that don't outlive the sign-in they came from; those that this ended."""
        ended = authorizations.end_of_sign_in(tx, sign_in, SIGN_OUT, self._clock.now())
        for family in ended:
            self._write(tx, family, SIGN_OUT, ActorKind.CITIZEN)
        return ended

    def _write(self, tx: Transaction, family: AuthorizationRow, reason: str, actor_kind: ActorKind) -> None:
        entry = AuthorizationRevoked(
            actor_kind=actor_kind,
            persons=(PersonId(family.subject),),
            client=family.client_id,
            reason=reason,
            grant=family.grant_id,
        )
        self._ledger.append(tx, entry)
