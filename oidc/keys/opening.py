"""Opening a wrapped key of the provider: every unwrap names a ledger entry as its cause."""

from __future__ import annotations

from audit.entries import ActorKind, EntryId, JobRun
from audit.ledger import Ledger
from config.database import Database
from config.key_ring import KeyRing, WrappedKey


class Opening:
    """One occasion of opening keys: its entry is written before the first key is opened."""

    def __init__(self, database: Database, key_ring: KeyRing, ledger: Ledger) -> None:
        """key_ring: the ring "provider"."""
        self._database = database
        self._key_ring = key_ring
        self._ledger = ledger
        self._cause: EntryId | None = None

    def open(self, wrapped: bytes, *, kind: str, key: str) -> bytes:
        """A key that `wrap` wrapped. Raises `config.errors.KeyRingError`."""
        if self._cause is None:
            with self._database.transaction() as tx:
                self._cause = self._ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, job="provider_keys_opened"))
        return self._key_ring.unwrap(WrappedKey.decode(wrapped), context(kind, key), cause=self._cause)


def wrap(key_ring: KeyRing, secret: bytes, *, kind: str, key: str) -> bytes:
    """A key as it is kept."""
    return key_ring.wrap(secret, context(kind, key)).encode()


def context(kind: str, key: str) -> dict[str, str]:
    """What a wrap is bound to. kind: signing or secret. key: its id."""
    return {"owner": "oidc", "kind": kind, "key": key}
