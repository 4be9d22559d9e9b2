"""`make bench`: our door beside the bare store and a peer, in one run; the table goes to docs/performance.md."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import requests

from bench import page, peer
from bench.bare import Bare, pdf
from bench.counts import Counter
from bench.measuring import Party, Row, measured, measured_in_turns, resident_mb
from bench.visitor import Visitor
from tests.installation import RunningHouse, running

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
SIGN_ONS = 5 * ROUNDS
"""CPU is counted in steps of 10 ms, and node compiles what has run a while."""
SIGN_INS = 6
"""More than ten in a quarter of an hour are refused."""
TOGETHER = 8
"""Browsers at once, as in the measure that the goal comes from."""
SIZES = {"100 KB": 100_000, "10 MB": 10_000_000}


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with running(folder / "data") as town:
            memory = _memory(town)
            bench = Bench(town)
            rows = [bench.password_sign_in(), *bench.sign_ons(folder), *bench.papers()]
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    table = "\n".join(
        [
            f"Medians of {ROUNDS} rounds ({SIGN_ONS} of a sign-on) on {machine}.",
            "",
            "| operation | wall ms | CPU ms | bare ms | ratio | transactions | queries | S3 |",
            "|---|---|---|---|---|---|---|---|",
            *(row.line() for row in rows),
            "",
            "Resident after a fresh start: " + ", ".join(f"{part} {size} MB" for part, size in memory) + ".",
        ],
    )
    page.put("bench", table)


class Bench:
    """One citizen and one service at an installation that runs."""

    def __init__(self, town: RunningHouse) -> None:
        """town: ready; makes itself a citizen there."""
        self.town = town
        kept = json.loads((town.folder / "school-enrolment.json").read_text())
        self.client = (kept["client_id"], kept["client_secret"])
        self.web = [_web(town)]
        self.counter = Counter(town.folder)
        self.citizen = Visitor(town.url, "bench@people.example")
        self.citizen.callback = f"{town.example_url}/callback"
        self.citizen.sign_up()

    def password_sign_in(self) -> Row:
        """The page, then the form with address and password."""
        cost = measured(self.citizen.sign_in, self.web, SIGN_INS, warm=1)
        counts = self.counter.count(self.citizen.sign_in, self.citizen.http)
        return Row(name="password sign-in (page and form)", cost=cost, counts=counts)

    def sign_ons(self, folder: Path) -> Iterator[Row]:
        """With a session and a standing grant, in turns with the peer: one browser, then several at once.

        Held against the peer's CPU where its SQLite is as durable as ours. folder: for the peer's databases.
        """
        self.citizen.release(self.client)
        with peer.running(folder, "FULL") as full, peer.running(folder, "NORMAL") as normal:
            for browsers, name in ((1, "one browser"), (TOGETHER, f"{TOGETHER} browsers at once")):
                ours = Party([partial(self.citizen.beside().sign_on, self.client) for _ in range(browsers)], self.web)
                others = [
                    Party([partial(other.sign_on, other.citizen()) for _ in range(browsers)], [other.pid])
                    for other in (full, normal)
                ]
                rounds = SIGN_ONS // browsers
                cost, durable, relaxed = measured_in_turns([ours, *others], rounds, warm=rounds)
                counts = self.counter.count(partial(self.citizen.sign_on, self.client), self.citizen.http)
                yield Row(name=f"single sign-on, {name}", cost=cost, bare_ms=durable.cpu_ms, of_cpu=True, counts=counts)
                yield Row(name=f"oidc-provider, SQLite FULL, {name}", cost=durable)
                yield Row(name=f"oidc-provider, SQLite NORMAL, {name}", cost=relaxed)

    def papers(self) -> Iterator[Row]:
        """Uploads and lending fetches, each held against boto3's bare call."""
        bare = Bare(self.town.folder)
        for name, size in SIZES.items():
            content = pdf(size)
            upload = partial(self.citizen.upload, content)
            bare_put = measured(partial(bare.put, content), [], ROUNDS).wall_ms
            cost = measured(upload, self.web, ROUNDS)
            counts = self.counter.count(upload, self.citizen.http)
            yield Row(name=f"upload {name} (page and form)", cost=cost, bare_ms=bare_put, counts=counts)
            token = self.citizen.lend(self.citizen.upload(content), self.client)
            service = requests.Session()
            fetch = partial(_fetch, service, token)
            bare_get = measured(partial(bare.get, bare.put(content)), [], ROUNDS).wall_ms
            cost = measured(fetch, self.web, ROUNDS)
            counts = self.counter.count(fetch, service)
            yield Row(name=f"lending fetch {name}", cost=cost, bare_ms=bare_get, counts=counts)


def _fetch(service: requests.Session, token: dict[str, object]) -> None:
    location = token["authorization_details"][0]["documents"][0]["location"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token['access_token']}", "Acting-Agent": "bench"}
    answer = service.get(location, headers=headers)
    assert answer.ok, answer.text


def _web(town: RunningHouse) -> int:
    """The process that answers: the youngest of the web server's two."""
    return max(pid for pid in town.children() if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes())


def _memory(town: RunningHouse) -> list[tuple[str, int]]:
    found: dict[str, int] = {"run": 0, "web": 0, "worker": 0, "store": 0, "example": 0}
    for pid in [town.process.pid, *town.children()]:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        name = next((n for n in ("web", "worker", "run") if f"\0{n}\0".encode() in line), "example")
        found["store" if b"mini" in line else name] += resident_mb(pid)
    return [*found.items(), ("together", sum(found.values()))]


if __name__ == "__main__":
    main()
