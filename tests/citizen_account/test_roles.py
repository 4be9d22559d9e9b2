"""Roles take two people; no operator audits; the first of each kind come by links that work once."""

from __future__ import annotations

import pytest

from citizen_account.errors import RoleRefused
from tests.citizen_account.people import fill
from tests.citizen_account.town import Citizen, Town


def test_one_proposes_and_another_one_confirms(town: Town, alice: Citizen) -> None:
    operator, auditor = town.citizen("operator"), town.citizen("auditor")
    answer = fill(operator, "/roles", {"account": alice.account, "role": "facilitator"})
    assert answer.location == "/roles?done=proposed"
    [proposal] = [row for row in town.house.roles.standing() if row.account == alice.account]
    assert town.house.roles.of(alice.account) == frozenset()
    answer = fill(operator, "/roles", {}, action=f"/roles/{proposal.proposal}/confirm")
    assert answer.status_code == 422
    assert town.house.roles.of(alice.account) == frozenset()
    answer = fill(auditor, "/roles", {}, action=f"/roles/{proposal.proposal}/confirm")
    assert answer.location == "/roles?done=confirmed"
    assert town.house.roles.of(alice.account) == {"facilitator"}


@pytest.mark.parametrize(
    ("holds", "role", "reason"),
    [
        pytest.param("auditor", "operator", "audits_and_operates", id="an auditor does not operate"),
        pytest.param("operator", "auditor", "audits_and_operates", id="an operator does not audit"),
        pytest.param("operator", "operator", "held", id="held already"),
        pytest.param("", "mayor", "unknown", id="no such role"),
    ],
)
def test_a_role_that_does_not_fit_is_refused(town: Town, holds: str, role: str, reason: str) -> None:
    operator = town.citizen("operator")
    someone = town.citizen(*([holds] if holds else []))
    with pytest.raises(RoleRefused) as refused:
        town.house.roles.propose(operator.account, someone.account, role)
    assert refused.value.reason == reason


def test_proposals_of_both_do_not_end_in_one_account(town: Town, alice: Citizen) -> None:
    operator = town.citizen("operator")
    town.house.roles.propose(operator.account, alice.account, "auditor")
    with pytest.raises(RoleRefused, match="audits_and_operates"):
        town.house.roles.propose(operator.account, alice.account, "operator")


def test_nobody_gives_themselves_a_role_and_citizens_give_none(town: Town, alice: Citizen) -> None:
    operator = town.citizen("operator")
    with pytest.raises(RoleRefused, match="same_person"):
        town.house.roles.propose(operator.account, operator.account, "facilitator")
    with pytest.raises(RoleRefused, match="no_right"):
        town.house.roles.propose(alice.account, operator.account, "facilitator")
    proposal = town.house.roles.propose(town.citizen("auditor").account, operator.account, "facilitator")
    with pytest.raises(RoleRefused, match="same_person"):
        town.house.roles.confirm(operator.account, proposal)
    alice.get("/roles", 403)


def test_the_last_of_a_kind_stays(town: Town) -> None:
    operator, auditor = town.citizen("operator"), town.citizen("auditor")
    [row] = [row for row in town.house.roles.standing() if row.role == "auditor"]
    with pytest.raises(RoleRefused, match="last_one"):
        town.house.roles.withdraw(operator.account, row.proposal)
    assert town.house.roles.of(auditor.account) == {"auditor"}


def test_the_first_links_work_once_and_are_replaced_by_newer_ones(town: Town, alice: Citizen) -> None:
    older = town.house.roles.first_links()
    links = town.house.roles.first_links()
    assert set(links) == {"auditor", "operator"}
    paths = {role: link.removeprefix("http://localhost:8000") for role, link in links.items()}
    alice.get(older["auditor"].removeprefix("http://localhost:8000"), 410)
    stranger = town.stranger().open(paths["auditor"])
    assert stranger.location.startswith("/sign-in?next=%2Ffirst%2F")
    assert fill(alice, paths["auditor"], {}).status_code == 303
    assert town.house.roles.of(alice.account) == {"auditor"}
    alice.get(paths["auditor"], 410)
    both = fill(alice, paths["operator"], {})
    assert both.status_code == 422
    bob = town.citizen(given_name="Bob")
    assert fill(bob, paths["operator"], {}).status_code == 303
    assert town.house.roles.first_links() == {}
