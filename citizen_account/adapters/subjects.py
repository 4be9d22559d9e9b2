"""Facts about a person, for the provider: `oidc.protocols.Subjects` over accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from citizen_account.accounts import Accounts
from citizen_account.store.addresses import EMAIL
from oidc.protocols import SubjectId

STREET = ("street_address", "postal_code", "locality", "country")
TEXTS = ("given_name", "family_name", "birthdate", "gender", "preferred_username")


class AccountSubjects:
    """Accounts in the shapes of OpenID Connect Core §5.1."""

    def __init__(self, accounts: Accounts) -> None:
        """accounts: opens what is sealed, so these calls may reach the key ring."""
        self._accounts = accounts

    def claims(self, subject: SubjectId) -> Mapping[str, Any]:
        """See `oidc.protocols.Subjects.claims`. An address that is not confirmed is not told."""
        account = self._accounts.get(subject)
        if account is None:
            return {}
        known = {name: attribute.value for name, attribute in self._accounts.attributes(subject).items()}
        claims: dict[str, Any] = {name: known[name] for name in TEXTS if known.get(name)}
        full = " ".join(known[name] for name in ("given_name", "family_name") if known.get(name))
        if full:
            claims["name"] = full
        claims["locale"] = account.language
        place = {name: known[name] for name in STREET if known.get(name)}
        if place:
            claims["address"] = place
        if known.get("phone_number"):
            claims |= {"phone_number": known["phone_number"], "phone_number_verified": False}
        for address in self._accounts.addresses(subject):
            name = "email" if address.kind == EMAIL else "phone_number"
            if address.confirmed_at is not None and not claims.get(f"{name}_verified"):
                claims |= {name: address.text, f"{name}_verified": True}
        return claims

    def exists(self, subject: SubjectId) -> bool:
        """See `oidc.protocols.Subjects.exists`."""
        return self._accounts.get(subject) is not None
