"""The authorization matrix, made from the URL map: every kind of person at every route by every method."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from audit.entries import PersonId
from citizen_account.security import AUDITOR, CITIZEN, FACILITATOR, MACHINE, OPERATOR, PUBLIC
from tests.citizen_account.people import fill
from tests.citizen_account.town import Citizen, Town
from tests.house.conftest import METHODS, Doors, call, memory, path_of

PUBLIC_PAGES = {
    "/", "/sign-up", "/sign-in", "/sign-in/passkey", "/sign-out", "/password-reset", "/password-reset/new/<flow>",
    "/confirm/<secret>", "/confirm/waiting/<flow>", "/confirm/again/<flow>", "/closed-account", "/second-step/<note>",
    "/second-step/<note>/lost", "/local-mailbox",
}  # fmt: skip
"""Every page that is for anyone: a new one belongs here too, on purpose."""
OF_ROLES = {"/auditor": {AUDITOR}, "/operator": {OPERATOR}, "/roles": {AUDITOR, OPERATOR}}


def test_every_route_declares_who_may_enter(doors: Doors) -> None:
    assert [rule.rule for rule in doors.rules if doors.declared(rule) is None] == []


def test_what_is_public_is_on_the_list_and_nothing_else(doors: Doors) -> None:
    found = {rule.rule for rule in doors.pages() if PUBLIC in doors.policy(rule).allowed}
    assert found == PUBLIC_PAGES


def test_the_pages_of_a_role_are_for_that_role(doors: Doors) -> None:
    for rule in doors.pages():
        found = doors.policy(rule)
        expected = OF_ROLES.get("/" + rule.rule.split("/")[1])
        if expected:
            assert found.allowed == expected, rule.rule
        elif rule.rule not in PUBLIC_PAGES:
            assert found.allowed == {CITIZEN}, rule.rule


@pytest.mark.parametrize("role", [PUBLIC, CITIZEN, FACILITATOR, AUDITOR, OPERATOR])
def test_each_page_lets_in_whom_it_declares_and_tells_nobody_else_anything(
    doors: Doors, town: Town, people: dict[str, Citizen], role: str
) -> None:
    person = people[role]
    token = person.token("/sign-in") if role == PUBLIC else person.token()
    before, refused = memory(town), 0
    for rule in doors.pages():
        if doors.admits(rule, role):
            if "GET" in (rule.methods or ()):
                answer = call(person.client, "GET", path_of(rule))
                assert answer.status_code not in {403, 500}, f"{rule.rule}: {answer.status_code}"
            continue
        for method in set(METHODS) & (rule.methods or set()):
            answer = call(person.client, method, path_of(rule), data={"csrf_token": token} if method == "POST" else {})
            refused += 1
            if role == PUBLIC:
                assert answer.status_code == HTTPStatus.SEE_OTHER, f"{method} {rule.rule}"
                assert answer.location.startswith("/sign-in?"), f"{method} {rule.rule}"
            else:
                assert answer.status_code == HTTPStatus.FORBIDDEN, f"{method} {rule.rule}: {answer.status_code}"
    assert refused >= 5
    # Pages that were let in open papers' names, which is an entry; what was refused left nothing.
    changed = {name for name, digest in memory(town).items() if digest != before[name]}
    assert not {name for name in changed if not name.startswith("audit_")}


def test_a_method_that_a_page_does_not_have_is_refused(doors: Doors, people: dict[str, Citizen]) -> None:
    by_path: dict[str, set[str]] = {}
    for rule in doors.rules:
        by_path.setdefault(rule.rule, set()).update(rule.methods or ())
    for rule in doors.rules:
        for method in set(METHODS) - by_path[rule.rule]:
            answer = call(people[OPERATOR].client, method, path_of(rule))
            # `/papers/<document>` and the like may catch a sibling's path: then there is no such thing.
            assert answer.status_code in {403, 404, 405}, f"{method} {rule.rule}: {answer.status_code}"


def test_nobody_reaches_what_is_another_persons(doors: Doors, town: Town, people: dict[str, Citizen]) -> None:
    alice = town.citizen()
    document = alice.paper()
    handle = alice.begin([["proof_of_address"]])
    own = {
        "document": document,
        "entry": next(iter(town.house.search.of_person(PersonId(alice.account)).entries)).id,
        "handle": handle,
        "sign_in": town.house.sessions.list(alice.account)[0].id,
        "flow": fill(alice, "/profile", {"email": "new@example.org", "email_password": "the boats sleep at four"},
                     action="/profile/email").location.rpartition("/")[2],
    }  # fmt: skip
    lent = alice.lend(document)["authorization_details"][0]["documents"][0]["location"].rpartition("/")[2]
    bob = people[CITIZEN]
    assert bob.post("/accesses/stop", {"lending": lent}).status_code in {303, 404}
    assert [view.ended_at for view in town.house.lending.of_owner(town.house.accounts.owner_of(alice.account))] == [
        None
    ]
    bob.get("/accesses")  # whose entry, that Bob read his own history, stands for what follows
    token, before, tried = bob.token(), memory(town), 0
    for rule in doors.pages():
        if not rule.arguments & own.keys() or not doors.admits(rule, CITIZEN):
            continue
        for method in set(METHODS) & (rule.methods or set()):
            data = {"csrf_token": token, "label": "Mine", "decision": "send"} if method == "POST" else {}
            theirs = call(bob.client, method, path_of(rule, **own), data=data)
            nobodys = call(bob.client, method, path_of(rule), data=data)
            tried += 1
            assert theirs.status_code == nobodys.status_code, f"{method} {rule.rule}"
            assert theirs.status_code in {303, 400, 404, 410}, f"{method} {rule.rule}: {theirs.status_code}"
            assert "Alice" not in theirs.text
            assert "bill" not in theirs.text
    assert tried >= 12
    assert {name for name, digest in memory(town).items() if digest != before[name]} == set()
    alice.get(f"/papers/{document}")


def test_machines_never_see_a_cookie_but_where_the_sign_in_is_read(doors: Doors, people: dict[str, Citizen]) -> None:
    reads = {
        rule.endpoint.partition(".")[0] for rule in doors.machines() if rule.rule.startswith(("/authorize", "/end"))
    }
    assert reads == {"authorization", "end_session"}
    for rule in doors.machines():
        if rule.endpoint.partition(".")[0] in reads:
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        with_cookie = call(people[CITIZEN].client, method, path_of(rule))
        without = call(doors.town.app.test_client(), method, path_of(rule))
        assert (with_cookie.status_code, with_cookie.data) == (without.status_code, without.data), rule.rule
        assert "Set-Cookie" not in with_cookie.headers, rule.rule
    assert {MACHINE} == {role for rule in doors.machines() for role in doors.policy(rule).allowed}
