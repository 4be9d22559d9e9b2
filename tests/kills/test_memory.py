"""The largest paper passes through the web server without staying in its memory."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.kills.citizen import Citizen, citizen, paper
from tests.kills.machine import WEB, Machine

LARGEST = 50_000_000
"""`limits.max_document_bytes`."""
MOST_ABOVE_IDLE = 32_000_000
PEAK_BEGINS_ANEW = "5"
"""What clear_refs takes for it (proc(5))."""


class Memory:
    """The web server's resident memory, all its processes together."""

    def __init__(self, machine: Machine) -> None:
        """Begin to watch."""
        self._pids = machine.pids(WEB)
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text(PEAK_BEGINS_ANEW)
        self.idle = self._sum("VmRSS")

    def above_idle(self) -> int:
        """How many bytes the peak since the beginning lies above it."""
        return self._sum("VmHWM") - self.idle

    def _sum(self, field: str) -> int:
        lines = [line for pid in self._pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


@pytest.fixture
def person(machine: Machine, chance: random.Random) -> Citizen:
    """Someone who has come through each door once: what is loaded once is loaded."""
    made = citizen(machine, agreed=False)
    kept = made.upload(paper(100_000, chance)).receipt
    made.get(f"/papers/{kept}/original")
    made.get(*made.lend(kept))
    return made


def test_the_largest_paper_passes_every_door_with_flat_memory(
    machine: Machine, person: Citizen, chance: random.Random
) -> None:
    content = paper(LARGEST, chance)
    grown = {}
    watched = Memory(machine)
    kept = person.upload(content).receipt
    grown["upload"] = watched.above_idle()
    watched = Memory(machine)
    assert person.get(f"/papers/{kept}/original").body == content
    grown["download"] = watched.above_idle()
    location, headers = person.lend(kept)
    watched = Memory(machine)
    assert person.get(location, headers).body == content
    grown["fetch"] = watched.above_idle()
    assert max(grown.values()) <= MOST_ABOVE_IDLE, grown
