"""A relying party that nobody here wrote (npm openid-client) signs in by a pushed request and fetches a paper."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.installation import ROOT, RunningHouse, environment
from tests.walks.papers import bill, save
from tests.walks.person import new_person

CALLBACK = "http://127.0.0.1:9/callback"
CLIENT: dict[str, Any] = {
    "client_id": "library",
    "client_secret": "a-secret-that-the-library-brings-along-0123456789",
    "client_name": "Library",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile email",
    "id_token_signed_response_alg": "ES256",
    "contract": {
        "purposes": {"school_enrolment": {"document_types": ["proof_of_address"], "max_duration": "P1Y"}},
        "retention": "P30D",
        "contact": "library@city.example",
    },
}


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
def relying_party(town: RunningHouse, *mode: str) -> Iterator[RelyingParty]:
    details = [
        {
            "type": "document",
            "document_types": ["proof_of_address"],
            "actions": ["read"],
            "purpose": "school_enrolment",
            "duration": "P30D",
            "locations": [f"{town.url}/vault"],
        },
    ]
    program = ROOT / "tests" / "interop" / "relying_party.mjs"
    node = Path(sys.executable).with_name("node")
    arguments = [town.url, CLIENT["client_id"], CLIENT["client_secret"], CALLBACK, json.dumps(details), *mode]
    process = subprocess.Popen(
        [str(node), str(program), *arguments],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield RelyingParty(process)
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module")
def library(town: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Registered by the command line, as an operator would; its own id and secret are kept."""
    file = tmp_path_factory.mktemp("client") / "library.json"
    file.write_text(json.dumps(CLIENT))
    done = subprocess.run(
        [sys.executable, "-m", "citizen_account", "client", "import", "--json", str(file)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(town.folder),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["client_id"] == "library"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("mode", ["bearer", "dpop"])
def test_it_signs_in_fetches_refreshes_and_is_refused_once_it_is_taken_back(
    town: RunningHouse,
    chromium: Browser,
    tmp_path: Path,
    mode: str,
) -> None:
    person = new_person(town, chromium)
    person.sign_up(f"{mode}@people.example")
    file = save(tmp_path, "bill.pdf", bill())
    person.add_paper("proof_of_address", file)
    with relying_party(town, *([mode] if mode == "dpop" else [])) as client:
        person.page.goto(client.hear()["authorization_url"])
        assert "Library" in person.page.inner_text("h1")
        # Nothing listens at the callback: what the browser wanted to open there is the answer.
        with person.page.expect_event("requestfailed", lambda request: request.url.startswith(CALLBACK)) as landed:
            person.page.get_by_role("button", name=re.compile("^Send")).click()
        told = client.ask(f"callback {landed.value.url}")
        assert told.get("error") is None, told
        assert told["claims"]["sub"] == told["userinfo"]["sub"]
        assert told["userinfo"]["email"] == f"{mode}@people.example"
        assert told["token_type"] == ("dpop" if mode == "dpop" else "bearer")
        location = told["authorization_details"][0]["documents"][0]["location"]
        fetched = client.ask(f"fetch {location}")
        assert fetched["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert client.ask("refresh")["refreshed"]
        assert client.ask(f"fetch {location}")["status"] == 200
        person.go("/accesses")
        while person.page.get_by_role("button", name=re.compile("^Stop")).count():
            person.page.get_by_role("button", name=re.compile("^Stop")).first.click()
            person.page.wait_for_url(re.compile("/accesses"))
        refused = client.ask(f"fetch {location}")
        assert refused.get("status") in {401, 403}, refused
    person.context.close()
