"""The vault for its tests."""

from __future__ import annotations

import pytest

from config.database import Database
from config.identifiers import SystemRandomness
from config.settings import Settings
from tests.clocks import FixedClock
from tests.vault.world import World, build


@pytest.fixture
def world(database: Database, settings: Settings, clock: FixedClock, randomness: SystemRandomness) -> World:
    """The vault, once on each kind of database."""
    return build(database, settings, clock, randomness)


@pytest.fixture
def small(sqlite: Database, settings: Settings, clock: FixedClock, randomness: SystemRandomness) -> World:
    """The vault on SQLite, for what does not depend on the database."""
    return build(sqlite, settings, clock, randomness)
