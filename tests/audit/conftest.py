"""A log with some history, for the attacks on it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.database import Database
from config.object_store import ObjectStore
from config.settings import Settings
from tests.audit.ledger_house import ALICE, BOB, LedgerHouse, build, fill, know, read
from tests.clocks import FixedClock

SIZE = 300


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    made = ObjectStore(settings.s3, settings.s3.ledger_bucket)
    made.ensure_bucket()
    return made


@pytest.fixture
def aged(database: Database, store: ObjectStore, tmp_path: Path, clock: FixedClock) -> LedgerHouse:
    """A log of 300 entries, 40 of them about people, over three hours, published four times."""
    made = build(database, store, tmp_path / "keys", clock)
    know(made, ALICE, BOB)
    for part in range(4):
        for number in range(10):
            read(made, (ALICE, BOB)[number % 2], document=f"paper-{part}-{number}")
        fill(made, SIZE // 4 - 10)
        made.recovery.run_once()
        clock.advance(timedelta(hours=1))
    assert made.proofs.check_database() == SIZE
    return made
