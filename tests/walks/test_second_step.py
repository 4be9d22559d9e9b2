"""A code after the password, in a real browser: the app's picture, the sheet, the question, the end."""

from __future__ import annotations

import re

import pyotp

from tests.walks.person import PASSWORD, Person


def test_a_person_sets_up_an_app_signs_in_with_a_printed_code_and_ends_it(person: Person) -> None:
    person.sign_up("codes@people.example")
    page = person.go("/profile?lang=en")
    page.get_by_role("link", name="A code after my password").click()
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Set up your app").wait_for()
    box = page.locator("main svg").bounding_box()
    assert box
    assert box["width"] > 100
    person.look()
    secret = page.locator("input[name=secret]").input_value()
    page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Your printed codes").wait_for()
    person.look()
    sheet = page.locator("main li code").all_inner_texts()
    assert len(sheet) == 10
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("heading").first.wait_for()

    person.sign_in()
    page.wait_for_url(re.compile("/second-step/"))
    person.look()
    page.get_by_label("The code of your app").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("This code is not right").first.wait_for()
    person.look()
    page.get_by_label("The code of your app").fill(sheet[0].lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{person.town.url}/")

    page = person.go("/second-factor?lang=en")
    assert "9 printed codes are left" in page.inner_text("main")
    person.look()
    page.get_by_label("Your password", exact=True).last.fill(PASSWORD)
    page.get_by_label("The code of your app").last.fill(sheet[1])
    page.get_by_role("button", name="Ask for no code any more").click()
    page.get_by_text("Your account asks for no code any more").wait_for()
    assert person.reports == []
