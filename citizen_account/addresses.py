"""Addresses as people type them: checked, and brought to the one form in which they are found again."""

from __future__ import annotations

from dataclasses import dataclass, field

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from citizen_account.errors import BadAddress

MOST_CHARACTERS = 254
"""RFC 5321 §4.5.3.1.3, without the angle brackets."""
COUNTRY = "FR"
"""What a phone number without a country code belongs to."""


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A mailbox. `text`: as mails are addressed; `key`: as it is found again, whatever its case was typed."""

    text: str = field(repr=False)
    key: str = field(repr=False)

    @classmethod
    def parse(cls, untrusted_text: str) -> EmailAddress:
        """Raises `BadAddress` for what no mail could reach. Nothing is asked of the network."""
        if len(untrusted_text) > MOST_CHARACTERS:
            raise BadAddress("length")
        try:
            checked = validate_email(
                untrusted_text.strip(),
                allow_smtputf8=False,
                check_deliverability=False,
                test_environment=True,
            )
        except EmailNotValidError:
            raise BadAddress("email") from None
        if "." not in checked.domain:
            raise BadAddress("email")
        text = f"{checked.local_part}@{checked.ascii_domain}"
        return cls(text, text.casefold())


def phone_number(untrusted_text: str) -> str:
    """The number in the form of E.164, `+33…`. Raises `BadAddress`."""
    try:
        parsed = phonenumbers.parse(untrusted_text, COUNTRY)
    except phonenumbers.NumberParseException:
        raise BadAddress("phone") from None
    if not phonenumbers.is_valid_number(parsed):
        raise BadAddress("phone")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def readable_phone_number(number: str) -> str:
    """An E.164 number as people write it."""
    parsed = phonenumbers.parse(number)
    national = parsed.country_code == phonenumbers.country_code_for_region(COUNTRY)
    kind = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, kind))
