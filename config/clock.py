"""What time it is. The only module that asks the operating system; everyone else is handed a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, so that tests can set it."""

    def now(self) -> datetime:
        """The time in UTC, whole seconds (what is stored and signed)."""

    def monotonic(self) -> float:
        """Seconds since an unknown moment, never going back: for measuring and for caches."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.fromtimestamp(int(time.time()), UTC)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()
