"""Passkeys in a real browser, with Chromium's own virtual devices (the WebAuthn domain of its DevTools protocol)."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, CDPSession

from tests.installation import RunningHouse
from tests.walks.person import PASSWORD, Person, new_person


def plug(person: Person, **unlike: Any) -> tuple[CDPSession, str]:
    """Give the browser a device that holds passkeys and knows its person; the device's id."""
    session = person.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **unlike,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def make(person: Person, name: str) -> None:
    """From the page of details: ask for a passkey, and let the browser make it."""
    page = person.go("/profile?lang=en")
    page.get_by_role("link", name="My passkeys").click()
    page.get_by_label("Your name for it").fill(name)
    page.get_by_label("Your password", exact=True).first.fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Add a passkey").wait_for()
    person.look()
    page.get_by_role("button", name="Make the passkey").click()


def sign_out(person: Person) -> None:
    person.page.get_by_role("button", name="Sign out").first.click()
    person.page.get_by_role("heading").first.wait_for()


def test_a_person_makes_a_passkey_signs_in_with_it_and_removes_it(person: Person) -> None:
    person.sign_up("passkey@people.example")
    # A browser that asks for no passkey by itself: the button is what is tried here.
    person.context.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    session, device = plug(person)
    make(person, "My phone")
    page = person.page
    page.get_by_text("The passkey was added").wait_for()
    person.look()
    held = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [(one["isResidentCredential"], one["rpId"]) for one in held] == [(True, "localhost")]

    sign_out(person)
    person.go("/sign-in?lang=en&next=/papers")
    person.look()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile("/papers$"))

    page = person.go("/passkeys")
    assert "Last used on" in page.inner_text("main")
    page.get_by_label("Your password", exact=True).last.fill(PASSWORD)
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("The passkey was removed").wait_for()
    sign_out(person)
    person.go("/sign-in?lang=en")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("That passkey did not open an account here").first.wait_for()
    assert person.reports == []


def test_the_address_field_offers_the_passkey_by_itself(person: Person) -> None:
    person.sign_up("conditional@people.example")
    plug(person)
    make(person, "My phone")
    person.page.get_by_text("The passkey was added").wait_for()
    sign_out(person)
    # The device answers at once: the page's own question is enough, nothing is pressed.
    person.page.goto(f"{person.town.url}/sign-in?lang=en&next=/papers")
    person.page.wait_for_url(re.compile("/papers$"))
    assert person.reports == []


def test_a_device_that_does_not_know_its_person_makes_no_passkey(person: Person) -> None:
    person.sign_up("unverified@people.example")
    plug(person, hasUserVerification=False, isUserVerified=False, transport="usb")
    make(person, "A key without a code")
    page = person.page
    page.wait_for_timeout(500)
    assert page.get_by_role("button", name="Make the passkey").is_visible()
    assert "Not used yet" not in person.go("/passkeys").inner_text("main")


def test_without_scripts_the_password_does(town: RunningHouse, chromium: Browser, person: Person) -> None:
    person.sign_up("scriptless@people.example")
    plain = new_person(town, chromium, java_script_enabled=False)
    plain.email = person.email
    plain.go("/sign-in?lang=en")
    assert not plain.page.get_by_role("button", name="Sign in with a passkey").is_visible()
    plain.sign_in()
    page = plain.go("/passkeys")
    page.get_by_label("Your name for it").fill("My phone")
    page.get_by_label("Your password", exact=True).first.fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    assert "This browser runs no scripts" in page.inner_text("main")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("Your device made no passkey").first.wait_for()
    plain.context.close()
