"""`client`: the e-services that may sign citizens in and ask for papers."""

from __future__ import annotations

import json
from typing import IO

import click

from citizen_account.cli import installation, said
from config.errors import Refusal


@click.group()
def command() -> None:
    """Import, list, remove e-services."""


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
    row = {"client_id": client.client_id, "name": client.name, "client_secret": secret or "(kept)"}
    said.told([row], ("client_id", "name", "client_secret"), as_json=as_json)


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
