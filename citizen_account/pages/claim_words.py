"""What facts about a person are called on pages, and how their values read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from citizen_account.language import day
from citizen_account.screen import current_language
from citizen_account.screen import gettext as _

TECHNICAL = frozenset({"email_verified", "phone_number_verified", "locale", "sub"})
"""Facts that follow from others and mean nothing to a reader."""
ALWAYS_SHOWN = frozenset({"name", "given_name", "family_name", "email", "phone_number", "birthdate", "address"})
"""Asked for, these are shown even when the account doesn't know them."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A fact that is asked for. `value` is empty when the account doesn't know it."""

    name: str
    value: str


def claim_rows(names: Sequence[str], claims: Mapping[str, Any]) -> list[ClaimRow]:
    """Rows of the facts that a service would receive, in the order of `names`, with what the account knows."""
    shown = [name for name in names if name not in TECHNICAL and (name in claims or name in ALWAYS_SHOWN)]
    if "name" in shown and ("name" in claims or not {"given_name", "family_name"} & set(claims)):
        shown = [name for name in shown if name not in {"given_name", "family_name"}]
    return [ClaimRow(claim_name(name), _value(name, claims.get(name))) for name in shown]


def claim_name(name: str) -> str:
    """What a fact is called; the claim's own name for one without words."""
    return {
        "name": _("Your name"),
        "given_name": _("Your first names"),
        "family_name": _("Your family name"),
        "birthdate": _("Your date of birth"),
        "email": _("Your e-mail address"),
        "phone_number": _("Your phone number"),
        "address": _("Your address"),
        "auth_time": _("When you signed in"),
        "acr": _("How surely we know you"),
        "amr": _("How you signed in"),
    }.get(name, name)


def _value(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return str(value.get("formatted") or ", ".join(str(part) for part in value.values()))
    if name == "birthdate":
        try:
            return day(date.fromisoformat(str(value)), current_language())
        except ValueError:
            return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)
