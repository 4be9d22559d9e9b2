"""`worker`: what happens later. Several may run; each job is done by one of them."""

from __future__ import annotations

import signal
import threading

import click

from citizen_account.cli import installation
from citizen_account.wiring import build
from citizen_account.worker import register


@click.command()
def command() -> None:
    """Work through the jobs until told to stop; a job that was begun is finished first."""
    house = build(installation.settings())
    register(house)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    house.jobs.work(stop)
