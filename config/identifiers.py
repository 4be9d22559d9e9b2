"""Randomness and the identifiers made of it. The only module that asks the operating system for random bytes."""

from __future__ import annotations

import base64
import os
from typing import Protocol


class Randomness(Protocol):
    """A source of unpredictable bytes, so that tests can choose them."""

    def bytes(self, length: int) -> bytes:
        """`length` bytes fit for keys."""


class SystemRandomness:
    """The operating system's generator."""

    def bytes(self, length: int) -> bytes:
        """See `Randomness.bytes`."""
        return os.urandom(length)


def new_id(randomness: Randomness) -> str:
    """A 128-bit identifier: 26 lower-case base32 characters, never guessed and never reused."""
    return base64.b32encode(randomness.bytes(16)).decode("ascii").rstrip("=").lower()


def new_secret(randomness: Randomness) -> str:
    """A 256-bit bearer secret: 43 base64url characters. Store only its SHA-256."""
    return base64.urlsafe_b64encode(randomness.bytes(32)).decode("ascii").rstrip("=")
