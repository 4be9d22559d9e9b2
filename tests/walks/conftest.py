"""The whole house, started as a new user starts it, and Debian's Chromium driven as a person would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.installation import RunningHouse, running
from tests.walks.person import Person, new_person

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running(tmp_path_factory.mktemp("town") / "data") as house:
        yield house


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "tools/machine installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    made = new_person(town, chromium, accept_downloads=True)
    yield made
    made.context.close()


@pytest.fixture(scope="session")
def auditor(town: RunningHouse, chromium: Browser) -> Person:
    """Who took the first auditor's link."""
    return _holder(town, chromium, "auditor")


@pytest.fixture(scope="session")
def operator(town: RunningHouse, chromium: Browser) -> Person:
    """Who took the first operator's link."""
    return _holder(town, chromium, "operator")


def _holder(town: RunningHouse, chromium: Browser, role: str) -> Person:
    made = new_person(town, chromium, accept_downloads=True)
    made.sign_up(f"{role}@people.example")
    made.take_role(role)
    return made
