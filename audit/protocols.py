"""What the ledger asks of the ground and the rooms above."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Unwraps(Protocol):
    """A ring's record of the keys it opened."""

    def unwraps(self, since: datetime) -> Mapping[str, int]:
        """cause -> time (seconds since 1970) of every unwrap recorded since then."""
