"""`prepare`, called by `run`: database, buckets, keys, the example's registration, the first links. Can be repeated."""

from __future__ import annotations

import importlib
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from citizen_account.cli import installation
from citizen_account.cli.cage import cage_in_words
from citizen_account.cli.children import wait_at
from citizen_account.cli.migrate import migrate
from citizen_account.house import House
from citizen_account.wiring import build
from config.clock import SystemClock
from config.database import Database
from config.settings import Settings

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "school_enrolment" / "client.json"
EXAMPLE_URL = "http://127.0.0.1:8001"
DEMO_DAYS = 14
DEMO_PASSWORD = "the whole town knows these words"  # noqa: S105 -- printed at start, of invented people


class TownClock:
    """The demo's clock: begins two weeks ago, goes on as it is told, never past now."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        """end: now."""
        self._now = begin
        self.end = end
        self._ticks = 0.0

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._now

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._ticks

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        moved = min(self._now + by, self.end)
        self._ticks += (moved - self._now).total_seconds()
        self._now = moved.replace(microsecond=0)


@click.command(hidden=True)
@click.option("--demo", is_flag=True)
@click.option("--gate", type=int, hidden=True)
def command(demo: bool, gate: int | None) -> None:
    """Bring an installation to where `web` and `worker` can start."""
    wait_at(gate)
    settings = installation.begin()
    database = Database(settings.database)
    migrate(database)
    database.close()
    now = SystemClock().now()
    clock = TownClock(now - timedelta(days=DEMO_DAYS), now) if demo and not _is_lived_in(settings) else None
    house = build(settings, clock=clock)
    house.stores["papers"].ensure_bucket()
    house.stores["ledger"].ensure_bucket()
    house.stores["archive"].ensure_bucket(object_lock=True)
    house.proofs.state()  # makes the log's signing key
    _register_example(house, settings)
    if clock is not None:
        town = importlib.import_module("examples.town.fill")  # heavy, and only for the demo
        town.fill(house, clock, lambda text: click.echo(f"      {text}", err=True))
    sys.stdout.write(f"  Previews          {cage_in_words()}\n")
    if demo:
        sys.stdout.write(f"  Town              alice.martin@town.example and others, password: {DEMO_PASSWORD}\n")
    for role, link in house.roles.first_links().items():
        sys.stdout.write(f"  First {role:<11} {link}\n")


def _is_lived_in(settings: Settings) -> bool:
    """Whether there are accounts already: a town is only put where nobody lives."""
    house = build(settings)
    return next(iter(house.accounts.all()), None) is not None


def _register_example(house: House, settings: Settings) -> None:
    """Register the example e-service with a secret of its own, kept for it in a file of mode 0600."""
    kept = Path(os.environ.get("SCHOOL_CREDENTIALS", settings.data_dir / "school-enrolment.json"))
    url = os.environ.get("SCHOOL_URL", EXAMPLE_URL)
    metadata = json.loads(EXAMPLE.read_text().replace(EXAMPLE_URL, url))
    client = house.clients.get(metadata["client_id"])
    if client is not None and kept.exists() and client.redirect_uris == tuple(metadata["redirect_uris"]):
        return
    made, secret = house.clients.add(metadata, actor=installation.operating_system_user())
    if secret is None:
        return
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"client_id": made.client_id, "client_secret": secret}, file)
