"""The towns of the page tests: one a test, on a real object store and on each kind of database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Settings
from tests.citizen_account import town as towns
from tests.citizen_account.town import Citizen, Town
from tests.clocks import FixedClock
from tests.postgres import PostgreSQL


@pytest.fixture(scope="session")
def set_up_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a town on SQLite that nobody has entered, to be copied."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("set-up"))
    towns.set_up(settings)
    return settings.data_dir


@pytest.fixture(scope="session")
def set_up_on_postgresql(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same on PostgreSQL: its folder, and its database."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("set-up"), database_url=SecretStr(postgresql.fresh_database()))
    towns.set_up(settings)
    return settings


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, settings: Settings, clock: FixedClock) -> Iterator[Town]:
    """A town of this test's own, once on each kind of database."""
    if request.param == "sqlite":
        made = request.getfixturevalue("lone_town")
    else:
        set_up: Settings = request.getfixturevalue("set_up_on_postgresql")
        url = request.getfixturevalue("postgresql").fresh_database(set_up.database)
        shutil.copytree(set_up.data_dir, settings.data_dir)
        made = towns.build(settings.model_copy(update={"database_url": SecretStr(url)}), clock)
    yield made
    made.house.database.close()


@pytest.fixture
def lone_town(set_up_on_sqlite: Path, settings: Settings, clock: FixedClock) -> Iterator[Town]:
    """A town on SQLite, for what does not depend on the kind of database."""
    shutil.copytree(set_up_on_sqlite, settings.data_dir)
    made = towns.build(settings, clock)
    yield made
    made.house.database.close()


@pytest.fixture
def alice(town: Town) -> Citizen:
    return town.citizen()


@pytest.fixture
def lone_alice(lone_town: Town) -> Citizen:
    return lone_town.citizen()
