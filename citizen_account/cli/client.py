"""`client`: the e-services that may sign citizens in and ask for papers, and why they were refused."""

from __future__ import annotations

import json
from typing import IO

import click

from citizen_account import contracts
from citizen_account.cli import installation, said
from citizen_account.house import House
from citizen_account.pages import refusal_words
from config.errors import Refusal
from oidc.clients import Client
from oidc.diagnosis import UNREGISTERED
from oidc.profiles import DEFAULT, PROFILES


@click.group()
def command() -> None:
    """Register, list, remove e-services; say why they were refused."""


@command.command("import")
@click.argument("file", type=click.File("r"))
@said.as_json
def import_(file: IO[str], as_json: bool) -> None:
    """Import FILE (RFC 7591 metadata, JSON; - for standard input); change the client of the same client_id.

    A client_id and client_secret in it are kept. A secret that is made is shown once, here.
    """
    try:
        metadata = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise click.ClickException(f"{file.name} must hold one JSON object")
    house = said.house("client import")
    try:
        client, secret = house.clients.add(metadata, actor=installation.operating_system_user())
    except Refusal as error:
        raise said.refused(error) from error
    _tell_secret(client, secret or "(kept)", as_json=as_json)


@command.command("add")
@click.argument("name")
@click.option("--name-fr", default="", help="Its name in French.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True, help="Where people return to; repeat.")
@click.option(
    "--after-sign-out", "post_logout", multiple=True, help="Where people return to after signing out; repeat."
)
@click.option("--method", default="client_secret_basic", show_default=True, help="How it proves who it is.")
@click.option("--jwks-uri", default="", help="The address of its public keys, for private_key_jwt.")
@click.option(
    "--profile",
    type=click.Choice(sorted(PROFILES)),
    default=DEFAULT,
    show_default=True,
    help="What is demanded of it: docs/integrate.md.",
)
@click.option("--scope", default="openid profile", show_default=True, help="What it may know of a person.")
@click.option("--purpose", "purposes", multiple=True, help="What it may ask papers for, from the catalogue; repeat.")
@click.option("--max-reads", type=click.IntRange(1), help="How often it may read each paper; any number unless said.")
@click.option("--retention", default="", help="How long it keeps what it got, such as P1Y; needed with --purpose.")
@click.option("--contact", default="", help="Where citizens ask; needed with --purpose.")
@said.as_json
def add(
    name: str,
    name_fr: str,
    redirect_uris: tuple[str, ...],
    post_logout: tuple[str, ...],
    method: str,
    jwks_uri: str,
    profile: str,
    scope: str,
    purposes: tuple[str, ...],
    max_reads: int | None,
    retention: str,
    contact: str,
    as_json: bool,
) -> None:
    """Register an e-service called NAME, its papers and durations from the catalogue of purposes.

    Its secret is shown once, here. For narrower contracts and all else: client import.
    """
    if purposes and not (retention and contact):
        raise click.UsageError("A service that asks for papers needs --retention and --contact.")
    house = said.house("client add")
    unknown = [code for code in purposes if house.purposes.get(code) is None]
    if unknown:
        known = ", ".join(purpose.code for purpose in house.purposes.all())
        raise click.ClickException(f"There is no purpose {unknown[0]}; there are {known}.")
    found = [purpose for code in purposes if (purpose := house.purposes.get(code))]
    metadata = {
        "client_name": name,
        "client_name#fr": name_fr or name,
        "redirect_uris": list(redirect_uris),
        "post_logout_redirect_uris": list(post_logout),
        "token_endpoint_auth_method": method,
        "jwks_uri": jwks_uri,
        "profile": profile,
        "scope": scope,
        "grant_types": ["authorization_code", "refresh_token"],
        "contract": contracts.contract(
            {purpose.code: contracts.terms(purpose, max_reads=max_reads) for purpose in found},
            retention=retention,
            contact=contact,
        ),
        "contacts": [contact] if contact else [],
    }
    try:
        client, secret = house.clients.add(metadata, actor=installation.operating_system_user(), default_alg="ES256")
    except Refusal as error:
        raise said.refused(error) from error
    _tell_secret(client, secret or "(none)", as_json=as_json)


@command.command("secret")
@click.argument("client_id")
@said.as_json
def secret_(client_id: str, as_json: bool) -> None:
    """Give an e-service a new secret, shown once, here; the old one ends at once."""
    house = said.house("client secret")
    client = _known(house, client_id)
    secret = house.clients.renew_secret(client_id, actor=installation.operating_system_user())
    if secret is None:
        raise click.ClickException(
            f"{client_id} has no secret: it proves itself by {client.token_endpoint_auth_method}."
        )
    _tell_secret(client, secret, as_json=as_json)


@command.command("diagnose")
@click.argument("client_id", required=False)
@said.as_json
def diagnose(client_id: str | None, as_json: bool) -> None:
    """Say why the last requests of CLIENT_ID were refused; without it, of those that name no e-service of ours."""
    house = said.house("client diagnose")
    if client_id is not None:
        _known(house, client_id)
    rows = house.diagnosis.of(UNREGISTERED if client_id is None else client_id)
    told = [
        {
            "last": row.last_at.isoformat(),
            "first": row.first_at.isoformat(),
            "times": row.times,
            "endpoint": refusal_words.place(row),
            "error": row.error,
            "answer": refusal_words.answer(row.error, row.description),
            "why": refusal_words.explained(row).what,
            "what_to_do": refusal_words.explained(row).do,
            "correlation": row.correlation,
        }
        for row in rows
    ]
    if as_json:
        said.told(told, (), as_json=True)
    for one in [] if as_json else told:
        click.echo(f"{one['last']}  {one['endpoint']}  {one['answer']}  ({one['times']} at least)")
        click.echo(f"    {one['why']}\n    {one['what_to_do']}")
    if not told and not as_json:
        click.echo("None was refused lately.")


@command.command("list")
@said.as_json
def list_(as_json: bool) -> None:
    """List the e-services."""
    rows = [
        {
            "client_id": client.client_id,
            "name": client.name,
            "authentication": client.token_endpoint_auth_method,
            "purposes": " ".join(sorted(client.contract.get("purposes", {}))),
        }
        for client in said.house("client list").clients.all()
    ]
    said.told(rows, ("client_id", "name", "authentication", "purposes"), as_json=as_json)


@command.command("remove")
@click.argument("client_id")
def remove(client_id: str) -> None:
    """Remove an e-service: its tokens end at once, its lendings can't be read any more."""
    if not said.house("client remove").clients.remove(client_id, actor=installation.operating_system_user()):
        raise click.ClickException(f"There is no client {client_id}.")
    click.echo(f"Removed {client_id}.")


def _known(house: House, client_id: str) -> Client:
    client = house.clients.get(client_id)
    if client is None:
        raise click.ClickException(f"There is no client {client_id}.")
    return client


def _tell_secret(client: Client, secret: str, *, as_json: bool) -> None:
    row = {"client_id": client.client_id, "name": client.name, "client_secret": secret}
    said.told([row], ("client_id", "name", "client_secret"), as_json=as_json)
