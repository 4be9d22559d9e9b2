"""`worker`: what happens later. Several may run; each job is done by one of them. What failed for good is shown."""

from __future__ import annotations

import signal
import threading

import click

from citizen_account.cli import installation, said
from citizen_account.cli.cage import cage_in_words
from citizen_account.wiring import build
from citizen_account.worker import register
from config.logs import get_logger

log = get_logger(__name__)


@click.command()
@click.option("--failed", is_flag=True, help="Don't work: list the jobs that were set aside after their last try.")
@click.option("--retry", metavar="ID", help="Don't work: make that job due again, for the workers that run.")
@said.as_json
def command(failed: bool, retry: str | None, as_json: bool) -> None:
    """Work through the jobs until told to stop; a job that was begun is finished first."""
    if failed:
        _list(as_json=as_json)
    elif retry is not None:
        _retry(retry)
    else:
        _work()


def _work() -> None:
    house = build(installation.begin())
    register(house)
    log.info("worker_started", cage=cage_in_words())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    house.jobs.work(stop)


def _list(*, as_json: bool) -> None:
    rows = [
        {"id": job.id, "kind": job.kind, "tries": job.tries, "error": job.error, "failed_at": job.failed_at}
        for job in said.house("worker --failed").failed_jobs.all()
    ]
    said.told(rows, ("id", "kind", "tries", "error", "failed_at"), as_json=as_json)


def _retry(job: str) -> None:
    house = build(installation.begin())
    if not house.failed_jobs.retry(job, command_by=installation.operating_system_user()):
        raise click.ClickException(f"No job {job} was set aside; citizen-account worker --failed lists them.")
    click.echo("It is due again.")
