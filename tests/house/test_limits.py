"""Guessing: every form that takes a secret, found in the code behind the URL map, shuts after some tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import CodeType
from typing import Any

import pytest

from citizen_account.authentication import TRIES_ACCOUNT, TRIES_NETWORK
from tests.citizen_account.people import fill, link, sign_up
from tests.citizen_account.test_second_step import App, password
from tests.citizen_account.town import PASSWORD, Citizen, Town
from tests.house.conftest import Doors

SECRET = re.compile(r"\w*(password|code|credential)")
NOTHING_TO_GUESS = {
    "/sign-up": "the password is a new one",
    "/password-reset/new/<flow>": "the same; the link in the mail is the secret, of 256 bits",
    "/passkeys": "the device signs a challenge of this minute",
    "/second-factor": "the code of the app that is being added, beside a challenge of this minute",
}
Case = Callable[[Town], tuple[Citizen, str, str, dict[str, str]]]
"""Who tries, the page with the form, where it goes, and a wrong secret in it."""


def at_home(page: str, action: str, **fields: str) -> Case:
    return lambda town: (town.citizen(), page, action, fields)


def of_a_stranger(page: str, **fields: str) -> Case:
    return lambda town: (town.stranger(), page, page, fields)


def somebody(town: Town) -> tuple[Citizen, str, str, dict[str, str]]:
    fields = {"email": town.citizen().address, "password": "not this one, surely"}
    return town.stranger(), "/sign-in", "/sign-in", fields


def mailed_code(town: Town) -> tuple[Citizen, str, str, dict[str, str]]:
    person = town.stranger()
    path = sign_up(town, person, "newcomer@example.org")
    town.stranger().get(link(town, "newcomer@example.org"))  # in another browser the link shows a code
    return person, "/sign-in", path, {"code": "0000 0000"}


def second_step(town: Town) -> tuple[Citizen, str, str, dict[str, str]]:
    owner, person = town.citizen(), town.stranger()
    App(owner)
    page = password(person, owner.address)
    return person, page, page.partition("?")[0], {"code": "000000"}


def app_again(action: str, **fields: str) -> Case:
    def owner(town: Town) -> tuple[Citizen, str, str, dict[str, str]]:
        person = town.citizen()
        App(person)
        return person, "/second-factor", action, fields

    return owner


GUESSED: dict[str, list[Case]] = {
    "/sign-in": [somebody],
    "/sign-in/passkey": [of_a_stranger("/sign-in", credential="{}")],
    "/second-step/<note>": [second_step],
    "/confirm/waiting/<flow>": [mailed_code],
    "/closed-account": [of_a_stranger("/closed-account", code="nothing")],
    "/leave": [at_home("/leave", "/leave", password="wrong")],
    "/profile/email": [at_home("/profile", "/profile/email", email="new@example.org", email_password="wrong")],
    "/profile/password": [at_home("/profile", "/profile/password", current_password="wrong", new_password="wrong")],
    "/passkeys/new": [at_home("/passkeys", "/passkeys/new", name="Mine", password="wrong")],
    "/passkeys/remove": [at_home("/passkeys", "/passkeys/remove", passkey="x", remove_password="wrong")],
    "/second-factor/new": [at_home("/second-factor", "/second-factor/new", password="wrong")],
    "/second-factor/codes": [
        app_again("/second-factor/codes", password="wrong", code="000000"),
        app_again("/second-factor/codes", password=PASSWORD, code="000000"),
    ],
    "/second-factor/remove": [
        app_again("/second-factor/remove", remove_password="wrong", remove_code="000000"),
        app_again("/second-factor/remove", remove_password=PASSWORD, remove_code="000000"),
    ],
    "/device": [at_home("/device", "/device", user_code="BCDF-GHJK")],
}


def names_in(view: Any) -> Iterator[str]:
    """The texts in a view's code and in what it calls of its own module: names of fields among them."""
    seen: set[CodeType] = set()
    left = [getattr(view, "__wrapped__", view).__code__]
    space = view.__globals__
    while left:
        code = left.pop()
        if code in seen:
            continue
        seen.add(code)
        yield from (one for one in code.co_consts if isinstance(one, str))
        left += [one for one in code.co_consts if isinstance(one, CodeType)]
        called = (space.get(name) for name in code.co_names)
        left += [one.__code__ for one in called if getattr(one, "__module__", "") == view.__module__ and callable(one)]


def test_every_form_that_takes_a_secret_is_known_here(doors: Doors, town: Town) -> None:
    takes = {
        rule.rule
        for rule in doors.pages("POST")
        if any(SECRET.fullmatch(name) for name in names_in(town.app.view_functions[rule.endpoint]))
    }
    assert takes == GUESSED.keys() | NOTHING_TO_GUESS.keys()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{rule} {at}") for rule, cases in GUESSED.items() for at, case in enumerate(cases)]
)
def test_guessing_ends(town: Town, case: Case) -> None:
    town.clock.advance(timedelta(hours=1))  # what the case before used up of this network's tries
    person, page, action, fields = case(town)
    most = TRIES_NETWORK if action == "/sign-in/passkey" else TRIES_ACCOUNT  # a passkey can't be guessed anyway
    statuses: list[int] = []
    while not statuses or statuses[-1] == 422:
        statuses.append(fill(person, page, fields, action=action).status_code)
        assert len(statuses) <= most + 1, "it goes on"
    assert statuses[-1] in {429, 410}
    assert len(statuses) > 3, "a slip of the finger is forgiven"
