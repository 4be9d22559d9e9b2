"""Signing out in Chromium: frames of the services visited, the way back after them, and the frame that watches."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.installation import RunningHouse, running
from tests.walks.person import Person, new_person
from tests.walks.service import Service, register, request, serving

SECRET = "a-secret-that-the-service-brings-along-0123456789"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
WATCH = """<iframe id="op" src="%s/check-session"></iframe><script>
window.ask = (message) => new Promise((done) => {
  addEventListener("message", (event) => done(event.data), { once: true });
  document.getElementById("op").contentWindow.postMessage(message, "%s");
});</script>"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """A house that offers session management, too."""
    folder = tmp_path_factory.mktemp("watched") / "data"
    with running(folder, CITIZEN_ACCOUNT_PROVIDER__SESSION_MANAGEMENT="true") as house:
        yield house


@pytest.fixture(scope="module")
def service(watched: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving() as made:
        folder = tmp_path_factory.mktemp("service")
        register(watched, folder, made, "pool", "Swimming pool", frontchannel_logout_uri=f"{made.url}/out")
        made.pages["/watch"] = WATCH % (watched.url, watched.url)
        yield made


@pytest.fixture
def swimmer(watched: RunningHouse, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Person]:
    made = new_person(watched, chromium)
    made.sign_up(f"{re.sub('[^a-z]', '', request.node.name)[-30:]}@people.example")
    yield made
    made.context.close()


def sign_on(person: Person, service: Service) -> tuple[str, str]:
    """At the pool; its ID token and session_state."""
    asked = request(person.town, service, "pool")
    del asked["authorization_details"]
    page = person.go(f"/authorize?{urlencode(asked)}")
    page.locator("button[value=send]").click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    _, answer = service.came[-1]
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": asked["redirect_uri"]}
    basic = base64.b64encode(f"pool:{SECRET}".encode()).decode()
    sent = urllib.request.Request(  # noqa: S310 -- our own house
        f"{person.town.url}/token",
        urlencode({**form, "code_verifier": VERIFIER}).encode(),
        {"Authorization": f"Basic {basic}"},
    )
    with urllib.request.urlopen(sent) as told:  # noqa: S310 -- the same
        return str(json.load(told)["id_token"]), answer["session_state"]


def ask(page: Page, message: str) -> str:
    return str(page.evaluate("(message) => window.ask(message)", message))


@pytest.mark.parametrize("scripted", [True, False], ids=["by itself", "by the link when its script does not come"])
def test_the_frame_is_opened_and_then_the_service_has_the_person_back(
    swimmer: Person, service: Service, *, scripted: bool
) -> None:
    hint, _ = sign_on(swimmer, service)
    service.opened.clear()
    if not scripted:
        swimmer.context.route("**/signed_out.js*", lambda route: route.abort())
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": f"{service.url}/bye", "state": "s"}
    page = swimmer.go(f"/end-session?{urlencode(asked)}")
    if not scripted:
        page.get_by_role("heading", name="You are signed out").wait_for()
        swimmer.look()
        page.get_by_role("link", name="Go on").click()
    page.wait_for_url(f"{service.url}/bye?state=s")
    [opened] = [query for path, query in service.opened if path == "/out"]
    assert opened.keys() == {"iss", "sid"}
    assert opened["iss"] == swimmer.town.url
    assert swimmer.reports == []


def test_the_button_of_the_house_opens_the_frame_and_stays(swimmer: Person, service: Service) -> None:
    sign_on(swimmer, service)
    service.opened.clear()
    page = swimmer.go("/?lang=en")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    page.wait_for_load_state("load")
    assert [path for path, _ in service.opened if path == "/out"] == ["/out"]
    swimmer.look()


def test_a_service_sees_through_its_frame_that_the_person_signed_out(swimmer: Person, service: Service) -> None:
    _, state = sign_on(swimmer, service)
    page = swimmer.go(f"{service.url}/watch")
    assert ask(page, f"pool {state}") == "unchanged"
    assert ask(page, f"other {state}") == "changed"
    assert [ask(page, wrong) for wrong in ("pool", "pool nothing", "")] == ["error"] * 3
    tab = swimmer.context.new_page()
    tab.goto(f"{swimmer.town.url}/?lang=en")
    tab.get_by_role("button", name="Sign out").click()
    tab.get_by_role("heading", name="You are signed out").wait_for()
    assert ask(page, f"pool {state}") == "changed"
    assert swimmer.reports == []
