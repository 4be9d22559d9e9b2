"""One town for all questions about its doors, people of every kind in it, and what it remembers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import Client, TestResponse

from citizen_account.security import AUDITOR, CITIZEN, FACILITATOR, MACHINE, OPERATOR, PUBLIC, Policy
from config.database import metadata
from config.identifiers import SystemRandomness
from config.seaweedfs import EmbeddedStore
from config.settings import load_settings
from tests.citizen_account.town import Citizen, Town, build, set_up
from tests.clocks import FixedClock
from tests.conftest import s3_settings

ORIGIN = "http://localhost:8000"
HTTPS = "https://account.city.example"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RESTS = {"job_rate_limits", "account_sign_ins"}
"""Tables that a refused request may touch: what it counts, and when the sign-in was last used."""


def town_at(folder: Any, seaweed: EmbeddedStore, **settings: Any) -> Town:
    """A town with these settings, on buckets of its own."""
    prefix = f"d{SystemRandomness().bytes(8).hex()}"
    buckets = {f"{name}_bucket": f"{prefix}-{name[-7:]}" for name in ("papers", "ledger", "ledger_archive")}
    s3 = s3_settings(seaweed).model_copy(update={name: value.replace("_", "") for name, value in buckets.items()})
    made = load_settings(data_dir=folder, s3=s3.model_dump(), **settings)
    set_up(made)
    return build(made, FixedClock())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, seaweed: EmbeddedStore) -> Iterator[Town]:
    made = town_at(tmp_path_factory.mktemp("doors"), seaweed, mail={"local_mailbox": True})
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def https_town(tmp_path_factory: pytest.TempPathFactory, seaweed: EmbeddedStore) -> Iterator[Town]:
    """The town as a city runs it: by https, behind one proxy."""
    made = town_at(tmp_path_factory.mktemp("https"), seaweed, public_url=HTTPS, trusted_proxies=1)
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def people(town: Town) -> dict[str, Citizen]:
    """One of each kind; the stranger is signed in nowhere."""
    return {
        PUBLIC: town.stranger(),
        CITIZEN: town.citizen(given_name="Bob"),
        FACILITATOR: town.citizen("facilitator", given_name="Fanny"),
        AUDITOR: town.citizen("auditor", given_name="Odile"),
        OPERATOR: town.citizen("operator", given_name="Oscar"),
    }


@dataclass
class Doors:
    """Every route of a town."""

    town: Town
    rules: list[Rule] = field(init=False)

    def __post_init__(self) -> None:
        self.rules = list(self.town.app.url_map.iter_rules())

    def declared(self, rule: Rule) -> Policy | None:
        with self.town.app.test_request_context(base_url=self.town.house.settings.public_url):
            found: Policy | None = self.town.app.extensions["security"].policy_of(rule.endpoint)
        return found

    def policy(self, rule: Rule) -> Policy:
        found = self.declared(rule)
        assert found, f"{rule.rule} declares nothing"
        return found

    def pages(self, method: str = "") -> list[Rule]:
        """What people see: everything but machine endpoints and the look."""
        return [
            rule
            for rule in self.rules
            if rule.endpoint not in {"static", "theme", "health"}
            and (not method or method in (rule.methods or ()))
            and not self.is_machine(rule)
        ]

    def machines(self) -> list[Rule]:
        return [rule for rule in self.rules if self.is_machine(rule)]

    def is_machine(self, rule: Rule) -> bool:
        return MACHINE in self.policy(rule).allowed

    def admits(self, rule: Rule, role: str) -> bool:
        """Whether a person of that role may enter, by what the route declares."""
        found = self.policy(rule)
        return bool(found.allowed & {PUBLIC, role}) or (CITIZEN in found.allowed and role != PUBLIC)


@pytest.fixture(scope="module")
def doors(town: Town) -> Doors:
    return Doors(town)


def path_of(rule: Rule, **known: str) -> str:
    """A path of the rule; for what is not known an id that nothing has."""
    values = {
        name: 1 if "int" in type(rule._converters[name]).__name__.lower() else known.get(name, "x" * 26)
        for name in rule.arguments
    }
    built = rule.build(values, append_unknown=False)
    assert built
    return built[1]


def call(client: Client, method: str, path: str, origin: str = ORIGIN, **more: Any) -> TestResponse:
    answer = client.open(path, method=method, base_url=origin, **more)
    answer.get_data()  # to the end, so that streamed answers close
    return answer


def memory(town: Town) -> dict[str, str]:
    """A digest of each table, so that a refused request can be shown to have changed none."""
    found = {}
    with town.house.database.reading() as tx:
        for table in metadata.sorted_tables:
            if table.name not in RESTS:
                rows = sorted(map(repr, tx.execute(select(table)).all()))
                found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found
