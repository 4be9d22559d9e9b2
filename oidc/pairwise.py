"""Pairwise subject identifiers (OpenID Connect Core §8.1): random rows, not derived.

So keys rotate, accounts merge and erasure unlinks, without any client noticing.
"""

from __future__ import annotations

from config.database import Transaction
from config.identifiers import Randomness, new_id
from oidc.clients import Client
from oidc.protocols import SubjectId
from oidc.store import subjects


class Pairwise:
    """Names a person for one client's sector."""

    def __init__(self, *, randomness: Randomness) -> None:
        """randomness: of the identifiers, 128 bits each."""
        self._randomness = randomness

    def sub(self, tx: Transaction, subject: SubjectId, client: Client) -> str:
        """The `sub` that this client sees; made at the first call. One query, two more then."""
        found = subjects.find(tx, subject, client.sector)
        if found is not None:
            return found
        made = new_id(self._randomness)
        if subjects.add(tx, subject, client.sector, made):
            return made
        return subjects.find(tx, subject, client.sector) or made

    def subject_of(self, tx: Transaction, client: Client, sub: str) -> SubjectId | None:
        """Who is behind a `sub` of this client's sector; None for another sector's or an unknown one."""
        found = subjects.subject_of(tx, client.sector, sub)
        return SubjectId(found) if found else None

    def unlink(self, tx: Transaction, subject: SubjectId) -> None:
        """Forget every `sub` of a person: what clients hold then points nowhere."""
        subjects.forget(tx, subject)
