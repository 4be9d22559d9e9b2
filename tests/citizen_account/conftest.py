"""The town of the page tests: one a test, on a real store and the embedded database."""

from __future__ import annotations

import pytest

from config.settings import Settings
from tests.citizen_account import town as towns
from tests.citizen_account.town import Citizen, Town
from tests.clocks import FixedClock


@pytest.fixture
def town(settings: Settings, clock: FixedClock) -> Town:
    return towns.build(settings, clock)


@pytest.fixture
def alice(town: Town) -> Citizen:
    return town.citizen()
