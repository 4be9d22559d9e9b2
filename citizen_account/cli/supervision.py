"""What `run` does while it runs: a child that ended by itself is started again; one that keeps ending ends the rest.

The first time at once, then after a pause that doubles; whoever lives for a while is forgiven what was before.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from config.clock import Clock
from config.errors import ConfigurationError

LOOK = 0.2
"""Seconds between two looks at the children."""
STEADY = 10.0
"""A child that lived for so many seconds had started well."""
FIRST_PAUSE = 1.0
"""Seconds before the second try; doubled for each one after it."""
TRIES = 5
"""So many ends in a row are enough."""
LAST_WORDS = 300


@dataclass(slots=True)
class Child:
    """One process, and how to start it again."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    process: subprocess.Popen[bytes]
    started_at: float
    failures: int = 0
    again_at: float | None = None
    """When it is started again; None while it runs."""

    def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds end it."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        """The last line of its log, and where the others are."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        own = [line for line in lines if not line.startswith("[")] or lines or ["nothing"]  # granian's begin so
        return f"It said last: {own[-1][:LAST_WORDS]} (all of it: {self.log})"


class Supervision:
    """Starts children, watches them, stops them in the reverse order."""

    def __init__(self, clock: Clock, stopped: threading.Event, patience: float) -> None:
        """stopped: set when everything shall end. patience: seconds that a child may take to end."""
        self._clock = clock
        self._stopped = stopped
        self._patience = patience
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        log: Path,
        process: subprocess.Popen[bytes] | None = None,
    ) -> Child:
        """Start a child. name: as people read it, after "The". log: where it writes. process: if it runs already."""
        child = Child(name, start, log, process or start(), self._clock.monotonic())
        self._children.append(child)
        return child

    def watch(self) -> None:
        """Until everything shall end. Raises `ConfigurationError` when a child ends again and again."""
        while not self._stopped.wait(LOOK):
            for child in self._children:
                self._look(child)

    def stop(self) -> None:
        """End every child, the youngest first."""
        for child in reversed(self._children):
            child.stop(self._patience)

    def _look(self, child: Child) -> None:
        if child.process.poll() is None:
            return
        now = self._clock.monotonic()
        if child.again_at is None:
            child.again_at = now + self._pause(child, now)
        if child.again_at <= now:
            child.process, child.started_at, child.again_at = child.start(), now, None

    def _pause(self, child: Child, now: float) -> float:
        """Seconds until the next try, said aloud."""
        child.failures = 1 if now - child.started_at >= STEADY else child.failures + 1
        how = _ended(child.process.returncode)
        if child.failures >= TRIES:
            message = f"The {child.name} {how}, {TRIES} times in a row; the rest was stopped. {child.last_words()}"
            raise ConfigurationError(message)
        pause = 0.0 if child.failures == 1 else FIRST_PAUSE * 2 ** (child.failures - 2)
        click.echo(f"The {child.name} {how}. It is started again{f' in {pause:.0f} s' if pause else ''}.")
        return pause


def _ended(code: int) -> str:
    return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended (exit code {code})"
