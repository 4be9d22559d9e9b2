"""The house on one site, a service on another: forms that cross, cookies that don't, what Chromium refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.installation import RunningHouse
from tests.walks.papers import bill, save
from tests.walks.person import PASSWORD, Person, new_person
from tests.walks.service import Service, register, request, serving

NAME = "Library of the city"


@pytest.fixture(scope="module")
def service(town: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving() as made:
        register(town, tmp_path_factory.mktemp("service"), made, "library-2", NAME)
        yield made


@pytest.fixture(scope="module")
def reader(town: RunningHouse, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    made = new_person(town, chromium)
    made.sign_up("moussa@people.example")
    made.add_paper("proof_of_address", save(tmp_path_factory.mktemp("reader"), "bill.pdf", bill()))
    yield made
    made.context.close()


def test_a_request_posted_from_another_site_finds_the_person_signed_in(reader: Person, service: Service) -> None:
    service.came.clear()
    parameters = request(reader.town, service, "library-2")
    page = reader.go(service.show_form("/enter", f"{reader.town.url}/authorize", parameters))
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(re.compile("/release/"))  # not the sign-in page: the GET that follows brings the Lax cookie
    assert NAME in page.inner_text("h1")
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    method, answer = service.came[-1]
    assert method == "GET"
    assert answer["state"] == parameters["state"]
    assert answer["iss"] == reader.town.url
    assert answer["code"]
    assert reader.reports == []


def test_signing_in_on_the_way_leads_on_to_the_service(
    town: RunningHouse, chromium: Browser, reader: Person, service: Service
) -> None:
    service.came.clear()
    person = new_person(town, chromium)
    parameters = request(town, service, "library-2", prompt="consent")  # an approval that stands is not asked again
    page = person.go(service.show_form("/enter", f"{town.url}/authorize", parameters))
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(re.compile("/sign-in"))
    assert NAME in page.inner_text("main")
    page.get_by_label("Your e-mail address").fill(reader.email)
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/release/"))
    page.get_by_role("button", name=re.compile("^Don't send")).click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    assert service.came[-1][1]["error"] == "access_denied"
    assert person.reports == []
    person.context.close()


@pytest.mark.parametrize("scripted", [True, False], ids=["by itself", "by the button when its script does not come"])
def test_an_answer_by_form_reaches_the_other_site(
    town: RunningHouse, chromium: Browser, reader: Person, service: Service, *, scripted: bool
) -> None:
    service.came.clear()
    person = new_person(town, chromium)
    person.email = reader.email
    person.sign_in()
    if not scripted:
        person.context.route("**/form_post.js*", lambda route: route.abort())
    parameters = request(town, service, "library-2", response_mode="form_post", prompt="consent")
    page = person.go(service.show_form("/enter", f"{town.url}/authorize", parameters))
    page.get_by_role("button", name="Go").click()
    page.get_by_role("button", name=re.compile("^Send")).click()
    if not scripted:
        page.get_by_role("heading", name="Back to the service").wait_for()
        person.look()
        page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    method, answer = service.came[-1]
    assert method == "POST"
    assert answer["state"] == parameters["state"]
    assert answer["code"]
    assert person.reports == []
    person.context.close()


def test_a_service_that_signs_people_out_by_a_form_asks_them_first(reader: Person, service: Service) -> None:
    page = reader.go(service.show_form("/leave", f"{reader.town.url}/end-session", {"client_id": "library-2"}))
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(re.compile("/end-session/"))
    page.get_by_role("heading", name="Do you want to sign out?").wait_for()
    for language in ("en", "fr"):
        reader.go(f"{page.url.partition('?')[0]}?lang={language}")
        reader.look()
    reader.go("/?lang=en").get_by_role("heading", name=re.compile("^Good")).wait_for()


FORGED = {
    "/accesses/stop": "Sign in",  # the Lax cookie stays at home, so that nobody is signed in there
    "/leave": "Sign in",
    "/profile/password": "Sign in",
    "/papers/pictures": "Sign in",
    "/sign-out": "This page was open for too long",
    "/sign-in": "This page was open for too long",
}


@pytest.mark.parametrize("path", FORGED)
def test_a_form_of_another_site_changes_nothing(reader: Person, service: Service, path: str) -> None:
    fields = {"password": PASSWORD, "agreement": "no", "grant": "x", "email": "mallory@people.example"}
    page = reader.go(service.show_form("/forged", f"{reader.town.url}{path}", fields))
    page.get_by_role("button", name="Go").click()
    page.get_by_role("heading", name=FORGED[path]).wait_for()
    reader.go("/papers").get_by_role("heading", name="My papers").wait_for()
    assert "draws small pictures" in page.inner_text("main")


def test_the_house_is_shown_in_no_frame(reader: Person, service: Service) -> None:
    service.pages["/frame"] = f'<iframe src="{reader.town.url}/papers"></iframe>'
    page = reader.go(f"{service.url}/frame")
    frame = page.frames[-1]
    frame.wait_for_load_state()
    assert "My papers" not in frame.locator("body").inner_text()
    assert any("frame-ancestors" in report for report in reader.reports)
    reader.reports.clear()
