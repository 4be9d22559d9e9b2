"""A relying party that nobody here wrote (npm openid-client) signs in by a pushed request and fetches a paper."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.installation import RunningHouse
from tests.walks.papers import bill, save
from tests.walks.person import new_person
from tests.walks.relying_parties import CALLBACK, CONTRACT, SECRET, details, register, relying_party

CLIENT: dict[str, Any] = {
    "client_id": "library",
    "client_secret": SECRET,
    "client_name": "Library",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile email",
    "id_token_signed_response_alg": "ES256",
    "contract": CONTRACT,
}


@pytest.fixture(scope="module")
def library(town: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    register(town, tmp_path_factory.mktemp("client"), CLIENT)


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
    arguments = [town.url, "library", SECRET, CALLBACK, details(town), *([mode] if mode == "dpop" else [])]
    with relying_party("relying_party.mjs", *arguments) as client:
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
