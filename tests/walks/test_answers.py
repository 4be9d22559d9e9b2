"""Pages that answer a form or a mistake: error pages, forms that come back, receipts; each looked at."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.installation import RunningHouse
from tests.walks.papers import bill, save
from tests.walks.person import PASSWORD, Person, new_person

LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def stranger(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    made = new_person(town, chromium)
    yield made
    made.context.close()


@pytest.fixture(scope="module")
def citizen(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    made = new_person(town, chromium)
    made.sign_up("linh@people.example")
    yield made
    made.context.close()


def send(person: Person, path: str, fields: dict[str, str], button: str, language: str) -> Page:
    """Fill in the form of a page in that language, press its button (a CSS selector) and look at the answer."""
    page = person.go(f"{path}{'&' if '?' in path else '?'}lang={language}")
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    page.locator(button).first.click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == language
    person.look(again=language == "en")
    return page


FORMS = [
    ("stranger", "/sign-in", {"email": "linh@people.example", "password": "wrong"}, "/sign-in", ["password"]),
    ("stranger", "/sign-up", {"email": "no address", "password": PASSWORD}, "/sign-up", ["email"]),
    ("stranger", "/sign-up", {"email": "new@people.example", "password": "short"}, "/sign-up", ["password"]),
    ("stranger", "/password-reset", {"email": "no address"}, "/password-reset", ["email"]),
    ("stranger", "/closed-account", {"code": "nothing"}, "/closed-account", ["code"]),
    ("citizen", "/profile", {"given_name": "Linh\u202e", "phone_number": "12"}, "/profile",
     ["given_name", "phone_number"]),
    ("citizen", "/profile", {"email": "no address", "email_password": PASSWORD}, "/profile/email", ["email"]),
    ("citizen", "/profile", {"current_password": "wrong", "new_password": PASSWORD + "!"}, "/profile/password",
     ["current_password"]),
    ("citizen", "/profile", {"current_password": PASSWORD, "new_password": "short"}, "/profile/password",
     ["new_password"]),
    ("citizen", "/leave", {"password": "wrong"}, "/leave", ["password"]),
    ("auditor", "/auditor/person", {"address": "nobody@people.example"}, "/auditor/person", ["reason"]),
    ("operator", "/roles", {"account": "nobody"}, "/roles", ["account"]),
    ("operator", "/operator/services/add", {"name": "", "redirect_uri": "ftp://x"}, "/operator/services/add", ["name"]),
]  # fmt: skip
"""Who, where, what they fill in, the form's action, and the fields that the summary leads to."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("who", "path", "fields", "action", "wrong"), FORMS, ids=[f"{f[3]} {f[4][0]}" for f in FORMS])
def test_a_form_that_comes_back_says_what_to_mend(
    who: str, path: str, fields: dict[str, str], action: str, wrong: list[str], language: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    person = request.getfixturevalue(who)
    submit = f"form[action='{action}'] button:not(.govuk-password-input__toggle)"
    page = send(person, path, fields, submit, language)
    links = page.locator(".govuk-error-summary a")
    leads = [str(link.get_attribute("href")) for link in links.all()]
    assert {f"#{name}" for name in wrong} <= set(leads)
    for link in links.all():
        target = page.locator(str(link.get_attribute("href")))
        described = target.get_attribute("aria-describedby") or ""
        assert target.count() == 1
        if "-error" in described:
            assert link.inner_text() in page.locator(f"#{described.split()[-1]}").inner_text()
    for name, value in fields.items():
        if "password" not in name and name != "code":
            assert page.locator(f"[name={name}]").input_value().strip("\u202e") == value.strip("\u202e")


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_went_wrong_is_said_on_a_page_of_the_house(
    town: RunningHouse, stranger: Person, citizen: Person, language: str
) -> None:
    for person, path, status in (
        (stranger, "/nothing-here", 404),
        (stranger, "/confirm/spent", 410),
        (citizen, "/auditor", 403),
        (citizen, "/papers/nothing", 404),
        (citizen, "/sign-out", 405),
        (citizen, f"/release/{'x' * 43}", 400),
        (citizen, "/first/spent", 410),
    ):
        answer = person.page.goto(f"{town.url}{path}?lang={language}")
        assert answer
        assert answer.status == status, path
        assert person.page.locator("html").get_attribute("lang") == language
        person.look(again=language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_of_another_day_or_too_much_text_is_refused_on_a_page(citizen: Person, language: str) -> None:
    page = citizen.go(f"/papers/pictures?lang={language}")
    page.locator("main [name=csrf_token]").evaluate("(e) => { e.value = 'of another day'; }")
    page.locator("main form button").click()
    page.wait_for_url("**/papers/pictures")
    assert heading(page) in {"This page was open for too long", "Cette page est restée ouverte trop longtemps"}
    citizen.look()
    page = citizen.go(f"/profile?lang={language}")
    page.locator("[name=given_name]").evaluate("(e) => { e.value = 'x'.repeat(300000); }")
    page.locator("form[action='/profile'] button").first.click()
    page.wait_for_load_state()
    assert heading(page) in {"That was too much to send", "C'était trop volumineux"}
    citizen.look()


def test_too_many_tries_are_told_when_to_come_back(stranger: Person) -> None:
    for _ in range(12):
        page = stranger.go("/sign-in?lang=en")
        page.get_by_label("Your e-mail address").fill("nobody@people.example")
        page.get_by_label("Your password", exact=True).fill("guess")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()
        if heading(page) == "Too many tries":
            break
    assert "Wait" in page.inner_text("main")
    stranger.look()
    stranger.go("/sign-in?lang=fr")


def test_a_fault_of_ours_is_said_to_be_ours(town: RunningHouse, citizen: Person) -> None:
    page = citizen.go("/papers/pictures?lang=en")
    lock = sqlite3.connect(next(town.folder.glob("*.db")), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")  # for longer than the house waits for its turn
    try:
        page.locator("main form button").click(timeout=60_000)
        page.get_by_role("heading", name="Something went wrong on our side").wait_for(timeout=60_000)
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    citizen.look()
    assert "tell us this number" in page.inner_text("main")


def test_a_question_without_an_answer_comes_back(citizen: Person) -> None:
    for language in LANGUAGES:
        page = citizen.begin_at_school()
        citizen.go(f"{page.url}?lang={language}")
        page.locator("button[name=decision][value=send]").click()
        page.locator(".govuk-error-summary a").first.wait_for()
        citizen.look()
        page.locator(".govuk-error-summary a").first.click()
        assert page.evaluate("document.activeElement.name") == "paper-0"


def test_a_name_that_cant_be_kept_is_said_at_the_paper(citizen: Person, tmp_path: Path) -> None:
    address = citizen.add_paper("identity_card", save(tmp_path, "card.pdf", bill("Card")))
    page = citizen.go(f"{address}?lang=en")
    page.get_by_text("Change its name").click()
    page.locator("[name=label]").evaluate("(e) => { e.value = 'x'.repeat(200); }")
    page.get_by_role("button", name="Keep this name").click()
    page.locator(".govuk-error-summary a").wait_for()
    citizen.look()
    assert page.locator("[name=label]").is_visible()


def test_a_service_that_is_registered_gets_its_secret_once(operator: Person) -> None:
    page = operator.go("/operator/services/add?lang=en")
    for name, value in (("name", "Swimming pool"), ("name_fr", "Piscine"), ("contact", "pool@city.example")):
        page.fill(f"[name={name}]", value)
    page.fill("[name=redirect_uri]", "https://pool.city.example/callback")
    page.fill("[name=client_uri]", "https://pool.city.example/")
    page.locator("[name=purposes]").first.check()
    page.get_by_label("How long it keeps what it got").select_option("P1Y")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("heading", name="Swimming pool is registered").wait_for()
    operator.look()
    page.get_by_role("link", name="Swimming pool").click()
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_role("heading", name="A new secret for Swimming pool").wait_for()
    page.get_by_role("link", name="Swimming pool").click()
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_label("Its name in English").fill("Swimming pools")
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("The change counts from now on.").wait_for()
    page.get_by_role("button", name="Try a sign-in").click()
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("heading", name="This request would pass").wait_for()
    operator.look()
    page.go_back()
    page.fill("#address", f"{operator.town.url}/authorize?client_id=nobody")
    page.get_by_role("button", name="Check this address").click()
    page.locator(".govuk-error-summary").wait_for()
    operator.look()
    number = page.url.partition("client_id=")[2]
    page.fill("#address", f"{operator.town.url}/authorize?client_id={number}&redirect_uri=https://elsewhere.example/")
    page.get_by_role("button", name="Check this address").click()
    page.get_by_role("heading", name="This request would be refused").wait_for()
    operator.look()
    operator.go(f"/operator/services/one/remove?client_id={number}")
    page.get_by_role("button", name="Remove Swimming pools").click()
    page.get_by_text("The service is removed.").wait_for()
    assert "Swimming pools" not in page.inner_text("main")


def test_a_role_is_proposed_and_taken_back_on_one_page(
    town: RunningHouse, chromium: Browser, citizen: Person, operator: Person
) -> None:
    number = re.search(r"asks for it: (\S+)", citizen.go("/profile?lang=en").inner_text("main"))
    assert number
    page = operator.go("/roles?lang=en")
    page.get_by_label("Number of the account").fill(number[1])
    page.get_by_label("Role", exact=True).select_option("facilitator")
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("Proposed. Another person confirms it here.").wait_for()
    operator.look()
    page.get_by_role("button", name=re.compile(f"Take away.*{number[1]}")).click()
    page.get_by_text("The role was taken away.").wait_for()


def test_an_auditor_names_a_person_with_a_reason(auditor: Person, citizen: Person) -> None:
    page = auditor.go("/auditor/person?lang=en")
    page.get_by_label("The person's e-mail address").fill(citizen.email)
    page.locator("[name=reason]").first.check()
    page.get_by_role("button", name="Show this person's entries").click()
    page.wait_for_url(re.compile(r"/auditor\?person="))
    auditor.look()
    assert citizen.email not in page.inner_text("body")
    page.get_by_role("button", name="Verify the log").click()
    page.get_by_role("heading", name="The log holds").wait_for()
    auditor.look()


def test_a_closed_account_leaves_a_receipt_that_opens_its_exchanges(
    person: Person, stranger: Person, tmp_path: Path
) -> None:
    person.sign_up("jade@people.example")
    person.add_paper("proof_of_address", save(tmp_path, "bill.pdf", bill()))
    page = person.begin_at_school()
    for none in page.locator("input[value=none]").all():
        if none.get_attribute("name") != "paper-0":
            none.check()
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url(f"{person.town.example_url}/enrolment")
    person.go("/leave?lang=en")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Close my account").click()
    page.get_by_role("heading", name="Your account is closed").wait_for()
    person.look()
    code = page.locator(".receipt-code").inner_text()
    opened = send(stranger, "/closed-account", {"code": code}, "main form button", "en")
    assert "looked at" in opened.inner_text("main")
    person.sign_in()
    assert "do not go together" in page.inner_text("main")


def test_a_wrong_code_and_a_weak_password_come_back_on_the_way_of_a_link(
    town: RunningHouse, chromium: Browser, citizen: Person
) -> None:
    person = new_person(town, chromium)
    person.email = citizen.email
    page = person.go("/password-reset?lang=en")
    page.get_by_label("Your e-mail address").fill(person.email)
    page.get_by_role("button", name="Send me the mail").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    page.locator("[name=code]").fill("00000000")
    page.get_by_role("button", name="Go on").click()
    page.locator(".govuk-error-summary a").wait_for()
    person.look()
    person.go(person.mail()).get_by_role("button", name="Yes, choose a new password").click()
    page.get_by_label("Your new password").fill("short")
    page.get_by_role("button", name="Change my password").click()
    page.locator(".govuk-error-summary a").wait_for()
    person.look()
    person.context.close()
