"""`make bench`: our door beside the bare store, in one run. Prints a table and writes it to docs/performance.md."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import requests
from reportlab.pdfgen.canvas import Canvas

from bench.visitor import Visitor
from tests.installation import RunningHouse, running

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
SIGN_INS = 6
"""More than ten in a quarter of an hour are refused."""
TICK = os.sysconf("SC_CLK_TCK")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


@dataclass
class Row:
    """One operation: median wall and CPU, and the bare part beside it."""

    name: str
    wall_ms: float
    cpu_ms: float
    bare_ms: float | None = None

    def line(self) -> str:
        """A row of the table."""
        ratio = f"{self.wall_ms / self.bare_ms:.2f}" if self.bare_ms else "-"
        bare = f"{self.bare_ms:.1f}" if self.bare_ms else "-"
        return f"| {self.name} | {self.wall_ms:.1f} | {self.cpu_ms:.1f} | {bare} | {ratio} |"


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, running(Path(folder) / "data") as town:
        memory = _memory(town)
        rows = _measure(town)
    table = "\n".join(
        [
            f"Medians of {ROUNDS} rounds on {os.cpu_count()} cores, Python {sys.version.split()[0]}.",
            "",
            "| operation | wall ms | web process CPU ms | bare boto3 ms | ratio |",
            "|---|---|---|---|---|",
            *(row.line() for row in rows),
            "",
            "Resident after a fresh start: " + ", ".join(f"{name} {size} MB" for name, size in memory) + ".",
        ],
    )
    print(table)
    if PAGE.exists() and BEGIN in PAGE.read_text():
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


def _measure(town: RunningHouse) -> list[Row]:
    kept = json.loads((town.folder / "school-enrolment.json").read_text())
    client = (kept["client_id"], kept["client_secret"])
    pid = _web(town)
    citizen = Visitor(town.url, "bench@people.example")
    citizen.callback = f"{town.example_url}/callback"
    citizen.sign_up()
    rows = [_timed("password sign-in", pid, citizen.sign_in, rounds=SIGN_INS)]
    small, large = _pdf(100_000), _pdf(10_000_000)
    s3, bucket = _bare(town)
    for name, content in (("100 KB", small), ("10 MB", large)):
        bare_put = _wall(partial(_put, s3, bucket, content))
        rows.append(_timed(f"upload {name}", pid, partial(citizen.upload, content), bare_put))
        token = citizen.lend(citizen.upload(content), client)
        location = token["authorization_details"][0]["documents"][0]["location"]
        headers = {"Authorization": f"Bearer {token['access_token']}", "Acting-Agent": "bench"}
        service = requests.Session()
        s3.put_object(Bucket=bucket, Key=name, Body=content)
        bare_get = _wall(partial(_get, s3, bucket, name))
        rows.append(_timed(f"lending fetch {name}", pid, partial(_fetch, service, location, headers), bare_get))

    def single_sign_on() -> None:
        back = citizen.http.get(citizen.authorize(client[0]), allow_redirects=False)
        token = citizen.redeem(back.headers["Location"], client)
        found = citizen.http.get(f"{town.url}/userinfo", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert found.ok, found.text

    rows.insert(1, _timed("single sign-on (authorize, token, userinfo)", pid, single_sign_on))
    return rows


def _put(s3: Any, bucket: str, content: bytes) -> None:
    s3.put_object(Bucket=bucket, Key=f"b{time.monotonic_ns()}", Body=content)


def _get(s3: Any, bucket: str, name: str) -> bytes:
    found: bytes = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    return found


def _fetch(service: requests.Session, location: str, headers: dict[str, str]) -> None:
    answer = service.get(location, headers=headers)
    assert answer.ok, answer.text


def _timed(
    name: str,
    pid: int,
    call: Callable[[], object],
    bare_ms: float | None = None,
    *,
    rounds: int = ROUNDS,
) -> Row:
    call()
    before = _cpu(pid)
    wall = _wall(call, rounds)
    return Row(name, wall, (_cpu(pid) - before) / (rounds + 1) * 1000, bare_ms)


def _wall(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    call()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1000


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _web(town: RunningHouse) -> int:
    """The process that answers: the youngest of the web server's two."""
    return max(pid for pid in town.children() if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes())


def _memory(town: RunningHouse) -> list[tuple[str, int]]:
    found: dict[str, int] = {"run": 0, "web": 0, "worker": 0, "store": 0, "example": 0}
    for pid in [town.process.pid, *town.children()]:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        name = next((n for n in ("web", "worker", "run") if f"\0{n}\0".encode() in line), "example")
        name = "store" if b"mini" in line else name
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found[name] += pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    return [*found.items(), ("together", sum(found.values()))]


def _bare(town: RunningHouse) -> tuple[Any, str]:
    kept = dict(line.split("=", 1) for line in (town.folder / "embedded.env").read_text().splitlines())
    s3 = boto3.client(
        "s3",
        endpoint_url=kept["CITIZEN_ACCOUNT_S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=kept["CITIZEN_ACCOUNT_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=kept["CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket="bench")
    return s3, "bench"


def _pdf(size: int) -> bytes:
    """A PDF of about that size: one page and a large attachment-free stream."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        canvas = Canvas(file.name, pageCompression=0)
        line = "bench " * 12
        lines = size // 90
        for at in range(lines):
            canvas.drawString(20, 800 - at % 60 * 12, f"{at} {line}")
            if at % 60 == 59:
                canvas.showPage()
        canvas.save()
        return Path(file.name).read_bytes()


if __name__ == "__main__":
    main()
