"""`keys`: the root keys of the rings and the provider's signing keys."""

from __future__ import annotations

import click

from audit.entries import ActorKind
from citizen_account.cli import installation, said
from config.errors import Refusal

KINDS = ("signing", "vault", "ledger", "provider")


@click.group()
def command() -> None:
    """List and rotate keys."""


@command.command("list")
@said.as_json
def list_(as_json: bool) -> None:
    """List every key with its state; never the key itself."""
    house = said.house("keys list")
    rows = [
        {"kind": "signing", "key": row.kid, "detail": row.alg, "state": row.state, "made_at": row.made_at}
        for row in house.signing_keys.states()
    ]
    for name, ring in house.rings.items():
        rows += [
            {
                "kind": f"root {name}",
                "key": str(version.version),
                "detail": "",
                "state": f"until {version.destroy_at:%Y-%m-%d}" if version.destroy_at else "current",
                "made_at": version.made_at,
            }
            for version in ring.versions()
        ]
    said.told(rows, ("kind", "key", "detail", "state", "made_at"), as_json=as_json)


@command.command("rotate")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--now", is_flag=True, help="Signing keys: don't wait until relying parties know the next key.")
def rotate(kind: str, now: bool) -> None:
    """Rotate the signing keys, or the root of a ring (its old version is destroyed after the backup window).

    No request fails meanwhile: retired signing keys stay published, and what the old root wrapped is rewrapped first.
    """
    house = said.house(f"keys rotate {kind}")
    user = installation.operating_system_user()
    try:
        if kind == "signing":
            for alg, kid in house.signing_keys.rotate(now=now, actor=user).items():
                click.echo(f"{alg} is signed by {kid} from now on.")
        elif kind == "vault":
            with said.working("Bringing every owner key under the new root"):
                version = house.retention.rotate_root(user, ActorKind.OPERATOR)
            click.echo(f"The root of the papers is version {version} from now on.")
        else:
            with said.working("Bringing every key under the new root"):
                version = house.roots.rotate(kind, user, ActorKind.OPERATOR)
            click.echo(f"The root {kind} is version {version} from now on.")
    except Refusal as error:
        raise said.refused(error) from error
