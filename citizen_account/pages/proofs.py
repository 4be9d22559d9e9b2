"""What is said of a password or a code that does not prove who somebody is."""

from __future__ import annotations

from citizen_account.screen import gettext as _


def wrong_password() -> str:
    """Of a password that is asked for again before something grave."""
    return _("This is not your password. Try again.")


def wrong_code() -> str:
    """Of a code that is none, or was used."""
    return _("This code is not right, or it was used before. Wait for the next one, or use one of your printed codes.")
