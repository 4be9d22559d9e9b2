"""`ledger`: verify it, show its checkpoint, take a bundle out. Verify and checkpoint show nothing readable."""

from __future__ import annotations

from pathlib import Path

import click

from audit.entries import PersonId
from audit.errors import UnknownEntry, VerificationError
from audit.verification import verify_bundle, verify_receipt
from citizen_account.cli import said
from citizen_account.security import AUDITOR


@click.group()
def command() -> None:
    """Verify, checkpoint, export the ledger; what a restore found."""


@command.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--vkey", help="The log's key, as you hold it (name+hash+key).")
@click.option("--checkpoint", "older", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="A checkpoint that you kept; the log must continue it. May be repeated.")  # fmt: skip
def verify(file: Path | None, vkey: str | None, older: tuple[Path, ...]) -> None:
    """Verify FILE, an exported bundle or a receipt, offline; without FILE the database of this installation.

    Exit code 1 and one sentence when anything differs.
    """
    try:
        if file is None:
            house = said.house("ledger verify")
            with said.working("Holding the database against the log"):
                checked = house.proofs.check_database()
            click.echo(f"{checked} entries are what the log committed.")
        elif file.suffix == ".zip":
            with said.working("Verifying the bundle"):
                verified = verify_bundle(file, vkey=vkey, older=[path.read_text() for path in older])
            note = verified.checkpoint
            click.echo(f"The log {note.origin} holds {note.size} entries; every one is in its tree.")
            click.echo(
                f"{verified.readable} readable parts fit their entries, {verified.erased} were erased with notice."
            )
            if vkey is None:
                click.echo("The key was the bundle's own: give --vkey to know that it is the city's log.")
        else:
            if vkey is None:
                raise click.UsageError("A receipt needs --vkey.")
            checkpoint, _, values = verify_receipt(file.read_text(), vkey)
            click.echo(f"The entry is in the log {checkpoint.origin} of {checkpoint.size} entries. It says:")
            for name, value in values.items():
                click.echo(f"  {name}: {value}")
    except VerificationError as error:
        raise click.ClickException(f"Not verified: {error}.") from error


@command.command("checkpoint")
def checkpoint() -> None:
    """Print the published checkpoint and the key that verifies it."""
    house = said.house("ledger checkpoint")
    try:
        click.echo(house.proofs.checkpoint(), nl=False)
    except UnknownEntry:
        raise click.ClickException("Nothing is published yet.") from None
    click.echo(f"\n{house.proofs.state().vkey}")


@command.command("export")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--email", prompt="Your e-mail address")
@click.option("--password", prompt="Your password", hide_input=True)
def export(target: Path, email: str, password: str) -> None:
    """Write the signed bundle of the whole log to TARGET (a .zip). Asks for an auditor's sign-in."""
    house = said.house("ledger export")
    account = house.authentication.verify(email, password)
    if account is None or AUDITOR not in house.roles.of(account):
        raise click.ClickException("This sign-in is not an auditor's.")
    try:
        with said.working("Writing the bundle"):
            entries = house.export.bundle(PersonId(account), target)
    except UnknownEntry:
        raise click.ClickException("Nothing is published yet.") from None
    click.echo(f"Wrote {entries} entries to {target}.")


@command.command("restored")
@click.option("--sweep", is_flag=True, help="What the restore left without a row may go when the backup window ends.")
@click.option("--open", "open_doors", is_flag=True, help="Open the doors although some of what had ended is unknown.")
@said.as_json
def restored(sweep: bool, open_doors: bool, as_json: bool) -> None:
    """Say what was found after a restore: entries lost, what was ended again, objects that no row names.

    Changes nothing without an option; each option asks first.
    """
    house = said.house("ledger restored")
    if open_doors and click.confirm("Papers and accounts erased after the backup may be here again. Open?"):
        opened = house.restoring.open_without()
        click.echo(f"The doors open within seconds of the worker's next turn ({opened} restores waited).", err=True)
    report = house.restoring.report()
    rows = [
        {
            "found_at": row.found_at,
            "known": row.known_size,
            "published": row.published_size,
            "lost": row.lost,
            "ended_again": row.ended,
            "doors": "open" if row.replayed_at else "closed" if row.is_whole else "closed: some endings are missing",
            "sweep": "confirmed" if row.swept_at else "waits for --sweep",
        }
        for row in report.restores
    ]
    unknown = [{"object": name} for name in report.unknown_objects] if as_json else []
    said.told(
        [*rows, *unknown], ("found_at", "known", "published", "lost", "ended_again", "doors", "sweep"), as_json=as_json
    )
    if not as_json:
        click.echo(f"{report.uploads_cut_off} uploads were under way in the backup or are now.")
        click.echo(
            f"{len(report.unknown_objects)} objects have no row: papers deposited after the backup, most likely."
        )
        for name in report.unknown_objects:
            click.echo(f"  {name}")
    if sweep and click.confirm("Without a newer copy of the database nobody can open these. Let them go?"):
        click.echo(f"{house.restoring.confirm_sweep()} objects go when the backup window ends, or sooner.", err=True)
