"""Leaves: 41 bytes that commit an entry's fields, each of which opens alone and none of which can be guessed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit.errors import VerificationError
from audit.tlog.merkle import HASH_BYTES, leaf_hash, root_of

VERSION = 1
LEAF_BYTES = 41


@dataclass(frozen=True, slots=True)
class Leaf:
    """Version 1: time (seconds since 1970) and the root over the field commitments in catalogue order."""

    time: int
    fields_root: bytes

    def encode(self) -> bytes:
        """version (1) ‖ time (8, big-endian) ‖ root (32)."""
        return bytes([VERSION]) + self.time.to_bytes(8, "big") + self.fields_root

    @classmethod
    def parse(cls, leaf: bytes) -> Leaf:
        """The reverse. Raises `VerificationError`."""
        if len(leaf) != LEAF_BYTES or leaf[0] != VERSION:
            message = "a leaf of an unknown format"
            raise VerificationError(message)
        return cls(int.from_bytes(leaf[1:9], "big"), leaf[9:])


def field_key(entry_secret: bytes, name: str) -> bytes:
    """HKDF-SHA-256 of the entry's secret for one field: opening it opens no other."""
    return HKDF(SHA256(), HASH_BYTES, salt=None, info=b"citizen-account/ledger/1/" + name.encode()).derive(entry_secret)


def commit(key: bytes, value: str) -> bytes:
    """HMAC-SHA-256 of the value under the field's key."""
    return hmac.digest(key, value.encode(), sha256)


def fields_root(commitments: Sequence[bytes]) -> bytes:
    """The Merkle root over the commitments in catalogue order."""
    return root_of([leaf_hash(commitment) for commitment in commitments])
