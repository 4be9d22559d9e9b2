"""The person is elsewhere: a kiosk in the town hall and a telephone desk, and the telephone that answers both."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from config import ports
from oidc.clients.metadata import CIBA, DEVICE_CODE
from tests.installation import ROOT, RunningHouse, environment
from tests.walks.looking import problems
from tests.walks.person import PHONE, Person, new_person
from tests.walks.relying_parties import SECRET, listening, register, relying_party

DESK = {
    "client_id": "decoupled",
    "client_name": "Telephone desk",
    "client_secret": SECRET,
    "scope": "openid profile",
    "id_token_signed_response_alg": "ES256",
    "grant_types": [CIBA, DEVICE_CODE, "refresh_token"],
}


@pytest.fixture
def telephone(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    made = new_person(town, chromium, viewport=PHONE, has_touch=True)
    yield made
    made.context.close()


def named(person: Person, email: str, name: str) -> None:
    """An account that knows how its person is called."""
    person.sign_up(email)
    page = person.go("/profile?lang=en")
    page.get_by_label("First names").fill(name)
    page.get_by_label("Family name").fill("Testville")
    page.get_by_role("button", name="Keep my details").click()


def approve(person: Person) -> None:
    """On the release page."""
    person.page.get_by_role("heading").first.wait_for()
    person.look()
    person.page.get_by_role("button", name=re.compile("^Continue to")).click()


@pytest.fixture
def kiosk(town: RunningHouse, tmp_path: Path) -> Iterator[str]:
    """The example kiosk, registered as its README says; its address."""
    metadata = json.loads((ROOT / "examples" / "kiosk" / "client.json").read_text())
    register(town, tmp_path, {**metadata, "client_secret": SECRET})
    (port,) = ports.free(1)
    settings = {"CITY_ISSUER": town.url, "CITY_CLIENT_ID": "kiosk", "CITY_CLIENT_SECRET": SECRET}
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.kiosk", str(port)], cwd=ROOT, env=environment(town.folder, **settings)
    )
    try:
        assert listening(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def shown(screen: Page) -> str:
    return screen.locator(".code").inner_text()


def test_a_kiosk_shows_a_code_and_learns_who_approved_it(kiosk: str, chromium: Browser, telephone: Person) -> None:
    named(telephone, "kiosk@people.example", "Camille")
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    screen = context.new_page()
    screen.goto(kiosk)
    assert problems(screen) == []
    screen.get_by_role("button", name="Show me a code").click()
    assert problems(screen) == []
    page = telephone.go("/device?lang=en")
    page.get_by_label(re.compile("code", re.IGNORECASE)).fill(shown(screen))
    page.get_by_role("button", name="Go on").click()
    approve(telephone)
    screen.get_by_role("heading", name="Welcome, Camille Testville").wait_for(timeout=30_000)
    assert problems(screen) == []
    screen.get_by_role("button", name="I am done").click()
    assert "Camille" not in screen.goto(f"{kiosk}/hello").text()  # type: ignore[union-attr]
    # Who says no is left alone.
    screen.get_by_role("button", name="Show me a code").click()
    telephone.go(f"/device?lang=en&user_code={shown(screen)}")
    page.get_by_role("button", name="Yes, my device shows this code").click()
    page.get_by_role("button", name="Don't send anything").click()
    screen.get_by_text("You said no").wait_for(timeout=30_000)
    context.close()


def test_oauth4webapi_asks_for_someone_at_a_device_and_on_the_telephone(
    town: RunningHouse, telephone: Person, tmp_path: Path
) -> None:
    telephone.sign_up("decoupled@people.example")
    register(town, tmp_path, DESK)
    with relying_party("decoupled.mjs", town.url, "decoupled", SECRET) as client:
        begun = client.ask("device")
        telephone.go(begun["verification_uri_complete"])
        telephone.page.get_by_role("button", name="Yes, my device shows this code").click()
        approve(telephone)
        telephone.page.wait_for_url(re.compile("/device/approved"))
        told = client.ask("poll")
        assert told.get("error") is None, told
        assert told["claims"]["sub"] == told["userinfo"]["sub"]
        assert client.ask("refresh") == {"token_type": "bearer"}
        assert client.ask("revoke") == {"revoked": True}
        assert client.ask("refresh")["error"] == "invalid_grant"

        client.ask(f"ciba {telephone.email}")
        telephone.go(telephone.mail("/asked/"))
        telephone.page.get_by_text("W-17").wait_for()
        telephone.page.get_by_role("button", name="Yes, show me what they ask").click()
        approve(telephone)
        telephone.page.wait_for_url(re.compile("/device/approved"))
        again = client.ask("poll")
        assert again["claims"]["sub"] == told["claims"]["sub"]
        assert client.ask("poll")["error"] == "invalid_grant"
