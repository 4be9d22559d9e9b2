"""What an operation costs: wall time at the client, CPU of the processes that answer, and a row of the table."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.counts import Counts

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one operation: median wall time, CPU of the answering processes."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Party:
    """One of those that are measured in turns: what to call, and the processes that answer."""

    calls: Sequence[Callable[[], object]]
    pids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. bare_ms: what it is held against; of_cpu: by CPU, else by wall time."""

    name: str
    cost: Cost
    bare_ms: float | None = None
    of_cpu: bool = False
    counts: Counts | None = None

    def line(self) -> str:
        """In Markdown."""
        bare = ratio = "-"
        if self.bare_ms is not None:
            bare = f"{self.bare_ms:.1f}" + (" CPU" if self.of_cpu else "")
            ratio = f"{(self.cost.cpu_ms if self.of_cpu else self.cost.wall_ms) / self.bare_ms:.2f}"
        counted = self.counts.cells() if self.counts else "- | - | -"
        return f"| {self.name} | {self.cost.wall_ms:.1f} | {self.cost.cpu_ms:.1f} | {bare} | {ratio} | {counted} |"


def measured(call: Callable[[], object], pids: Sequence[int], rounds: int, *, warm: int = 2) -> Cost:
    """Run it `rounds` times after `warm` unmeasured ones. pids: the processes whose CPU it is."""
    for _ in range(warm):
        call()
    before = cpu_seconds(pids)
    taken = [_seconds(call) for _ in range(rounds)]
    spent = cpu_seconds(pids) - before
    return Cost(wall_ms=statistics.median(taken) * 1000, cpu_ms=spent / rounds * 1000)


def measured_in_turns(parties: Sequence[Party], rounds: int, *, warm: int) -> list[Cost]:
    """The cost of each party's calls, a round of each after the other, so that what else the machine does meets all.

    The calls of a party run at once, each in a thread of its own. Each party's processes work for nobody else.
    """
    for party in parties:
        for _ in range(warm):
            for call in party.calls:
                call()
    before = [cpu_seconds(party.pids) for party in parties]
    taken: list[list[float]] = [[] for _ in parties]
    for _ in range(rounds):
        for party, times in zip(parties, taken, strict=True):
            with ThreadPoolExecutor(len(party.calls)) as pool:
                times.extend(pool.map(_seconds, party.calls))
    return [
        Cost(
            wall_ms=statistics.median(times) * 1000,
            cpu_ms=(cpu_seconds(party.pids) - spent) / len(times) * 1000,
        )
        for party, times, spent in zip(parties, taken, before, strict=True)
    ]


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time so far, of these processes together (proc(5), `stat`)."""
    return sum(_ticks(pid) for pid in pids) / TICK


def resident_mb(pid: int) -> int:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def proportional_mb(pid: int) -> int:
    """Memory in MB, of what is shared with other processes only its share (proc(5), `smaps_rollup`)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes * 1024 // 1_000_000


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
