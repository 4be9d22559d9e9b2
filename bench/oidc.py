"""`make bench-oidc`: the provider beside npm oidc-provider, the same load in turns on the same core.

Both are driven by one light client from another core. Ours is the `web` program of an installation that runs; its
worker and object store, which have their own work to do, are kept off the core. Both keep everything in SQLite.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests
from argon2 import PasswordHasher

from bench import load, page, peer
from bench.measuring import cpu_seconds, measured, proportional_mb
from bench.operations import Beginning, Provider
from bench.visitor import PASSWORD, Visitor
from citizen_account import passwords
from citizen_account.cli import installation
from citizen_account.wiring import build
from tests.installation import RunningHouse, running

CONNECTIONS = 8
TURNS = int(os.environ.get("BENCH_TURNS", "4"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.75"))
"""Of a turn."""
SYNCHRONOUS = "FULL"
"""Of SQLite, on both sides; ours has no other."""
SIGN_INS = 8
"""More than ten in a quarter of an hour are refused."""
HASHER = PasswordHasher(time_cost=passwords.ITERATIONS, memory_cost=passwords.MEMORY_KIB, parallelism=passwords.LANES)
CLIENT = ("bench", "a-secret-of-the-bench-of-48-characters-0123456789")


@dataclass
class Side:
    """One of the two: who answers, and what was measured so far of the operation at hand."""

    provider: Provider
    pids: Sequence[int]
    each: list[float] = field(default_factory=list)
    whole: float = 0.0
    cpu: float = 0.0

    def turn(self, operations: Sequence[Beginning]) -> None:
        """One turn of load."""
        before = cpu_seconds(self.pids)
        taken = load.repeat(self.provider.port, operations, SECONDS)
        self.cpu += cpu_seconds(self.pids) - before
        self.whole += taken.whole
        self.each += taken.each

    def forget(self) -> None:
        """Begin anew."""
        self.each, self.whole, self.cpu = [], 0.0, 0.0

    @property
    def rate(self) -> float:
        """Operations a second."""
        return len(self.each) / self.whole

    @property
    def cpu_ms(self) -> float:
        """Of the answering processes, an operation."""
        return self.cpu / len(self.each) * 1000

    def cells(self) -> str:
        """For the table."""
        part = statistics.quantiles(self.each, n=100)
        return f"{self.rate:.0f} | {part[49] * 1000:.1f} | {part[98] * 1000:.1f} | {self.cpu_ms:.2f}"


def main() -> None:
    """Measure everything, in less than 90 seconds."""
    driving, *others = sorted(os.sched_getaffinity(0))
    core = others[-1] if others else driving
    _pin(os.getpid(), driving)  # and what is started from here on
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, running(Path(name) / "data") as town:
        web = [pid for pid in town.children() if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        citizen = _citizen(town)
        with peer.running(Path(name), SYNCHRONOUS) as other:
            ours, theirs = Side(_ours(town, citizen), web), Side(_theirs(other), [other.pid])
            for pid in (*ours.pids, *theirs.pids):
                _pin(pid, core)
            rows = _rows(ours, theirs)
            memory = [sum(map(proportional_mb, side.pids)) for side in (ours, theirs)]
        cost = measured(citizen.sign_in, web, SIGN_INS, warm=1)
    page.put("bench-oidc", _table(rows, memory, cost.cpu_ms, _hash_ms()))


def _rows(ours: Side, theirs: Side) -> list[str]:
    rows = []
    for name in ours.provider.operations():
        operations = [[side.provider.operations()[name]() for _ in range(CONNECTIONS)] for side in (ours, theirs)]
        for turn in range(-1, TURNS):
            for side, begun in zip((ours, theirs), operations, strict=True):
                if turn == 0:  # node compiles what has run a while
                    side.forget()
                side.turn(begun)
        ratios = f"{ours.rate / theirs.rate:.2f} | {theirs.cpu_ms / ours.cpu_ms:.2f}"
        rows.append(f"| {name} | {ours.cells()} | {theirs.cells()} | {ratios} |")
    return rows


def _hash_ms() -> float:
    """CPU of one password hash alone, by which a busy machine can be told."""
    begun = time.process_time()
    for _ in range(SIGN_INS):
        HASHER.hash(PASSWORD)
    return (time.process_time() - begun) / SIGN_INS * 1000


def _table(rows: Sequence[str], memory: Sequence[int], password_ms: float, hash_ms: float) -> str:
    cells = "/s | p50 ms | p99 ms | CPU ms"
    taken = f"{CONNECTIONS} connections, {TURNS} turns of {SECONDS} s each, Python {sys.version.split()[0]}"
    resident = f"ours {memory[0]} MB (both processes of `web`), oidc-provider {memory[1]} MB"
    lines = [
        f"{taken}; both on one core and SQLite (WAL, synchronous {SYNCHRONOUS}). Ratios: above 1 is ahead.",
        "",
        f"| operation | ours {cells} | oidc-provider {cells} | ratio of /s | of CPU |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"Memory after it (proportional set size): {resident}.",
        f"A password sign-in, page and form, takes {password_ms:.1f} ms of CPU; Argon2id alone {hash_ms:.1f} ms.",
    ]
    return "\n".join(lines)


def _citizen(town: RunningHouse) -> Visitor:
    citizen = Visitor(town.url, "bench@people.example", f"{town.example_url}/callback")
    citizen.sign_up()
    citizen.name("Alice", "Martin")
    os.environ["CITIZEN_ACCOUNT_DATA_DIR"] = str(town.folder)
    told = {
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "client_name": "Bench",
        "redirect_uris": [citizen.callback],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid profile",
        "id_token_signed_response_alg": "ES256",
    }
    build(installation.settings()).clients.add(told, actor="bench")
    citizen.release(CLIENT)
    return citizen


def _ours(town: RunningHouse, citizen: Visitor) -> Provider:
    return Provider(
        name="ours",
        host=urlsplit(town.url).netloc,
        port=town.port,
        client=CLIENT,
        callback=citizen.callback,
        cookies=_cookies(citizen.http),
        authorization=citizen.authorize(CLIENT[0]).removeprefix(town.url),
        userinfo="/userinfo",
        introspection="/introspect",
    )


def _theirs(other: peer.Peer) -> Provider:
    parts = urlsplit(other.url)
    return Provider(
        name="oidc-provider",
        host=parts.netloc,
        port=parts.port or 0,
        client=peer.CLIENT,
        callback=peer.CALLBACK,
        cookies=_cookies(other.citizen()),
        authorization=other.authorize().removeprefix(other.url),
        userinfo="/me",
        introspection="/token/introspection",
    )


def _cookies(browser: requests.Session) -> dict[str, str]:
    """Those that every page of its is sent."""
    return {cookie.name: cookie.value or "" for cookie in browser.cookies if cookie.path == "/"}


def _pin(pid: int, core: int) -> None:
    """Keep every thread of a process on a core; those that it starts later stay there too."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


if __name__ == "__main__":
    main()
