"""A sign-in that ended under an open form: what was chosen and typed comes back, in the browser, scripts or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.installation import RunningHouse
from tests.walks.papers import bill, photograph, save
from tests.walks.person import PASSWORD, Person


def close_elsewhere(person: Person, chromium: Browser) -> None:
    """From another browser, end the sign-in at the person's own."""
    other = Person(person.town, chromium.new_context(locale="en-GB"))
    other.email = person.email
    other.sign_in()
    other.page.get_by_role("link", name="My papers").first.wait_for()
    other.go("/sign-ins").get_by_role("button", name=re.compile("^Close it there")).first.click()
    other.page.get_by_text("It was closed there.").wait_for()
    other.context.close()


def sign_in_here(person: Person) -> None:
    """On the page that one was led to."""
    page = person.page
    page.wait_for_url(re.compile("/sign-in"))
    page.get_by_label("Your e-mail address").fill(person.email)
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without scripts"])
def test_a_release_and_a_paper_survive_a_sign_in_that_ended_meanwhile(
    town: RunningHouse, chromium: Browser, tmp_path: Path, *, scripted: bool
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=scripted)
    person = Person(town, context, scripted=scripted)
    person.sign_up(f"drafts{scripted}@people.example".lower())
    person.add_paper("identity_card", save(tmp_path, "card.jpg", photograph()), "My card")

    page = person.begin_at_school()
    page.get_by_label(re.compile("^I don't have one")).last.check()
    page.get_by_role("button", name=re.compile("^Add this paper now")).first.click()
    person.choose_paper("proof_of_address", save(tmp_path, "bill.pdf", bill()), "November bill")
    close_elsewhere(person, chromium)
    page.get_by_role("button", name="Keep this paper").click()
    sign_in_here(person)
    page.get_by_text("Choose the file again.").wait_for()
    if scripted:
        person.look()
    assert page.get_by_label("Your name for it").input_value() == "November bill"
    page.locator("input[type=file]").set_input_files(tmp_path / "bill.pdf")
    page.get_by_role("button", name="Keep this paper").click()
    page.wait_for_url(re.compile("/release/"))
    assert page.locator("input[type=radio]:checked").count() == 3

    close_elsewhere(person, chromium)
    page.get_by_role("button", name=re.compile("^Send")).click()
    sign_in_here(person)
    page.get_by_text("nothing has been sent yet").first.wait_for()
    if scripted:
        person.look()
    assert page.locator("input[type=radio]:checked").count() == 3
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url(f"{town.example_url}/enrolment")
    assert "We received 2 papers" in page.inner_text("main")
    context.close()
