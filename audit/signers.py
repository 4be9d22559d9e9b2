"""The log's signing keys: one an origin, made at its first use, wrapped in the ring `ledger`."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import LogClosedError
from audit.store import log
from audit.tlog.checkpoint import Verifier
from config.database import Database
from config.identifiers import Randomness
from config.key_ring import KeyRing, WrappedKey


class Signers:
    """The log's signing keys: Ed25519, wrapped in the ring."""

    def __init__(self, database: Database, key_ring: KeyRing, randomness: Randomness) -> None:
        """key_ring: the one named `ledger`."""
        self._database = database
        self._ring = key_ring
        self._randomness = randomness
        self._open: dict[str, Ed25519PrivateKey] = {}

    def verifier(self, origin: str) -> Verifier:
        """The public half for that origin, made with the key at its first use."""
        with self._database.reading() as tx:
            row = log.signer(tx, origin)
        if row is None:
            row = self._make(origin)
        return Verifier(origin, row.public_key)

    def key(self, origin: str) -> Ed25519PrivateKey:
        """The private half for that origin."""
        if origin not in self._open:
            self.verifier(origin)
            with self._database.reading() as tx:
                row = log.signer(tx, origin)
            if row is None:
                message = f"no signing key for {origin}"
                raise LogClosedError(message)
            raw = self._ring.unwrap(WrappedKey.decode(row.wrapped), _context(origin), cause=f"signer:{origin}")
            self._open[origin] = Ed25519PrivateKey.from_private_bytes(raw)
        return self._open[origin]

    def rewrap_all(self, cause: str) -> int:
        """Bring every key under the ring's current root version; how many changed."""
        with self._database.reading() as tx:
            rows = log.every_signer(tx)
        changed = 0
        for row in rows:
            wrapped = WrappedKey.decode(row.wrapped)
            if wrapped.version != self._ring.current_version:
                raw = self._ring.unwrap(wrapped, _context(row.name), cause=cause)
                again = self._ring.wrap(raw, _context(row.name)).encode()
                with self._database.transaction() as tx:
                    changed += log.rewrap_signer(tx, row, again)
        return changed

    def _make(self, origin: str) -> log.SignerRow:
        key = Ed25519PrivateKey.from_private_bytes(self._randomness.bytes(32))
        wrapped = self._ring.wrap(key.private_bytes_raw(), _context(origin)).encode()
        made = log.SignerRow(name=origin, public_key=key.public_key().public_bytes_raw(), wrapped=wrapped)
        with self._database.transaction() as tx:
            kept = log.signer(tx, origin)
            if kept is None:
                log.add_signer(tx, made)
        return kept or made


def _context(origin: str) -> dict[str, str]:
    return {"owner": origin, "key": "ledger-signer"}
