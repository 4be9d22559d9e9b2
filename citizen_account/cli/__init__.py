"""The command line: a file a command. A command is loaded when it is called, so that `--help` and `run` stay light."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "run": "Set up everything and serve it on this machine.",
    "web": "Serve the pages and endpoints.",
    "worker": "Work through the jobs: mails, pictures, the ledger, sweeps.",
    "migrate": "Bring the database to this version.",
    "config": "Show or check the settings.",
    "citizen": "Create, list, erase accounts; propose roles.",
    "client": "Register, list, remove e-services; say why they were refused.",
    "keys": "List and rotate keys.",
    "ledger": "Verify, checkpoint, export the ledger.",
}


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The commands in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None when there is none."""
        if cmd_name not in {*COMMANDS, "prepare"}:
            return None
        module = importlib.import_module(f"citizen_account.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for `--help`, without loading a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands)
@click.version_option(package_name="citizen-account")
def commands() -> None:
    """One account for every city service, and a vault for the papers they ask for."""
