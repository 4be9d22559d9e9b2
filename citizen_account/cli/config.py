"""`config`: what is set, and whether it works."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable

import click

from citizen_account.cli import installation, said
from citizen_account.cli.cage import cage_in_words
from citizen_account.cli.migrate import versions
from config.database import Database
from config.errors import ConfigurationError, KeyRingError, ObjectStoreError
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
def check() -> None:
    """Try every dependency; exit code 1 when one does not work."""
    settings = installation.settings()
    checks: dict[str, Callable[[Settings], str]] = {
        "database": _database,
        "object store": _object_store,
        "key rings": _key_rings,
        "disk": _disk,
        "previews": _previews,
    }
    failed = False
    for name, probe in checks.items():
        try:
            click.echo(f"ok    {name}: {probe(settings)}")
        except (ConfigurationError, ObjectStoreError, KeyRingError, OSError) as error:
            failed = True
            click.echo(f"FAIL  {name}: {error}")
    sys.exit(int(failed))


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
    rings = sorted(path.stem for path in settings.keys.glob("*.json"))
    if not rings:
        raise ConfigurationError(
            f"none in {settings.keys} yet: run citizen-account run, or the first web node makes them"
        )
    return ", ".join(rings)


def _disk(settings: Settings) -> str:
    return f"{shutil.disk_usage(settings.data_dir).free // 1_000_000} MB free in {settings.data_dir}"


def _previews(_settings: Settings) -> str:
    return cage_in_words()
