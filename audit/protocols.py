"""What the ledger asks of the rooms above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from config.database import Transaction


class Unwraps(Protocol):
    """The ring's record of opened keys, for reconciliation: what was unwrapped, on whose account, when."""

    def causes(self, since: int) -> Mapping[str, int]:
        """Entry id -> time (seconds since 1970) of every unwrap recorded since then."""


class Alarms(Protocol):
    """Where findings go that people must look at."""

    def raised(self, tx: Transaction, code: str, reference: str) -> None:
        """Keep an alarm: its code and an opaque reference."""
