"""`citizen-account run` as a child of the tests: the whole house, in a folder and on ports of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config import ports
from tests.conftest import FORBIDDEN_WORDS

ROOT = Path(__file__).parent.parent


@dataclass
class RunningHouse:
    """One `run`: its process, its addresses, and what it said until it was ready."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    example_port: int
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def example_url(self) -> str:
        return f"http://127.0.0.1:{self.example_port}"

    def wait_until_ready(self) -> None:
        """Read what it says until `Ready`; fail with all of it when it ends before."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C stops everything" in line:
                return
        raise AssertionError("run ended before it was ready:\n" + "".join(self.said) + self.logs())

    def links(self) -> list[str]:
        """The one-time links of the first start."""
        return re.findall(r"http://\S+", "".join(line for line in self.said if "/first/" in line))

    def logs(self) -> str:
        """The ends of all logs, for a failing test."""
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.folder.glob("logs/*.log")
        )

    def children(self) -> list[int]:
        """The process ids of everything below it."""
        return descendants(self.process.pid)

    def stop(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        threading.Thread(target=self.process.stdout.read if self.process.stdout else lambda: "", daemon=True).start()
        return self.process.wait(60)


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, by /proc."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, frontier = [], [pid]
    while frontier:
        below = [child for child, parent in parents.items() if parent in frontier]
        found += below
        frontier = below
    return found


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CITIZEN_ACCOUNT_")}
    return {
        **kept,
        "CITIZEN_ACCOUNT_DATA_DIR": str(folder),
        "CITIZEN_ACCOUNT_LOGS__STRICT": "true",  # each program fails where a record leaks: every test is a leak test
        "CITIZEN_ACCOUNT_LOGS__FORBIDDEN_WORDS": json.dumps(FORBIDDEN_WORDS),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def start(folder: Path, *arguments: str, python: str = sys.executable, **more: str) -> RunningHouse:
    port, example_port = ports.free(2)
    process = subprocess.Popen(
        [
            python,
            "-m",
            "citizen_account",
            "run",
            "--port",
            str(port),
            "--example-port",
            str(example_port),
            *arguments,
        ],
        cwd=ROOT,
        env=environment(folder, **more),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return RunningHouse(process, folder, port, example_port)


@contextmanager
def running(folder: Path, *arguments: str, **more: str) -> Iterator[RunningHouse]:
    """A house that is ready, stopped afterwards."""
    house = start(folder, *arguments, **more)
    try:
        house.wait_until_ready()
        yield house
    finally:
        if house.process.poll() is None:
            house.stop()
