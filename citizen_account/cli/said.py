"""How commands speak: an entry for each, JSON where a script reads, a table where a person does."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from audit.entries import ActorKind, CommandRun
from citizen_account.cli import installation
from citizen_account.house import House
from citizen_account.wiring import build
from config.errors import Refusal

F = TypeVar("F", bound=Callable[..., Any])

BAR_WIDTH = 20
BAR_SECONDS = 0.25
"""How often the bar moves."""

as_json: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON document.")


def house(command: str) -> House:
    """Every service of this installation, after writing who runs which command into the ledger."""
    made = build(installation.begin())
    with made.database.transaction() as tx:
        run = CommandRun(
            actor_kind=ActorKind.OPERATOR,
            actor=installation.operating_system_user(),
            command=command,
        )
        made.ledger.append(tx, run)
    return made


def told(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: JSON, or a table with these columns."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=1, default=str))
        return
    widths = [max(len(c), *(len(str(row.get(c, ""))) for row in rows), 0) if rows else len(c) for c in columns]
    click.echo("  ".join(column.ljust(width) for column, width in zip(columns, widths, strict=True)).rstrip())
    for row in rows:
        cells = (str(row.get(column, "")).ljust(width) for column, width in zip(columns, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@contextmanager
def working(what: str) -> Iterator[None]:
    """While something takes longer than a second: a moving bar and the seconds so far, on a terminal's standard error.

    How much is left nobody knows beforehand; what was done is said by the command's own last line.
    """
    done = threading.Event()
    drawn = threading.Thread(target=_draw, args=(what, done), daemon=True)
    if sys.stderr.isatty():
        drawn.start()
    try:
        yield
    finally:
        done.set()
        if drawn.ident is not None:
            drawn.join()


def _draw(what: str, done: threading.Event) -> None:
    step = 0
    while not done.wait(BAR_SECONDS):
        step += 1
        at = BAR_WIDTH - abs(step % (2 * BAR_WIDTH) - BAR_WIDTH)
        bar = " " * at + "=" * 3 + " " * (BAR_WIDTH - at)
        if step * BAR_SECONDS >= 1:
            sys.stderr.write(f"\r[{bar}] {step * BAR_SECONDS:.0f} s  {what}")
            sys.stderr.flush()
    if step * BAR_SECONDS >= 1:
        sys.stderr.write("\r\x1b[2K")  # the line is taken away again: what follows is the answer


def refused(error: Refusal) -> click.ClickException:
    """A refusal as the command line says it: its code and what is wrong; exit code 1."""
    detail = getattr(error, "description", "") or error.detail
    return click.ClickException(f"{error.code}: {detail}" if detail else error.code)
