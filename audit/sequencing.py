"""The sequencing job: an entry is in the tree a second after its commit; what people must mend is said rarely."""

from __future__ import annotations

from typing import Protocol

from audit.errors import VerificationError
from config.clock import Clock
from config.logs import get_logger

TRY_AGAIN_SECONDS = 1.0
"""While the published checkpoint is gone or not ours: one look a second, until people have put it back."""
FIRST_SILENCE_SECONDS = 60.0
"""Between two lines in the log that say so; doubled after each."""
LONGEST_SILENCE_SECONDS = 3_600.0

log = get_logger(__name__)


class Sequences(Protocol):
    """What is run: `audit.recovery.Recovery`, or whoever does more after a restore."""

    def run_once(self) -> object:
        """Integrate and publish what waits. Raises `VerificationError` when people must look."""


class Sequencing:
    """Runs the sequencer, four times a second."""

    def __init__(self, sequencer: Sequences, clock: Clock) -> None:
        """sequencer: see `Sequences`."""
        self._sequencer = sequencer
        self._clock = clock
        self._try_at = float("-inf")
        self._say_at = float("-inf")
        self._silence = FIRST_SILENCE_SECONDS

    def run_once(self) -> None:
        """Integrate and publish; a log that is closed to us is an event at growing intervals, not every time."""
        now = self._clock.monotonic()
        if now < self._try_at:
            return
        try:
            self._sequencer.run_once()
        except VerificationError as error:
            self._try_at = now + TRY_AGAIN_SECONDS
            if now >= self._say_at:
                log.error("ledger_closed", reason=str(error))  # noqa: TRY400 -- no defect of ours: no trace
                self._say_at = now + self._silence
                self._silence = min(2 * self._silence, LONGEST_SILENCE_SECONDS)
            return
        if self._silence > FIRST_SILENCE_SECONDS:
            log.warning("ledger_open_again")
        self._say_at, self._silence = float("-inf"), FIRST_SILENCE_SECONDS
