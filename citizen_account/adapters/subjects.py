"""Facts about a person, for the provider: `oidc.protocols.Subjects` over accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from citizen_account.accounts import Accounts, Address, Attribute
from citizen_account.addresses import EmailAddress
from citizen_account.authentication import email_key
from citizen_account.errors import NoSuchAccount
from citizen_account.store import accounts, addresses
from citizen_account.store.accounts import AttributeRow
from citizen_account.store.addresses import EMAIL, AddressRow
from config.database import Database, Transaction
from oidc.protocols import FoundClaims, SubjectId

STREET = ("street_address", "postal_code", "locality")
TEXTS = ("given_name", "family_name", "birthdate")
CONTACTS = frozenset({"email", "email_verified", "phone_number", "phone_number_verified"})
FROM_FACTS = frozenset({*TEXTS, "name", "address", "phone_number", "phone_number_verified"})
EVERY_CLAIM = CONTACTS | FROM_FACTS


class AccountSubjects:
    """Accounts in the shapes of OpenID Connect Core §5.1."""

    def __init__(self, database: Database, opener: Accounts) -> None:
        """opener: opens what is sealed, so that may reach the key ring."""
        self._database = database
        self._accounts = opener

    def claims(self, subject: SubjectId) -> Mapping[str, Any]:
        """See `oidc.protocols.Subjects.claims`. An address that is not confirmed is not told."""
        with self._database.reading() as tx:
            found = self.read(tx, subject, EVERY_CLAIM)
        return found.open()

    def find(self, login_hint: str) -> SubjectId | None:
        """See `oidc.protocols.Subjects.find`. What is no address is looked up all the same."""
        found = self._accounts.find_by_email(EmailAddress("", email_key(login_hint)))
        return None if found is None else SubjectId(found)

    def read(self, tx: Transaction, subject: SubjectId, names: Collection[str]) -> FoundClaims:
        """See `oidc.protocols.Subjects.read`."""
        account = accounts.get(tx, subject)
        if account is None:
            return FoundClaims(frozenset(), dict)
        facts = accounts.attributes_of(tx, subject) if FROM_FACTS.intersection(names) else ()
        contacts = addresses.of_account(tx, subject) if CONTACTS.intersection(names) else ()

        def opened() -> Mapping[str, Any]:
            try:
                return _claims(
                    account.language,
                    self._accounts.open_attributes(subject, facts),
                    self._accounts.open_addresses(subject, contacts),
                )
            except NoSuchAccount:  # closed since: nobody has a key to what was read any more
                return {}

        return FoundClaims(_names(facts, contacts), opened)


def _names(facts: Iterable[AttributeRow], contacts: Iterable[AddressRow]) -> frozenset[str]:
    """The claims that `_claims` will make of these rows, unopened."""
    known = {row.name for row in facts}
    names = {"locale", *known.intersection(TEXTS)}
    if known & {"given_name", "family_name"}:
        names.add("name")
    if known.intersection(STREET):
        names.add("address")
    confirmed = {"email" if row.kind == EMAIL else "phone_number" for row in contacts if row.confirmed_at is not None}
    for name in confirmed | known.intersection({"phone_number"}):
        names |= {name, f"{name}_verified"}
    return frozenset(names)


def _claims(language: str, facts: Mapping[str, Attribute], contacts: Sequence[Address]) -> Mapping[str, Any]:
    known = {name: attribute.value for name, attribute in facts.items()}
    claims: dict[str, Any] = {name: known[name] for name in TEXTS if known.get(name)}
    full = " ".join(known[name] for name in ("given_name", "family_name") if known.get(name))
    if full:
        claims["name"] = full
    claims["locale"] = language
    place = {name: known[name] for name in STREET if known.get(name)}
    if place:
        claims["address"] = place
    if known.get("phone_number"):
        claims |= {"phone_number": known["phone_number"], "phone_number_verified": False}
    for address in contacts:
        name = "email" if address.kind == EMAIL else "phone_number"
        if address.confirmed_at is not None and not claims.get(f"{name}_verified"):
            claims |= {name: address.text, f"{name}_verified": True}
    return claims
