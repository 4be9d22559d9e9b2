"""Key rings: where root keys live and what they wrap. Every wrap has a context that must be shown again to unwrap.

A ring's root has versions. Rotating makes a new one; what was wrapped is rewrapped; the old one is destroyed after the
backup window: that destruction, nothing else, makes backups unreadable.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from config.errors import KeyRingError

_HEAD = struct.Struct(">BI")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key under a root version; only the ring opens it."""

    version: int
    blob: bytes = field(repr=False)

    def encode(self) -> bytes:
        """One column: format 1 (1 byte), root version (4, big-endian), what the ring made."""
        return _HEAD.pack(_FORMAT, self.version) + self.blob

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """The reverse of `encode`. Raises `KeyRingError` for anything else."""
        if len(encoded) <= _HEAD.size or encoded[0] != _FORMAT:
            message = "not a wrapped key"
            raise KeyRingError(message)
        return cls(_HEAD.unpack_from(encoded)[1], encoded[_HEAD.size :])


@dataclass(frozen=True, slots=True, kw_only=True)
class RootVersion:
    """One version of a ring's root."""

    version: int
    made_at: datetime
    destroy_at: datetime | None
    """When it is destroyed; None for the current one."""


class KeyRing(Protocol):
    """A root key and what it does. No call may happen inside a transaction."""

    @property
    def current_version(self) -> int:
        """The root version that wraps now."""

    def wrap(self, key: bytes, context: Mapping[str, str]) -> WrappedKey:
        """Wrap under the current version, bound to the context. Raises `KeyRingError` when the ring is down."""

    def unwrap(self, wrapped: WrappedKey, context: Mapping[str, str], *, cause: str) -> bytes:
        """Unwrap, recording context owner, cause (the id of a ledger entry) and time where the application can't write.

        Raises `KeyRingError` on another context, a destroyed version, or when the ring is down.
        """

    def rotate(self, destroy_old_at: datetime) -> int:
        """Make a new version that wraps from now on; the others get that end date unless they have one. Its number."""

    def destroy_due(self, now: datetime) -> Sequence[int]:
        """Destroy the versions whose date has come; their numbers."""

    def versions(self) -> Sequence[RootVersion]:
        """Every version that still opens something."""

    def unwraps(self, since: datetime) -> Mapping[str, int]:
        """Cause -> time (seconds since 1970) of every unwrap recorded since then, for reconciliation."""


def canonical(context: Mapping[str, str]) -> bytes:
    """The context as associated data: sorted names and values, each length-prefixed (4 bytes, big-endian)."""
    parts = (text.encode() for item in sorted(context.items()) for text in item)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
