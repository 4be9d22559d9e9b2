"""The machine that is killed, and the chance that says when."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.identifiers import SystemRandomness
from tests.kills.machine import Machine, running
from tests.kills.promises import Promises


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = Path(tmp_path_factory.mktemp("kills")) / "data"
    with running(folder) as started:
        yield started
    shutil.rmtree(folder / "object-store")  # gigabytes after a long series; pytest keeps the folders of three runs


@pytest.fixture
def chance() -> random.Random:
    """Other offsets each time; a failure prints the seed that finds them again: `KILLS_SEED=…`."""
    seed = os.environ.get("KILLS_SEED") or SystemRandomness().bytes(4).hex()
    print(f"KILLS_SEED={seed}")  # noqa: T201 -- pytest shows it when the test fails
    return random.Random(seed)


@pytest.fixture
def promises(machine: Machine) -> Promises:
    return Promises(machine)
