"""The mail server is down: nobody waits for it, nothing is lost, and what waited leaves once it is back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

import citizen_account.jobs
from config import ports
from config.settings import Mail, Settings
from tests.citizen_account import town as towns
from tests.citizen_account.people import fill, sign_up
from tests.citizen_account.town import Town
from tests.clocks import FixedClock
from tests.config.test_mail import serving

EMAIL = "new.person@people.example"


@pytest.fixture
def port() -> int:
    return ports.free(1)[0]


@pytest.fixture
def post_town(set_up_on_sqlite: Path, settings: Settings, clock: FixedClock, port: int) -> Iterator[Town]:
    """A town that sends its mail to a server on `port`, where none answers yet."""
    shutil.copytree(set_up_on_sqlite, settings.data_dir)
    mail = Mail(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), sender="account@city.example")
    made = towns.build(settings.model_copy(update={"mail": mail}), clock)
    citizen_account.jobs.register(made.house)
    yield made
    made.house.database.close()


def test_nobody_waits_for_the_mail_server_and_the_outbox_drains_when_it_is_back(post_town: Town, port: int) -> None:
    person = post_town.stranger()
    waiting = sign_up(post_town, person, EMAIL)  # answered at once: the mail is a job
    for _ in range(3):
        post_town.house.jobs.run_due()
        post_town.clock.advance(timedelta(minutes=1))
    assert post_town.house.jobs.failed() == []
    assert EMAIL in person.get(waiting)
    with serving(port=port) as server:
        post_town.house.jobs.run_due()
    [mail] = server.received
    assert mail["To"] == EMAIL
    found = re.search(r"http://localhost:8000(/confirm/\S+)", mail.get_content())
    assert found
    assert fill(person, found[1], {}).status_code == 303


def test_a_mail_that_never_left_is_shown_to_the_operator_without_its_address(post_town: Town) -> None:
    sign_up(post_town, post_town.stranger(), EMAIL)
    for _ in range(9):
        post_town.house.jobs.run_due()
        post_town.clock.advance(timedelta(minutes=5))
    page = post_town.citizen("operator").get("/operator/jobs")
    assert "send_link" in page
    assert "ConnectionRefusedError" in page
    assert EMAIL not in page
