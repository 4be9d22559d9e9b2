"""`citizen`: accounts, for the operator."""

from __future__ import annotations

import json

import click

from audit.entries import ActorKind
from citizen_account.accounts import AccountId
from citizen_account.addresses import EmailAddress
from citizen_account.cli import installation, said
from config.errors import Refusal

ROLES = ("facilitator", "auditor", "operator")


@click.group()
def command() -> None:
    """Create, list, erase accounts; propose roles."""


@command.command("create")
@click.option("--email", help="A confirmed address; without one the account has none.")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--given-name", default="")
@click.option("--family-name", default="")
@said.as_json
def create(email: str | None, language: str, given_name: str, family_name: str, as_json: bool) -> None:
    """Create an account. Nobody chooses its password but the person: they ask for one by "I lost my password"."""
    house = said.house("citizen create")
    names = {"given_name": given_name, "family_name": family_name}
    try:
        account = house.accounts.create(
            language=language,
            email=EmailAddress.parse(email) if email else None,
            attributes={name: value for name, value in names.items() if value},
        )
    except Refusal as error:
        raise said.refused(error) from error
    said.told([{"account": account}], ("account",), as_json=as_json)


@command.command("list")
@said.as_json
def list_(as_json: bool) -> None:
    """List the accounts by their opaque ids, with their roles; no personal data."""
    house = said.house("citizen list")
    rows = [
        {"account": row.id, "since": row.created_at, "roles": " ".join(sorted(house.roles.of(row.id)))}
        for row in house.accounts.all()
    ]
    said.told(rows, ("account", "since", "roles"), as_json=as_json)


@command.command("role")
@click.argument("account")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--by", required=True, help="Your own account, which must hold the right to give that role.")
def role(account: str, role: str, by: str) -> None:
    """Propose a ROLE for an ACCOUNT; a second holder of the right confirms it on a page."""
    try:
        said.house("citizen role").roles.propose(AccountId(by), AccountId(account), role)
    except Refusal as error:
        raise said.refused(error) from error
    click.echo("Proposed. Another holder of the right confirms it on the page Roles.")


@command.command("erase")
@click.argument("account")
@click.confirmation_option(prompt="This erases the account, its papers and keys for good. Go on?")
@said.as_json
def erase(account: str, as_json: bool) -> None:
    """Erase an account for good, as the person could; prints the closing receipt."""
    house = said.house("citizen erase")
    try:
        with said.working("Erasing"):
            receipt = house.erasure.close(
                AccountId(account), by=ActorKind.OPERATOR, actor=installation.operating_system_user()
            )
    except Refusal as error:
        raise said.refused(error) from error
    if as_json:
        told = {"documents": receipt.documents, "backups_until": receipt.backups_until, "code": receipt.code}
        click.echo(json.dumps(told, default=str))
        return
    click.echo(f"Closed. {receipt.documents} papers are gone here, from backups by {receipt.backups_until:%Y-%m-%d}.")
    click.echo(f"The receipt's code, for the person: {receipt.code}")
