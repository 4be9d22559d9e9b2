"""The vault for its tests."""

from __future__ import annotations

import pytest

from config.database import Database
from config.identifiers import SystemRandomness
from config.object_store import ObjectStore
from config.settings import Settings
from tests.clocks import FixedClock
from tests.vault.world import World, build


@pytest.fixture
def papers(settings: Settings) -> Settings:
    """The settings with one bucket for all of the vault's tests, empty: the store has room for a few dozen buckets."""
    given = settings.model_copy(update={"s3": settings.s3.model_copy(update={"papers_bucket": "vault-tests"})})
    store = ObjectStore(given.s3, given.s3.papers_bucket)
    store.ensure_bucket()
    for name in list(store.list()):
        store.delete(name)
    return given


@pytest.fixture
def world(database: Database, papers: Settings, clock: FixedClock, randomness: SystemRandomness) -> World:
    """The vault, once on each kind of database."""
    return build(database, papers, clock, randomness)


@pytest.fixture
def small(sqlite: Database, papers: Settings, clock: FixedClock, randomness: SystemRandomness) -> World:
    """The vault on SQLite, for what does not depend on the database."""
    return build(sqlite, papers, clock, randomness)
