"""`web`: the pages and endpoints, served by granian. One of several nodes behind a proxy, or the only one."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces

from citizen_account.cli.children import die_with_parent, wait_at
from config import ports
from config.errors import ConfigurationError

BLOCKING_THREADS = 64
"""Requests that one process works on at once; more than bodies may be on their way, so that the others are served."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=1, show_default=True)
@click.option("--gate", type=int, hidden=True)
def command(host: str, port: int, processes: int, gate: int | None) -> None:
    """Serve the pages and endpoints."""
    _check_settings()
    if not ports.is_free(port, host):
        message = f"Port {port} of {host} is in use. Stop what uses it, or choose another: citizen-account web --port"
        raise ConfigurationError(message)
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


def _check_settings() -> None:
    """Say once, not in every process, what is wrong with the settings. Raises `ConfigurationError`.

    Read in a child of its own: that takes 20 MB, which the parent of the serving processes would keep for ever.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            _read_settings(writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        wrong = pipe.read()
    os.waitpid(child, 0)
    if wrong:
        raise ConfigurationError(wrong)


def _read_settings(writer: int) -> None:
    from citizen_account.cli import installation  # noqa: PLC0415 -- in the child alone

    try:
        installation.begin()
    except ConfigurationError as error:
        os.write(writer, str(error).encode())


def application(gate: int | None = None) -> Any:
    """The WSGI application of one worker process. gate: see `wait_at`."""
    from citizen_account.app import create_app  # noqa: PLC0415 -- after the fork: the parent stays small
    from citizen_account.cli import installation  # noqa: PLC0415 -- as above
    from citizen_account.cli.cage import cage_in_words  # noqa: PLC0415 -- as above
    from citizen_account.wiring import build  # noqa: PLC0415 -- as above
    from config import breakdowns  # noqa: PLC0415 -- as above
    from config.logs import get_logger  # noqa: PLC0415 -- as above

    cage = cage_in_words()
    wait_at(gate)
    try:
        made = create_app(build(installation.begin()))
    except Exception as error:
        # Granian would print a traceback; the parent ends with exit code 1 when a process of its does.
        sentence = breakdowns.sentence(error, installation.settings)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        raise SystemExit(1) from None
    get_logger(__name__).info("web_started", cage=cage)
    return made
