"""Relying parties that nobody here wrote: registered as an operator would, run as programs of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from config import ports
from tests.installation import ROOT, RunningHouse, environment

CALLBACK = "http://127.0.0.1:9/callback"
"""Nothing listens there: what the browser wanted to open is the answer."""
SECRET = "a-secret-that-the-library-brings-along-0123456789"
INTEROP = ROOT / "tests" / "interop"
CONTRACT: Mapping[str, Any] = {
    "purposes": {"school_enrolment": {"document_types": ["proof_of_address"], "max_duration": "P1Y"}},
    "retention": "P30D",
    "contact": "library@city.example",
}


def details(town: RunningHouse) -> str:
    """A request for one paper (RFC 9396), as JSON."""
    member = {
        "type": "document",
        "document_types": ["proof_of_address"],
        "actions": ["read"],
        "purpose": "school_enrolment",
        "duration": "P30D",
        "locations": [f"{town.url}/vault"],
    }
    return json.dumps([member])


def register(town: RunningHouse, folder: Path, metadata: Mapping[str, Any]) -> None:
    """By the command line, as an operator would; what the metadata name of id and secret is kept."""
    file = folder / "client.json"
    file.write_text(json.dumps(metadata))
    done = subprocess.run(
        [sys.executable, "-m", "citizen_account", "client", "import", "--json", str(file)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(town.folder),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["client_id"] == metadata["client_id"]


def listening(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether a server that was started comes to listen there, within ten seconds; False when it ends before."""
    for _ in range(200):
        if ports.answers(port):
            return True
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            return False
    return False


class RelyingParty:
    """The node program, a line in, a line out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the relying party ended"
        said: dict[str, Any] = json.loads(line)
        return said

    def ask(self, command: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.hear()


@contextmanager
def relying_party(program: str, *arguments: str) -> Iterator[RelyingParty]:
    """A program of tests/interop, ended afterwards."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("node")), str(INTEROP / program), *arguments],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield RelyingParty(process)
    finally:
        process.kill()
        process.wait(10)
