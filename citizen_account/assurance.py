"""What a sign-in proves, as `acr` (FACTS: FranceConnect's names of the eIDAS levels; Regulation 910/2014 art. 8).

`eidas1`: one factor, or a person whom nobody checked. `eidas2`: two factors *and* an identity that was checked, level
500 or more. `eidas3` is never said: it needs means that a city doesn't issue.
"""

from __future__ import annotations

from collections.abc import Mapping

LOW = "eidas1"
SUBSTANTIAL = "eidas2"
SUBSTANTIAL_LEVEL = 500
"""From here on a fact was checked against a document or a state's register (FACTS §3: Lutece's levels)."""
IDENTITY = ("given_name", "family_name", "birthdate")
"""The facts that say who somebody is: the least sure of them is how surely they are known."""
SEVERAL = "mfa"
"""RFC 8176: several factors were proven."""


def acr_of(amr: tuple[str, ...], levels: Mapping[str, int]) -> str:
    """The acr of a sign-in by these methods. levels: of the account's facts, by name."""
    return SUBSTANTIAL if SEVERAL in amr and identity_level(levels) >= SUBSTANTIAL_LEVEL else LOW


def identity_level(levels: Mapping[str, int]) -> int:
    """How surely the person is known; 0 when a fact of their identity is missing."""
    return min(levels.get(name, 0) for name in IDENTITY)
