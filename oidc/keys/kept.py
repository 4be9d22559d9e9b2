"""What a node keeps of the database for a few seconds, reloaded outside transactions only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from config.clock import Clock
from config.database import in_transaction

KEEP_SECONDS = 5.0
"""How old what a node keeps may be (DESIGN.md, "Running it")."""

T = TypeVar("T")


class Kept(Generic[T]):
    """A frozen value that many threads read and one at a time renews."""

    def __init__(self, load: Callable[[T | None], T], clock: Clock) -> None:
        """load: makes the value; is given the one before, and may open transactions and call the key ring."""
        self._load = load
        self._clock = clock
        self._value: T | None = None
        self._loaded_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, *, max_age_seconds: float = KEEP_SECONDS) -> T:
        """The value, renewed when it is older. Inside a transaction what is held serves, whatever its age."""
        value = self._value
        if value is not None and (in_transaction() or self._clock.monotonic() - self._loaded_at < max_age_seconds):
            return value
        with self._lock:
            value = self._value
            if value is None or self._clock.monotonic() - self._loaded_at >= max_age_seconds:
                value = self._load(value)
                self._value, self._loaded_at = value, self._clock.monotonic()
            return value

    def fresh(self) -> T | None:
        """The value that is held, None when it is too old; nothing is loaded."""
        is_fresh = self._clock.monotonic() - self._loaded_at < KEEP_SECONDS
        return self._value if is_fresh else None

    def forget(self) -> None:
        """Renew at the next use: this node just changed what lies beneath."""
        self._loaded_at = float("-inf")
