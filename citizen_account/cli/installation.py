"""Which installation a command speaks of: the settings, with what `run` chose for itself where it runs here."""

from __future__ import annotations

import getpass
import os
import pwd

from config import logs
from config.settings import Settings, load_settings


def settings() -> Settings:
    """The settings of this installation.

    `run` leaves the ports and credentials of its embedded store in `embedded.env` of the data folder: they count where
    the environment says nothing else.
    """
    kept = load_settings().data_dir / "embedded.env"
    if kept.exists():
        for line in kept.read_text().splitlines():
            name, _, value = line.partition("=")
            os.environ.setdefault(name, value)
    return load_settings()


def begin() -> Settings:
    """The settings of this installation, once this process writes its logs as they say."""
    found = settings()
    logs.configure(**found.logs.model_dump())
    return found


def operating_system_user() -> str:
    """Who runs this command, as the ledger records it: the login behind sudo where there is one."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return getpass.getuser() if os.environ.get("USER") else f"uid-{os.getuid()}"
