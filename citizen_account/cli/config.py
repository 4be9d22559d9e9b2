"""`config`: what is set, and whether it works."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from typing import Any

import click

from citizen_account.cli import installation, said
from citizen_account.cli.cage import cage_in_words
from citizen_account.cli.migrate import versions
from config import breakdowns
from config.database import Database
from config.errors import ConfigurationError
from config.key_ring import kinds
from config.object_store import ObjectStore
from config.settings import Settings


@click.group()
def command() -> None:
    """Show or check the settings."""


@command.command("show")
def show() -> None:
    """Print the settings in force as JSON; secrets are hidden."""
    said.house("config show")
    click.echo(json.dumps(installation.settings().model_dump(mode="json"), indent=1))


@command.command("check")
@said.as_json
def check(as_json: bool) -> None:
    """Try every dependency; exit code 1 when one does not work."""
    settings = installation.settings()
    checks: dict[str, Callable[[Settings], str]] = {
        "database": _database,
        "object store": _object_store,
        "key rings": _key_rings,
        "disk": _disk,
        "previews": _previews,
    }
    rows = [_tried(name, probe, settings) for name, probe in checks.items()]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
    for row in [] if as_json else rows:
        click.echo(f"{'ok  ' if row['works'] else 'FAIL'}  {row['check']}: {row['said']}")
    sys.exit(int(not all(row["works"] for row in rows)))


def _tried(name: str, probe: Callable[[Settings], str], settings: Settings) -> dict[str, Any]:
    """What a dependency said, or why it does not work; what nobody foresaw is raised."""
    try:
        return {"check": name, "works": True, "said": probe(settings)}
    except Exception as error:
        sentence = breakdowns.sentence(error, lambda: settings)
        if sentence is None:
            raise
        return {"check": name, "works": False, "said": sentence}


def _database(settings: Settings) -> str:
    database = Database(settings.database)
    found, head = versions(database)
    if found != head:
        raise ConfigurationError(f"at {found or 'nothing'}, this version needs {head}: run citizen-account migrate")
    return f"{database.engine.dialect.name}, at {found}"


def _object_store(settings: Settings) -> str:
    for bucket in (settings.s3.papers_bucket, settings.s3.ledger_bucket, settings.s3.ledger_archive_bucket):
        next(ObjectStore(settings.s3, bucket).list(), None)
    return f"{settings.s3.endpoint_url or 'AWS'}, three buckets"


def _key_rings(settings: Settings) -> str:
    rings = kinds.found(settings)
    if not rings:
        raise ConfigurationError(
            f"none in {kinds.place(settings)} yet: run citizen-account run, or the first web node makes them"
        )
    return f"{', '.join(rings)} in {kinds.place(settings)}"


def _disk(settings: Settings) -> str:
    return f"{shutil.disk_usage(settings.data_dir).free // 1_000_000} MB free in {settings.data_dir}"


def _previews(_settings: Settings) -> str:
    return cage_in_words()
