"""`prepare`, called by `run`: database, buckets, keys, the example's registration, the first links. Can be repeated."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from citizen_account.cli import installation
from citizen_account.cli.migrate import migrate
from citizen_account.house import House
from citizen_account.wiring import build
from config.database import Database
from config.settings import Settings

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "school_enrolment" / "client.json"
EXAMPLE_URL = "http://127.0.0.1:8001"


@click.command(hidden=True)
@click.option("--demo", is_flag=True)
def command(demo: bool) -> None:
    """Bring an installation to where `web` and `worker` can start."""
    settings = installation.settings()
    database = Database(settings.database)
    migrate(database)
    database.close()
    house = build(settings)
    house.stores["papers"].ensure_bucket()
    house.stores["ledger"].ensure_bucket()
    house.stores["archive"].ensure_bucket(object_lock=True)
    house.proofs.state()  # makes the log's signing key
    _register_example(house, settings)
    if demo:
        from examples.town.fill import fill  # noqa: PLC0415 -- heavy, and only for the demo

        fill(house, say=lambda text: click.echo(f"      {text}", err=True))
    for role, link in house.roles.first_links().items():
        sys.stdout.write(f"  First {role:<11} {link}\n")


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
