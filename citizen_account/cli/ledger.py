"""`ledger`: verify it, show its checkpoint, take a bundle out, look at what is set aside, see what a restore found.

Verify and checkpoint show nothing readable.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.entries import PersonId
from audit.errors import UnknownEntry, VerificationError
from audit.search import REASONS
from audit.tlog.checkpoint import Checkpoint
from audit.verification import folder, verify_bundle, verify_log, verify_receipt
from citizen_account.cli import said
from citizen_account.house import House
from citizen_account.security import AUDITOR


@click.group()
def command() -> None:
    """Verify, checkpoint, export the ledger; what a restore found."""


@command.command("verify")
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--live", is_flag=True, help="The published log in this installation's object store.")
@click.option("--vkey", help="The log's key, as you hold it (name+hash+key).")
@click.option("--checkpoint", "older", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="A checkpoint that you kept; the log must continue it. May be repeated.")  # fmt: skip
def verify(file: Path | None, live: bool, vkey: str | None, older: tuple[Path, ...]) -> None:
    """Verify FILE offline: an exported bundle, a receipt, or a folder that the public log was copied into.

    Without FILE the database of this installation, or with --live its published log. Exit code 1 and one sentence
    when anything differs.
    """
    notes = [path.read_text() for path in older]
    try:
        if file is None:
            _verify_here(notes, vkey, live=live)
        elif file.is_dir():
            _told(verify_log(folder(file), vkey=_key(vkey), older=notes))
        elif file.suffix == ".zip":
            _verify_bundle(file, vkey, notes)
        else:
            checkpoint, _, values = verify_receipt(file.read_text(), _key(vkey))
            click.echo(f"The entry is in the log {checkpoint.origin} of {checkpoint.size} entries. It says:")
            for name, value in values.items():
                click.echo(f"  {name}: {value}")
    except VerificationError as error:
        raise click.ClickException(f"Not verified: {error}.") from error


def _verify_here(older: list[str], vkey: str | None, *, live: bool) -> None:
    house = said.house("ledger verify")
    if not live:
        with said.working("Holding the database against the log"):
            checked = house.proofs.check_database()
        click.echo(f"{checked} entries are what the log committed.")
        return
    state = house.proofs.state()
    with said.working("Verifying the published log"):
        kept = house.archive.checkpoints(state.generation)
        checkpoint = verify_log(house.proofs.read_published, vkey=vkey or state.vkey, older=older, kept=kept)
    _told(checkpoint)


def _verify_bundle(file: Path, vkey: str | None, older: list[str]) -> None:
    with said.working("Verifying the bundle"):
        verified = verify_bundle(file, vkey=vkey, older=older)
    _told(verified.checkpoint)
    click.echo(f"{verified.readable} readable parts fit their entries, {verified.erased} were erased with notice.")
    if vkey is None:
        click.echo("The key was the bundle's own: give --vkey to know that it is the city's log.")


def _key(vkey: str | None) -> str:
    if vkey is None:
        raise click.UsageError("This needs --vkey: what is checked does not say whose log it is.")
    return vkey


def _told(checkpoint: Checkpoint) -> None:
    click.echo(f"The log {checkpoint.origin} holds {checkpoint.size} entries; every one is in its tree.")


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
def export(target: Path, email: str) -> None:
    """Write the signed bundle of the whole log to TARGET (a .zip). Asks for an auditor's sign-in."""
    house = said.house("ledger export")
    auditor = _auditor(house, email)
    try:
        with said.working("Writing the bundle"):
            written = house.export.bundle(auditor, target)
    except UnknownEntry:
        raise click.ClickException("Nothing is published yet.") from None
    click.echo(f"Wrote the ledger to {target}: {written:,} bytes.")


@command.command("set-aside")
@click.argument("pseudonym")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why you look; it becomes an entry.")
@click.option("--email", prompt="Your e-mail address")
@said.as_json
def set_aside(pseudonym: str, reason: str, email: str, as_json: bool) -> None:
    """Show the exchanges of a closed account, set aside by law. Asks for an auditor's sign-in.

    PSEUDONYM: what the ledger calls the person (field `persons` of an entry).
    """
    house = said.house("ledger set-aside")
    auditor = _auditor(house, email)
    try:
        found = house.search.set_aside(auditor, pseudonym, reason)
    except UnknownEntry:
        raise click.ClickException("Nothing is set aside under this pseudonym (any more).") from None
    rows = [{"time": entry.time, **entry.values} for entry in found]
    said.told(rows, ("time", "kind", "outcome", "client", "document_type", "purpose", "agent"), as_json=as_json)


def _auditor(house: House, email: str) -> PersonId:
    # Never an argument: every user of the machine reads those. From a pipe it is read as it comes.
    password = click.prompt("Your password", hide_input=sys.stdin.isatty(), err=True)
    account = house.authentication.verify(email, password)
    if account is None or AUDITOR not in house.roles.of(account):
        raise click.ClickException("This sign-in is not an auditor's.")
    return PersonId(account)


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
