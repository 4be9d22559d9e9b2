"""Markup and scripts in every text that someone else may choose: shown as typed, on every page that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.installation import RunningHouse
from tests.walks.papers import bill
from tests.walks.person import Person, new_person
from tests.walks.service import Service, register, request, serving

WORDS = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert('label')</script>",
    "' autofocus onfocus='alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{7*7}} ${7*7} &lt;b&gt; %(paper)s javascript:alert(1)",
]
FILE_NAMES = ["<img src=x onerror=alert(1)>.pdf", "'onmouseover='alert(1).pdf", "{{7*7}}&amp;.pdf"]
SERVICE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{7*7}}"
FAMILY_NAME = "<b onclick=alert(1)>O'Neill & sons</b>"

PLANTED = """() => [...document.querySelectorAll(
  'script:not([src]), img[src="x"], svg[onload], b, [onerror], [onfocus], [onclick], [onmouseover]'
)].map((e) => e.outerHTML)"""


@pytest.fixture(scope="module")
def hostile(town: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving() as made:
        register(town, tmp_path_factory.mktemp("hostile"), made, "hostile", SERVICE, **{"client_name#fr": SERVICE})
        yield made


@pytest.fixture(scope="module")
def victim(town: RunningHouse, chromium: Browser, hostile: Service) -> Iterator[Person]:
    made = new_person(town, chromium)
    made.sign_up("jules@people.example")
    page = made.go("/profile")
    page.fill("[name=given_name]", WORDS[0])
    page.fill("[name=family_name]", FAMILY_NAME)
    page.locator("form[action='/profile'] button").click()
    page.get_by_text("Your details were kept.").wait_for()
    for number, word in enumerate(WORDS):
        page = made.go("/papers/add?type=proof_of_address")
        page.fill("#label", word)
        if page.get_by_label("Yes, draw pictures").count():
            page.get_by_label("Yes, draw pictures").check()
        page.locator("#file").set_input_files(
            {"name": FILE_NAMES[number % 3], "mimeType": "application/pdf", "buffer": bill()}
        )
        page.get_by_role("button", name="Keep this paper").click()
        page.wait_for_url("**/papers/*?done=added")
    yield made
    made.context.close()


def shows(person: Person, address: str, *words: str) -> None:
    """The page at this address shows these words as they were typed, and nothing of them came to life."""
    page = person.go(address)
    text = " ".join(page.inner_text("body").split()) + page.title()
    for word in words:
        assert word in text, f"{address}: {word}"
    assert page.evaluate(PLANTED) == []
    assert person.reports == []


def test_a_name_for_a_paper_is_only_a_name(victim: Person) -> None:
    shows(victim, "/papers", *WORDS)
    papers = [str(link.get_attribute("href")) for link in victim.page.locator(".paper a").all()]
    assert len(papers) == len(WORDS)
    for address in papers:
        label = next(word for word in WORDS if word in shown(victim, address))
        shows(victim, address, label)
        assert victim.page.locator("[name=label]").input_value() == label
        shows(victim, f"{address}/delete", label)
        shows(victim, f"/papers/add?replaces={address.rpartition('/')[2]}")


def shown(person: Person, address: str) -> str:
    return " ".join(person.go(address).inner_text("h1").split())


def test_a_name_of_a_file_is_only_a_name(victim: Person) -> None:
    victim.go("/papers")
    papers = [str(link.get_attribute("href")) for link in victim.page.locator(".paper a").all()]
    texts = " ".join(victim.go(address).inner_text("main") for address in papers)
    assert [name for name in FILE_NAMES if name not in texts] == []


def test_a_search_is_only_words(victim: Person) -> None:
    for word in WORDS:
        victim.go("/papers")
        victim.page.fill("#q", word) if victim.page.locator("#q").count() else victim.go("/papers?q=x")
        victim.page.fill("#q", word)
        victim.page.locator(".filters button").click()
        assert victim.page.locator("#q").input_value() == word
        assert victim.page.evaluate(PLANTED) == []


def test_a_name_of_a_person_is_only_a_name(victim: Person) -> None:
    shows(victim, "/", WORDS[0].split()[0])
    victim.go("/profile")
    assert victim.page.locator("[name=given_name]").input_value() == WORDS[0]
    assert victim.page.locator("[name=family_name]").input_value() == FAMILY_NAME
    assert victim.page.evaluate(PLANTED) == []


def test_a_name_of_a_service_is_only_a_name(
    town: RunningHouse, chromium: Browser, victim: Person, hostile: Service, operator: Person, auditor: Person
) -> None:
    stranger = new_person(town, chromium)
    entrance = hostile.show_form("/enter", f"{town.url}/authorize", request(town, hostile, "hostile"))
    stranger.go(entrance).get_by_role("button", name="Go").click()
    shows(stranger, stranger.page.url, SERVICE)
    stranger.go(f"/authorize?client_id=hostile&redirect_uri={hostile.url}/elsewhere&response_type=code")
    assert stranger.page.evaluate(PLANTED) == []
    assert stranger.reports == []
    stranger.context.close()

    victim.go(entrance).get_by_role("button", name="Go").click()
    victim.page.wait_for_url("**/release/**")
    shows(victim, victim.page.url, SERVICE, FAMILY_NAME, *WORDS)
    victim.page.locator("button[name=decision][value=send]").click()
    victim.page.get_by_role("heading", name="Welcome back").wait_for()
    for address in ("/accesses", "/services", "/leave"):
        shows(victim, address, SERVICE)
    shows(victim, "/papers", SERVICE)
    shows(victim, "/?lang=fr")
    shows(victim, "/?lang=en")
    shows(operator, "/operator/services", SERVICE)
    shows(auditor, "/auditor?client=hostile", SERVICE)
