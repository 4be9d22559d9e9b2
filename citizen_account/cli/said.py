"""How commands speak: an entry for each, JSON where a script reads, a table where a person does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from audit.entries import ActorKind, CommandRun
from citizen_account.cli import installation
from citizen_account.house import House
from citizen_account.wiring import build
from config.errors import Refusal

F = TypeVar("F", bound=Callable[..., Any])

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


def refused(error: Refusal) -> click.ClickException:
    """A refusal as the command line says it: its code and what is wrong; exit code 1."""
    detail = getattr(error, "description", "") or error.detail
    return click.ClickException(f"{error.code}: {detail}" if detail else error.code)
