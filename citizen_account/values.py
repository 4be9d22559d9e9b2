"""What people may say about themselves: which facts there are, and what each may look like."""

from __future__ import annotations

import unicodedata
from datetime import date

from citizen_account.addresses import phone_number
from citizen_account.errors import BadAddress, BadValue

FIELDS = ("given_name", "family_name", "birthdate", "phone_number", "street_address", "postal_code", "locality")
MOST_CHARACTERS = 100
FIRST_YEAR = 1900


def checked(name: str, untrusted_value: str) -> str:
    """The value in its one form; empty stays empty. Raises `BadValue`."""
    value = unicodedata.normalize("NFC", untrusted_value.strip())
    if not value:
        return ""
    if name not in FIELDS or len(value) > MOST_CHARACTERS:
        raise BadValue(name)
    if any(unicodedata.category(character)[0] == "C" for character in value):
        raise BadValue(name)  # control characters and marks that change the direction of writing
    if name == "phone_number":
        try:
            return phone_number(value)
        except BadAddress:
            raise BadValue(name) from None
    if name == "birthdate":
        try:
            born = date.fromisoformat(value)
        except ValueError:
            raise BadValue(name) from None
        if born.year < FIRST_YEAR:
            raise BadValue(name)
    return value
