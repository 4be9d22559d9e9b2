"""Helpers of the sign-in tests: a browser without a person, the mails that arrived, and a counting password hasher."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

import citizen_account.jobs
from tests.citizen_account.town import Citizen, Town

ORIGIN = "http://localhost:8000"
NEW_PASSWORD = "green boats never argue twice"


def fill(person: Citizen, page: str, fields: dict[str, Any], *, action: str = "") -> TestResponse:
    """Open a page and send its form."""
    return person.post(action or page.partition("?")[0], fields, page=page)


def work(town: Town) -> None:
    """Let the worker do what is due: the mails."""
    if not getattr(town, "works", False):
        citizen_account.jobs.register(town.house)
        town.works = True  # type: ignore[attr-defined]
    while town.house.jobs.run_due(1):
        town.clock.advance(timedelta(seconds=1))  # so that mails have an order
    assert town.house.jobs.failed() == []


def mails(town: Town, to: str) -> list[str]:
    """The texts of the mails to one address, the oldest first, subject before the text."""
    work(town)
    assert town.house.local_mailbox
    found = [message for message in town.house.local_mailbox.messages() if message.to == to]
    return [f"{message.subject}\n{message.text}" for message in reversed(found)]


def link(town: Town, to: str) -> str:
    """The path of the link in the newest mail."""
    found = re.search(r"http://localhost:8000(/confirm/\S+)", mails(town, to)[-1])
    assert found, mails(town, to)[-1]
    return found[1]


def sign_up(town: Town, person: Citizen, email: str, password: str = NEW_PASSWORD, path: str = "/sign-up") -> str:
    """Ask for an account; the path of the page that waits for the mail."""
    answer = fill(person, path, {"email": email, "password": password, "next": "/papers"})
    assert answer.status_code == 303, answer.text
    return answer.location


def code_in(text: str) -> str:
    found = re.search(r"(\d{4}) (\d{4})", text)
    assert found, text
    return found[1] + found[2]


def shown(person: Citizen, path: str, **names: str) -> str:
    """A page as it is the same for everyone: hidden fields taken out, and these texts replaced by their names."""
    text = re.sub(r'(name="csrf_token" value=|data-options=)"[^"]+"', r"\1", person.get(path))
    for name, value in names.items():
        text = text.replace(value, name)
    return text


def cookie(person: Citizen, name: str) -> str:
    kept = person.client.get_cookie(name, domain="localhost")
    return kept.value if kept else ""
