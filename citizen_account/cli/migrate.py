"""`migrate`: bring the database to this version."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command as alembic
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import citizen_account.tables  # noqa: F401 -- so that the metadata is whole
from citizen_account.cli import installation, said
from config.database import Database, metadata

SCRIPTS = Path(__file__).parent.parent.parent / "config" / "migrations"


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, for going back too.")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 when something is to be done.")
def command(revision: str, check: bool) -> None:
    """Bring the database to this version; safe while the version before still serves."""
    settings = installation.begin()
    if not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    before, head = versions(database)
    if check:
        click.echo(f"The database is at {before or 'nothing'}, this version needs {head}.")
        raise SystemExit(int(before != head))
    with said.working("Migrating"):
        migrate(database, revision)
    after, _ = versions(database)
    click.echo(f"The database is at {after}." if before == after else f"From {before or 'nothing'} to {after}.")
    database.close()


def migrate(database: Database, revision: str = "head") -> None:
    """Run the migrations up (or down) to a revision."""
    with database.engine.execution_options(migrating=True).connect() as connection:
        going_down = revision != "head" and revision in _ancestors(versions(database)[0])
        (alembic.downgrade if going_down else alembic.upgrade)(configuration(connection), revision)
        connection.commit()


def configuration(connection: object) -> Config:
    """Alembic's configuration, with the open connection and our metadata."""
    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.attributes |= {"connection": connection, "metadata": metadata}
    return made


def versions(database: Database) -> tuple[str | None, str | None]:
    """(the database's revision, the newest one)."""
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        return found, ScriptDirectory.from_config(configuration(connection)).get_current_head()


def _ancestors(revision: str | None) -> set[str]:
    scripts = ScriptDirectory(str(SCRIPTS))
    if revision is None:
        return {"base"}
    return {script.revision for script in scripts.iterate_revisions(revision, "base")} - {revision} | {"base"}
