"""Receipts of releases: each has a number that can be read out at a counter, made of the approval's own id.

Nothing is kept for it: an approval is its own receipt, and only its person can look it up.
"""

from __future__ import annotations

import hashlib

from citizen_account.errors import NoSuchReceipt
from oidc.consent import Consent, GrantView
from oidc.protocols import SubjectId

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that reads like a figure or another letter."""
GROUPS, GROUP = 2, 4
"""Eight characters, 40 bits: enough to tell one person's approvals apart, and looked up among those only."""
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def number_of(grant: str) -> str:
    """The receipt's number, "4F7K-29QX". It tells nothing about the approval and can't be turned back into its id."""
    value = int.from_bytes(hashlib.sha256(f"receipt {grant}".encode()).digest()[:5], "big")
    characters = [ALPHABET[value >> shift & 31] for shift in range(35, -1, -5)]
    return "-".join("".join(characters[at : at + GROUP]) for at in range(0, GROUPS * GROUP, GROUP))


def find(consent: Consent, subject: SubjectId, number: str) -> GrantView:
    """The person's approval with that number, however it was typed. Raises `NoSuchReceipt`."""
    typed = number.upper().translate(_READ_AS)
    for grant in consent.grants_of(subject):
        if number_of(grant.id).replace("-", "") == typed:
            return grant
    raise NoSuchReceipt
