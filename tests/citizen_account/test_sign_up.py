"""Opening an account: the password first, then the mailed link; nothing exists before, and nothing is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from citizen_account.addresses import EmailAddress
from tests.citizen_account.people import NEW_PASSWORD, code_in, cookie, fill, link, mails, shown, sign_up
from tests.citizen_account.town import Citizen, Town

EMAIL = "new.person@example.org"


def accounts(town: Town) -> int:
    return len(list(town.house.accounts.all()))


def test_the_mailed_link_opens_the_account_in_the_browser_that_began(town: Town) -> None:
    person = town.stranger()
    waiting = sign_up(town, person, EMAIL)
    assert EMAIL in person.get(waiting)
    assert accounts(town) == 0
    path = link(town, EMAIL)
    person.get(path)  # a scanner's look spends nothing
    answer = fill(person, path, {})
    assert (answer.status_code, answer.location) == (303, "/papers")
    assert "New person" not in person.get("/profile")
    assert EMAIL in person.get("/profile")
    [account] = town.house.accounts.all()
    assert (account.language, len(town.house.sessions.list(account.id))) == ("en", 1)


def test_a_link_works_once(town: Town) -> None:
    person = town.stranger()
    sign_up(town, person, EMAIL)
    path = link(town, EMAIL)
    token = person.token(path)
    for status in (303, 410):
        answer = person.client.post(path, data={"csrf_token": token}, base_url="http://localhost:8000")
        if status == 303:
            assert answer.status_code == status
        else:  # signed in now: the hidden field changed, and the link is over
            assert answer.status_code in {403, 410}
    person.get(path, 410)
    assert accounts(town) == 1


def test_another_browser_sees_a_code_and_can_do_nothing_with_the_link(town: Town) -> None:
    person, other = town.stranger(), town.stranger()
    waiting = sign_up(town, person, EMAIL)
    path = link(town, EMAIL)
    shown = other.get(path)
    assert "Yes, open my account" not in shown
    refused = fill(other, "/sign-in", {}, action=path)
    assert refused.status_code == 410
    assert accounts(town) == 0
    answer = fill(person, waiting, {"code": code_in(shown)})
    assert answer.status_code == 303
    assert accounts(town) == 1
    assert cookie(person, "session")
    assert not cookie(other, "session")


def test_a_code_is_guessed_five_times_at_most(town: Town) -> None:
    person, other = town.stranger(), town.stranger()
    waiting = sign_up(town, person, EMAIL)
    right = code_in(other.get(link(town, EMAIL)))
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    for _ in range(5):
        assert fill(person, waiting, {"code": wrong}).status_code == 422
    assert fill(person, waiting, {"code": right}).status_code == 410
    assert accounts(town) == 0


def test_the_flow_of_another_browser_is_out_of_reach(town: Town) -> None:
    person, other = town.stranger(), town.stranger()
    waiting = sign_up(town, person, EMAIL)
    other.get(waiting, 410)
    code = code_in(other.get(link(town, EMAIL)))
    assert fill(other, "/sign-in", {"code": code}, action=waiting).status_code == 410


def test_a_mail_sent_again_replaces_the_one_before(town: Town) -> None:
    person = town.stranger()
    waiting = sign_up(town, person, EMAIL)
    first = link(town, EMAIL)
    answer = fill(person, waiting, {}, action=waiting.replace("waiting", "again"))
    assert answer.status_code == 303
    assert "Only the newest one works" in person.get(answer.location)
    second = link(town, EMAIL)
    assert len(mails(town, EMAIL)) == 2
    person.get(first, 410)
    person.get(second)


def test_a_link_is_over_after_an_hour(town: Town) -> None:
    person = town.stranger()
    sign_up(town, person, EMAIL)
    path = link(town, EMAIL)
    town.clock.advance(timedelta(hours=1))
    person.get(path, 410)
    town.house.links.sweep()


def test_a_known_address_gets_the_same_pages_and_another_mail(town: Town, alice: Citizen) -> None:
    pages = []
    for email in (alice.address, "nobody99@example.org"):
        person = town.stranger()
        waiting = sign_up(town, person, email)
        flow = waiting.rpartition("/")[2]
        pages.append(shown(person, waiting, ADDRESS=email, FLOW=flow))
    assert pages[0] == pages[1]
    assert "you have one already" in mails(town, alice.address)[-1]
    assert "/confirm/" not in mails(town, alice.address)[-1]


def test_two_flows_for_one_address_make_one_account(town: Town) -> None:
    first, second = town.stranger(), town.stranger()
    sign_up(town, first, EMAIL)
    path = link(town, EMAIL)
    sign_up(town, second, EMAIL)
    other_path = link(town, EMAIL)
    assert fill(first, path, {}).status_code == 303
    answer = fill(second, other_path, {})
    assert answer.location == "/sign-in?known=1"
    assert accounts(town) == 1
    assert not cookie(second, "session")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"email": ""}, "Enter an e-mail address", id="no address"),
        pytest.param({"email": "name@"}, "Enter an e-mail address", id="half an address"),
        pytest.param({"email": "a@b.example\r\nBcc: x@y.example"}, "Enter an e-mail address", id="header injection"),
        pytest.param({"password": ""}, "at least 15 characters", id="no password"),
        pytest.param({"password": "short but good"}, "at least 15 characters", id="14 characters"),
        pytest.param({"password": "motdepasse123456"}, "thieves try first", id="common"),
        pytest.param({"password": "new.person@example.org"}, "easy to guess", id="one's own address"),
        pytest.param({"password": "x" * 300}, "too long", id="too long"),
    ],
)
def test_what_was_typed_wrong_is_said_and_what_was_right_is_kept(
    lone_town: Town, change: dict[str, str], words: str
) -> None:
    person = lone_town.stranger()
    fields = {"email": EMAIL, "password": NEW_PASSWORD, "next": "/papers", **change}
    answer = fill(person, "/sign-up", fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'class="govuk-error-summary"' in answer.text
    assert 'name="next" value="/papers"' in answer.text
    assert fields["password"] not in answer.text or not fields["password"] or fields["password"] == fields["email"]
    assert mails(lone_town, EMAIL) == []


def test_an_address_is_found_whatever_its_case(town: Town) -> None:
    town.house.accounts.create(email=EmailAddress.parse("Jean.Dupont@Example.ORG"))
    assert town.house.accounts.find_by_email(EmailAddress.parse(" jean.dupont@example.org "))


def test_mails_to_one_address_are_few(town: Town) -> None:
    person = town.stranger()
    for _ in range(5):
        sign_up(town, person, EMAIL)
    answer = fill(person, "/sign-up", {"email": EMAIL, "password": NEW_PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 3600
    sign_up(town, person, "someone.else@example.org")
