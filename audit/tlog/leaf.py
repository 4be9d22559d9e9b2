"""Leaves: 41 bytes that commit an entry's fields, each of which opens alone and none of which can be guessed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from audit.errors import VerificationError
from audit.tlog.merkle import HASH_BYTES, leaf_hash, root_of

VERSION = 1
LEAF_BYTES = 41
CLOCK_SECONDS = 60
"""How much older than what came before a leaf may claim to be."""


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
    """HKDF-SHA-256 of the entry's secret for one field: opening it opens no other.

    RFC 5869 §2.2 with an empty salt, then the first block of §2.3, which is the whole key: two HMACs, since every
    entry has some eight fields and `cryptography`'s HKDF costs ten times as much.
    """
    extracted = hmac.digest(bytes(HASH_BYTES), entry_secret, sha256)
    return hmac.digest(extracted, b"citizen-account/ledger/1/" + name.encode() + b"\x01", sha256)


def commit(key: bytes, name: str, value: str) -> bytes:
    """HMAC-SHA-256, under the field's key, of its name (2 bytes of length before it) and value.

    Whoever checks gets the key, not how it was derived: the name must be committed too, or a value could be shown
    under another one.
    """
    named = name.encode()
    return hmac.digest(key, len(named).to_bytes(2, "big") + named + value.encode(), sha256)


def fields_root(commitments: Sequence[bytes]) -> bytes:
    """The Merkle root over the commitments in catalogue order."""
    return root_of([leaf_hash(commitment) for commitment in commitments])


def not_back_dated(leaves: Sequence[Leaf], first: int = 0, kept: Mapping[int, int] | None = None) -> None:
    """An entry is integrated within seconds: one that claims to be much older than what came before was slipped in.

    first: the index of the first leaf. kept: size -> time (seconds since 1970) of checkpoints kept at known times,
    each of which lacks the leaves from its size on. Raises `VerificationError`.
    """
    newest = 0
    for index, leaf in enumerate(leaves, first):
        newest = max(newest, (kept or {}).get(index, 0))
        if leaf.time < newest - CLOCK_SECONDS:
            message = f"entry {index} claims a time {newest - leaf.time} s before what precedes it: back-dated"
            raise VerificationError(message)
        newest = max(newest, leaf.time)
