"""`web`: the pages and endpoints, served by granian. One of several nodes behind a proxy, or the only one."""

from __future__ import annotations

from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces

from citizen_account.cli import installation
from citizen_account.cli.children import die_with_parent, wait_at

BLOCKING_THREADS = 16
"""Requests that one process works on at once; the rest waits in the backlog."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=1, show_default=True)
@click.option("--gate", type=int, hidden=True)
def command(host: str, port: int, processes: int, gate: int | None) -> None:
    """Serve the pages and endpoints."""
    bind = die_with_parent()

    def load(_target: str) -> Any:
        bind()
        return application(gate)

    Granian(
        "citizen_account.cli.web:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=BLOCKING_THREADS,
        websockets=False,
        log_access=False,
        workers_kill_timeout=10,
        # One that died is replaced while connections wait; one that dies again at once ends the node.
        respawn_failed_workers=True,
    ).serve(target_loader=load)


def application(gate: int | None = None) -> Any:
    """The WSGI application of one worker process. gate: see `wait_at`."""
    from citizen_account.app import create_app  # noqa: PLC0415 -- after the fork: the parent stays small
    from citizen_account.wiring import build  # noqa: PLC0415 -- as above

    wait_at(gate)
    return create_app(build(installation.settings()))
