"""Time and chance in the hands of a test."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._ticks = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._ticks

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._ticks += by.total_seconds()


class SeededRandomness:
    """The same bytes for the same seed: SHA-256 in counter mode."""

    def __init__(self, seed: str = "tests") -> None:
        self._seed = seed.encode()
        self._count = 0

    def bytes(self, length: int) -> bytes:
        made = b""
        while len(made) < length:
            self._count += 1
            made += hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return made[:length]
