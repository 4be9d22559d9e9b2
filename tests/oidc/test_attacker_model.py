"""The FAPI 2.0 Attacker Model against the provider: any order of honest steps and attacks keeps its security goals.

A1 takes part as person and as client, and has links opened. A1a is a provider too, which honest clients know. A2 blocks
what it likes: an answer needn't arrive. A3 reads every authorization request; A3b every answer to a request that the
person's own browser began. A5 reads resource requests once they were processed. They work together.

Left out: a token endpoint that isn't the provider's under its name, and an answer that is read to a request which the
attacker's browser began and another opened (browser swapping), as in the final model; and a request of the person's
that the attacker opens first, signed in as itself: nobody can tell that from the person's own (docs/threats.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from config.database import Database
from oidc.protocols import SubjectId
from tests.clocks import FixedClock
from tests.oidc.attackers import EVIL, Attacker, Browser, Sent, parties
from tests.oidc.provider_house import CHALLENGE, ISSUER, VERIFIER, House, unverified

CLIENTS = st.sampled_from(["school", "library"])
PEOPLE = st.sampled_from(["alice", "attacker"])
CHALLENGED = {
    "response_type": "code",
    "scope": "openid profile",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
"""A request by the attacker, who knows the challenge's `VERIFIER`."""
EXAMPLES, STEPS = 6, 24
"""Examples a round, and steps of an example."""


@dataclass(frozen=True)
class Address:
    """An authorization request: everybody may open it."""

    client_id: str
    request_uri: str
    by: str


@dataclass(frozen=True)
class Came:
    """An answer at a browser, on its way to a client."""

    client_id: str
    who: str
    parameters: tuple[tuple[str, str], ...]


class World:
    """The provider and its clients, kept over all examples: each has people and browsers of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.house = House(database, folder, FixedClock(), certificates=True)
        self.honest, self.evil = parties(self.house)
        self.count = 0

    def browser(self, name: str) -> Browser:
        self.count += 1
        person = SubjectId(f"{name}-{self.count}")
        return Browser(f"browser-{person}", self.house.signed_in(person, f"sign-in-{person}"))


class AttackerModel(RuleBasedStateMachine):
    """Rules are what honest parties and attackers may do next; invariants are the three security goals."""

    world: World
    addresses = Bundle("addresses")
    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.house = self.world.house
        self.honest = {one.client.client_id: one for one in self.world.honest}
        for one in self.honest.values():
            one.sessions.clear()
            one.logins.clear()
        self.browsers = {name: self.world.browser(name) for name in ("alice", "attacker")}
        self.opened_by_alice: set[str] = set()
        self.attacker = Attacker(self.house, *self.world.evil, self.browsers["attacker"])

    # Honest steps, of which the attacker, a person too, takes the same

    @rule(target=addresses, name=CLIENTS, who=PEOPLE)
    def somebody_begins(self, name: str, who: str) -> Address:
        sent = self.honest[name].begin(self.browsers[who], ISSUER)
        pushed = self.house.http.post("/par", data=sent.form, headers=sent.headers)
        assert pushed.status_code == 201, pushed.text
        return Address(name, pushed.get_json()["request_uri"], who)

    @rule(target=answers, address=addresses, who=PEOPLE)
    def somebody_opens(self, address: Address, who: str) -> Came | MultipleResults[Any]:
        """A1 sends links, A3 opens what it read: any browser comes with any request."""
        if (who, address.by) == ("attacker", "alice") and address.request_uri not in self.opened_by_alice:
            return multiple()
        if who == "alice":
            self.opened_by_alice.add(address.request_uri)
        query = {"client_id": address.client_id, "request_uri": address.request_uri}
        told = self.browsers[who].open(self.house, query)
        if who == "attacker" or address.by == "alice" or address.client_id == "evil":  # its own, A3b, its own client's
            self.attacker.reads(told)
        return Came(address.client_id, who, tuple(told.items())) if address.client_id in self.honest else multiple()

    @rule(answer=consumes(answers))
    def the_answer_arrives(self, answer: Came) -> None:
        """Or never does: A2."""
        self.honest[answer.client_id].finish(self.browsers[answer.who], dict(answer.parameters))

    @rule(target=answers, name=CLIENTS, who=PEOPLE)
    def somebody_gets_an_answer(self, name: str, who: str) -> Came | MultipleResults[Any]:
        return self.somebody_opens(self.somebody_begins(name, who), who)

    @rule(name=CLIENTS)
    def alice_uses_a_service(self, name: str) -> None:
        client, alice = self.honest[name], self.browsers["alice"]
        if alice not in client.logins:
            came = self.somebody_gets_an_answer(name, "alice")
            assert isinstance(came, Came)
            self.the_answer_arrives(came)
        sent, told = client.use(alice)
        assert told.status_code in {200, 401}  # its token may have ended
        self.attacker.resource_requests.append(sent)

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.advance(timedelta(seconds=seconds))

    # Attacks, each with all that it has

    @rule(target=addresses)
    def the_attackers_client_asks(self) -> Address:
        form = {**CHALLENGED, "redirect_uri": f"{EVIL}/callback", **self.attacker.as_itself().form}
        return Address("evil", self.house.http.post("/par", data=form).get_json()["request_uri"], "attacker")

    @rule(name=CLIENTS)
    def alice_chooses_the_attackers_provider(self, name: str) -> None:
        self.attacker.gets(self.honest[name].begin(self.browsers["alice"], EVIL))

    @rule(name=CLIENTS, who=PEOPLE, order=st.sampled_from([1, -1]))
    def answers_are_forged(self, name: str, who: str, order: int) -> None:
        """Every code with every state and issuer: CSRF, injection, mix-up. order: the newest code last or first."""
        codes = self.attacker.codes[-4:][::order]
        known = product(dict.fromkeys(self.attacker.states), (ISSUER, EVIL), codes)
        for state, iss, code in list(known):
            sent = self.honest[name].finish(self.browsers[who], {"code": code, "state": state, "iss": iss})
            if sent is not None:
                self.attacker.gets(sent)

    @rule(name=CLIENTS)
    def the_attacker_redeems_what_it_read(self, name: str) -> None:
        victim, itself = self.honest[name], self.attacker.as_itself
        for code, verifier in product(self.attacker.codes[-3:], [VERIFIER, *self.attacker.verifiers[-1:]]):
            form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
            uri = victim.client.redirect_uris[0]
            self._redeem({**form, "redirect_uri": f"{EVIL}/callback"}, itself())
            for shown in (itself(), *self.attacker.as_another(victim)):
                self._redeem({**form, "redirect_uri": uri}, shown)

    def _redeem(self, form: dict[str, str], shown: Sent) -> None:
        headers = {"DPoP": self.attacker.key.proof("POST", "/token"), **shown.headers}
        told = self.house.http.post("/token", data={**form, **shown.form}, headers=headers)
        if told.status_code == 200 and unverified(told.get_json()["access_token"])[1]["client_id"] in self.honest:
            self.attacker.gained.append("tokens of an honest client")

    @rule(name=CLIENTS)
    def the_attacker_pushes_in_anothers_name(self, name: str) -> None:
        form = {**CHALLENGED, "redirect_uri": self.honest[name].client.redirect_uris[0]}
        for shown in self.attacker.as_another(self.honest[name]):
            if self.house.http.post("/par", data={**form, **shown.form}, headers=shown.headers).status_code == 201:
                self.attacker.gained.append("a request in an honest client's name")

    @rule(method=st.sampled_from(["GET", "POST"]))
    def the_attacker_shows_tokens_that_it_read(self, method: str) -> None:
        for seen in self.attacker.resource_requests[-2:]:
            token = seen.headers["Authorization"].partition(" ")[2]
            for headers in self.attacker.by_token(token, method, seen):
                if self.house.http.open("/userinfo", method=method, headers=headers).status_code == 200:
                    self.attacker.gained.append("a person's resource")

    # The goals

    @invariant()
    def no_token_and_no_resource_of_anothers_is_the_attackers(self) -> None:
        assert self.attacker.gained == []

    @invariant()
    def everybody_is_at_every_client_who_they_are(self) -> None:
        """Nobody logs in as somebody else, and nobody is logged in as the attacker (session integrity)."""
        for client in self.honest.values():
            assert {browser: login.person for browser, login in client.logins.items()} == {
                browser: browser.person for browser in client.logins
            }


@pytest.fixture
def model(sqlite: Database, tmp_path: Path) -> type[AttackerModel]:
    """The machine, in a world of this test's own."""
    return type("Model", (AttackerModel,), {"world": World(sqlite, tmp_path / "keys")})


def test_no_order_of_steps_and_attacks_breaks_a_goal(model: type[AttackerModel], rounds: int) -> None:
    run_state_machine_as_test(
        model,
        settings=settings(
            max_examples=EXAMPLES * rounds,
            stateful_step_count=STEPS,
            database=None,
            phases=[Phase.generate],  # an example reads well enough, and to make it smaller takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("name", ["school", "library"])
def test_without_attacks_each_client_signs_people_in(model: type[AttackerModel], name: str) -> None:
    """What the goals are held against happens at all."""
    it = model()
    it.alice_uses_a_service(name)
    client, alice = it.honest[name], it.browsers["alice"]
    assert client.logins[alice].person == alice.person
    assert client.use(alice)[1].status_code == 200


@pytest.mark.parametrize("name", ["school", "library"])
def test_the_attacks_with_names_fail_one_after_the_other(model: type[AttackerModel], name: str) -> None:
    """What chance may not try in a short run: code injection, CSRF, mix-up, replay at token endpoint and resource."""
    it = model()
    it.somebody_gets_an_answer(name, "attacker")
    it.somebody_gets_an_answer(name, "alice")
    it.alice_chooses_the_attackers_provider(name)
    it.somebody_opens(it.the_attackers_client_asks(), "alice")
    for who, order in (("attacker", -1), ("alice", 1), ("attacker", -1)):
        it.answers_are_forged(name, who, order)
    it.alice_uses_a_service(name)
    it.the_attacker_redeems_what_it_read(name)
    it.the_attacker_pushes_in_anothers_name(name)
    for method in ("GET", "POST"):
        it.the_attacker_shows_tokens_that_it_read(method)
    it.no_token_and_no_resource_of_anothers_is_the_attackers()
    it.everybody_is_at_every_client_who_they_are()
