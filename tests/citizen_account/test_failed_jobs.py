"""Jobs that failed for good: an operator sees them without anything personal, and begins them again, as an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from audit.entries import PersonId
from audit.search import Filters
from config.jobs import TRIES, Payload
from tests.citizen_account.people import fill
from tests.citizen_account.town import Citizen, Town


@dataclass(frozen=True, slots=True)
class Greet(Payload):
    kind: ClassVar[str] = "greet"
    account: str


@pytest.fixture
def operator(town: Town) -> Citizen:
    return town.citizen("operator")


def fail(town: Town, account: str) -> None:
    """Let a job fail as often as it is tried."""

    def refuse(_job: Greet) -> None:
        raise ConnectionError(account)

    town.house.jobs.register(Greet, refuse)
    with town.house.database.transaction() as tx:
        town.house.jobs.enqueue(tx, Greet(account))
    for _ in range(TRIES):
        town.house.jobs.run_due()
        town.clock.advance(timedelta(minutes=5))


def test_an_operator_sees_what_failed_and_why_and_of_whom_nothing(town: Town, operator: Citizen) -> None:
    assert "None: every job was done" in operator.get("/operator/jobs")
    fail(town, "account-of-someone")
    page = operator.get("/operator/jobs")
    assert "greet" in page
    assert "ConnectionError" in page
    assert "account-of-someone" not in page


def test_a_job_begun_again_is_done_and_is_an_entry(town: Town, operator: Citizen) -> None:
    fail(town, "a")
    [failed] = town.house.jobs.failed()
    path = f"/operator/jobs/{failed.id}/retry"
    for _ in range(2):  # the second operator finds it begun: nothing happens twice
        assert fill(operator, "/operator/jobs", {}, action=path).location == "/operator/jobs?done=again"
    done: list[str] = []
    town.house.jobs.register(Greet, lambda job: done.append(job.account))
    town.house.jobs.run_due()
    assert done == ["a"]
    assert town.house.jobs.failed() == []
    found = town.house.search.search(PersonId(town.citizen("auditor").account), Filters(kind="job_retried"))
    assert [entry.values["job"] for entry in found.entries] == ["greet"]


@pytest.mark.parametrize("role", ["", "auditor", "facilitator"])
def test_nobody_else_begins_a_job_again(town: Town, role: str) -> None:
    fail(town, "a")
    [failed] = town.house.jobs.failed()
    person = town.citizen(*filter(None, [role]))
    assert person.post(f"/operator/jobs/{failed.id}/retry", {}).status_code == 403
    assert town.house.jobs.failed() == [failed]
