"""What an operation costs: wall time at the client, CPU of the processes that answer, and a row of the table."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.counts import Counts

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one operation: median wall time, CPU of the answering processes."""

    wall_ms: float
    cpu_ms: float


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
    before, taken = cpu_seconds(pids), []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    spent = cpu_seconds(pids) - before
    return Cost(wall_ms=statistics.median(taken) * 1000, cpu_ms=spent / rounds * 1000)


def measured_together(calls: Sequence[Callable[[], object]], pids: Sequence[int], rounds: int) -> Cost:
    """The same with all calls at once, each in a thread of its own and `rounds` times."""
    taken: list[float] = []
    failed: list[BaseException] = []

    def drive(call: Callable[[], object]) -> None:
        try:
            for _ in range(rounds):
                begin = time.perf_counter()
                call()
                taken.append(time.perf_counter() - begin)
        except BaseException as error:  # noqa: BLE001 -- raised again below, in the main thread
            failed.append(error)

    before = cpu_seconds(pids)
    threads = [threading.Thread(target=drive, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    spent = cpu_seconds(pids) - before
    return Cost(wall_ms=statistics.median(taken) * 1000, cpu_ms=spent / len(taken) * 1000)


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time so far, of these processes together (proc(5), `stat`)."""
    return sum(_ticks(pid) for pid in pids) / TICK


def resident_mb(pid: int) -> int:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
