"""Providers to test: a fresh one on each kind of database, or one shared by rows that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.database import Database, metadata
from tests.clocks import FixedClock
from tests.oidc.provider_house import House


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A provider of this test's own, once on each kind of database."""
    return House(database, tmp_path / "keys", clock)


@pytest.fixture
def lone(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A provider of this test's own, for what does not depend on the kind of database."""
    return House(sqlite, tmp_path / "keys", clock)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One provider for the rows of a table, each of which changes one thing of a request."""
    folder = tmp_path_factory.mktemp("shared")
    database = Database(f"sqlite:///{folder / 'test.db'}")
    metadata.create_all(database.engine)
    yield House(database, folder / "keys", FixedClock())
    database.close()
