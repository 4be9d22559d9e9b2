"""The log's keys, wrapped in the ring `ledger`: one an origin, which signs, made at first use; one opens endings."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit.errors import LogClosedError
from audit.store import log
from audit.store.log import ENDINGS
from audit.tlog.checkpoint import Verifier
from config.database import Database
from config.identifiers import Randomness
from config.key_ring import KeyRing, WrappedKey


class Signers:
    """The log's signing keys (Ed25519), and the key of endings (X25519), wrapped in the ring."""

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
            self._open[origin] = Ed25519PrivateKey.from_private_bytes(self._unwrapped(row, f"signer:{origin}"))
        return self._open[origin]

    def ensure_endings(self) -> None:
        """Make the key to which entries seal what they ended, where there is none: at set-up."""
        with self._database.reading() as tx:
            made = log.signer(tx, ENDINGS)
        if made is None:
            key = X25519PrivateKey.from_private_bytes(self._randomness.bytes(32))
            self._keep(ENDINGS, key.private_bytes_raw(), key.public_key().public_bytes_raw())

    def endings(self, cause: str) -> X25519PrivateKey:
        """What opens endings; `cause` is the id of the entry that says so. Raises `LogClosedError` without a key."""
        with self._database.reading() as tx:
            row = log.signer(tx, ENDINGS)
        if row is None:
            message = "there is no key of endings"
            raise LogClosedError(message)
        return X25519PrivateKey.from_private_bytes(self._unwrapped(row, cause))

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
        return self._keep(origin, key.private_bytes_raw(), key.public_key().public_bytes_raw())

    def _keep(self, name: str, private: bytes, public: bytes) -> log.SignerRow:
        wrapped = self._ring.wrap(private, _context(name)).encode()
        made = log.SignerRow(name=name, public_key=public, wrapped=wrapped)
        with self._database.transaction() as tx:
            kept = log.signer(tx, name)
            if kept is None:
                log.add_signer(tx, made)
        return kept or made

    def _unwrapped(self, row: log.SignerRow, cause: str) -> bytes:
        return self._ring.unwrap(WrappedKey.decode(row.wrapped), _context(row.name), cause=cause)


def _context(origin: str) -> dict[str, str]:
    return {"owner": origin, "key": "ledger-signer"}
