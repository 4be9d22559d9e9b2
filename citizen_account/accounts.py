"""Accounts: opaque ids with any number of addresses, ways to sign in and facts, also none.

Every fact has a level (100 declared, 200 confirmed by mail …), a source and a date. Values and addresses are sealed
under the account's key; an address is found by a keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from audit.entries import AccountChanged, AccountCreated, ActorKind, PersonId
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from citizen_account.addresses import EmailAddress
from citizen_account.credentials import CredentialChanged
from citizen_account.errors import AddressTaken, NoSuchAccount
from citizen_account.sealing import AccountKeys, HouseKeys, NewAccountKey, Sealer
from citizen_account.store import accounts, addresses
from citizen_account.store.accounts import AccountId, AccountRow, AttributeRow
from citizen_account.store.addresses import EMAIL, AddressRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from config.jobs import Jobs
from vault.protocols import OwnerId

__all__ = ["Account", "AccountId", "Accounts", "Address", "Attribute", "NewAccount"]

DECLARED = 100
CONFIRMED = 200
"""Levels of a fact (FACTS: Lutece): what the person says; what a mail or text message confirmed."""
BATCH = 100
VALUE_COLUMN = "account_attributes.sealed"
ADDRESS_COLUMN = "account_addresses.sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A fact about the person, opened."""

    name: str
    value: str = field(repr=False)
    level: int
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address, opened. kind: email or phone."""

    id: str
    kind: str
    text: str = field(repr=False)
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account."""

    id: AccountId
    created_at: datetime
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """Everything of a new account that calls a key ring, made before the transaction that adds it."""

    id: AccountId
    owner: OwnerId
    key: NewAccountKey
    safe: Any = field(repr=False)
    person: Any = field(repr=False)


class SafeKeys(Protocol):
    """Makes the key of a new safe (vault.encryption.keys.OwnerKeys)."""

    def make(self, owner: OwnerId) -> Any:
        """A wrapped key for an owner; calls the ring."""


class Safes(Protocol):
    """Opens safes (vault.documents.Documents)."""

    def create_owner(self, tx: Transaction, new_key: Any, person: PersonId) -> object:
        """Make the safe of a person, with its key."""


class Accounts:
    """Makes accounts, and keeps what is known about the people they stand for."""

    def __init__(
        self,
        database: Database,
        account_keys: AccountKeys,
        house_keys: HouseKeys,
        owner_keys: SafeKeys,
        documents: Safes,
        ledger: Ledger,
        ledger_keys: LedgerKeys,
        jobs: Jobs,
        *,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """owner_keys, documents: the vault's, for the safe that every account begins with."""
        self._database = database
        self._account_keys = account_keys
        self._house_keys = house_keys
        self._owner_keys = owner_keys
        self._documents = documents
        self._ledger = ledger
        self._ledger_keys = ledger_keys
        self._jobs = jobs
        self._clock = clock
        self._randomness = randomness

    # Making

    def prepare(self) -> NewAccount:
        """Make the keys of a new account. Calls the key rings: outside any transaction."""
        account = AccountId(new_id(self._randomness))
        owner = OwnerId(new_id(self._randomness))
        return NewAccount(
            id=account,
            owner=owner,
            key=self._account_keys.make(account),
            safe=self._owner_keys.make(owner),
            person=self._ledger_keys.make(PersonId(account)),
        )

    def add(self, tx: Transaction, new: NewAccount, *, language: str, by: ActorKind = ActorKind.CITIZEN) -> None:
        """Make the account, its safe and its ledger person, with the entry."""
        accounts.add(tx, AccountRow(account=new.id, created_at=self._clock.now(), language=language), new.owner)
        self._account_keys.add(tx, new.key)
        self._ledger_keys.add(tx, new.person)
        self._documents.create_owner(tx, new.safe, PersonId(new.id))
        self._ledger.append(tx, AccountCreated(actor_kind=by, actor=new.id, persons=(PersonId(new.id),)))

    def create(
        self,
        *,
        language: str = "fr",
        email: EmailAddress | None = None,
        attributes: Mapping[str, str] | None = None,
        by: ActorKind = ActorKind.OPERATOR,
    ) -> AccountId:
        """Make an account in one step, for the command line and the demo; the address counts as confirmed.

        Raises `AddressTaken`.
        """
        new = self.prepare()
        with self._database.transaction() as tx:
            self.add(tx, new, language=language, by=by)
            if email:
                self.add_email(tx, new.id, new.key.sealer, email)
            for name, value in (attributes or {}).items():
                accounts.put_attribute(
                    tx, new.id, self._sealed(new.id, new.key.sealer, name, value, DECLARED, "person")
                )
        return new.id

    def add_email(self, tx: Transaction, account: AccountId, sealer: Sealer, email: EmailAddress) -> str:
        """Keep a confirmed mailbox; its id. Raises `AddressTaken` when another account confirmed it first."""
        lookup = self._house_keys.lookup(EMAIL, email.key)
        if addresses.find(tx, EMAIL, lookup):
            raise AddressTaken
        address_id = new_id(self._randomness)
        row = AddressRow(
            address_id=address_id,
            account=account,
            kind=EMAIL,
            lookup=lookup,
            sealed=sealer.seal(ADDRESS_COLUMN, address_id, email.text),
            confirmed_at=self._clock.now(),
        )
        addresses.add(tx, row)
        return address_id

    # Asking

    def get(self, account: str) -> Account | None:
        """The account, None when there is none of that id (any more)."""
        with self._database.reading() as tx:
            row = accounts.get(tx, account)
        return None if row is None else _account(row)

    def all(self) -> Iterator[Account]:
        """Every account, by id."""
        after = ""
        while True:
            with self._database.reading() as tx:
                rows = accounts.page(tx, after, BATCH)
            if not rows:
                return
            yield from map(_account, rows)
            after = rows[-1].account

    def owner_of(self, account: str) -> OwnerId:
        """The account's own safe. Raises `NoSuchAccount`."""
        with self._database.reading() as tx:
            owner = accounts.own_safe(tx, account)
        if owner is None:
            raise NoSuchAccount
        return OwnerId(owner)

    def holder_of(self, owner: str) -> AccountId | None:
        """The account whose own safe this is."""
        with self._database.reading() as tx:
            return accounts.holder(tx, owner)

    def find_by_email(self, email: EmailAddress) -> AccountId | None:
        """The account that confirmed this mailbox."""
        with self._database.reading() as tx:
            row = addresses.find(tx, EMAIL, self._house_keys.lookup(EMAIL, email.key))
        return None if row is None else row.account

    def attributes(self, account: str) -> Mapping[str, Attribute]:
        """Every fact about the person, by name; empty when there is no such account. May call the key ring."""
        with self._database.reading() as tx:
            rows = accounts.attributes_of(tx, account)
        return self.open_attributes(account, rows)

    def open_attributes(self, account: str, rows: Sequence[AttributeRow]) -> Mapping[str, Attribute]:
        """The same of rows that were read. May call the key ring. Raises `NoSuchAccount` when the key is gone."""
        if not rows:
            return {}
        sealer = self._account_keys.opened(account)
        return {
            row.name: Attribute(
                name=row.name,
                value=sealer.unseal(VALUE_COLUMN, f"{account}.{row.name}", row.sealed),
                level=row.level,
                source=row.source,
                at=row.at,
            )
            for row in rows
        }

    def addresses(self, account: str) -> Sequence[Address]:
        """The addresses in use, the longest confirmed first. May call the key ring."""
        with self._database.reading() as tx:
            rows = addresses.of_account(tx, account)
        return self.open_addresses(account, rows)

    def open_addresses(self, account: str, rows: Sequence[AddressRow]) -> Sequence[Address]:
        """The same of rows that were read. May call the key ring. Raises `NoSuchAccount` when the key is gone."""
        if not rows:
            return []
        sealer = self._account_keys.opened(account)
        return [self._opened(sealer, row) for row in rows]

    def email(self, account: str) -> str | None:
        """The mailbox to write to, None when the person has none."""
        return next((a.text for a in self.addresses(account) if a.kind == EMAIL and a.confirmed_at), None)

    def address(self, address_id: str) -> Address | None:
        """One address, also a former one that was not forgotten yet."""
        with self._database.reading() as tx:
            row = addresses.get(tx, address_id)
        return None if row is None else self._opened(self._account_keys.opened(row.account), row)

    def sealer(self, account: str) -> Sealer:
        """What seals values of that account. May call the key ring: outside any transaction. Raises `NoSuchAccount`."""
        return self._account_keys.opened(account)

    # Changing

    def replace_email(self, tx: Transaction, account: AccountId, sealer: Sealer, email: EmailAddress) -> None:
        """Put a proven mailbox in the place of the old one. The old one is told by mail, then forgotten.

        Raises `AddressTaken`.
        """
        former = addresses.retire(tx, account, EMAIL, self._clock.now())
        self.add_email(tx, account, sealer, email)
        self.changed(tx, account, EMAIL)
        for address_id in former:
            self._jobs.enqueue(tx, CredentialChanged(account, EMAIL, address_id))

    def forget_address(self, address_id: str) -> None:
        """Forget a former address once it was told."""
        with self._database.transaction() as tx:
            addresses.remove(tx, address_id)

    def set_attributes(self, account: AccountId, values: Mapping[str, str], *, level: int = DECLARED) -> None:
        """Keep what the person says about themselves; an empty value forgets the fact. One entry for all of them."""
        sealer = self._account_keys.opened(account)
        kept = {name: self._sealed(account, sealer, name, value, level, "person") for name, value in values.items()}
        with self._database.transaction() as tx:
            for name, value in values.items():
                if value:
                    accounts.put_attribute(tx, account, kept[name])
                else:
                    accounts.remove_attribute(tx, account, name)
            self.changed(tx, account, " ".join(sorted(values)))

    def set_language(self, account: AccountId, language: str) -> None:
        """Remember the language for mails."""
        with self._database.transaction() as tx:
            accounts.set_language(tx, account, language)

    def changed(self, tx: Transaction, account: AccountId, what: str) -> None:
        """Write the entry of a change. what: names, never values."""
        entry = AccountChanged(actor_kind=ActorKind.CITIZEN, actor=account, persons=(PersonId(account),), what=what)
        self._ledger.append(tx, entry)

    def credential_changed(self, tx: Transaction, account: AccountId, what: str) -> None:
        """The same of a way to sign in, which the person is told by mail."""
        self.changed(tx, account, what)
        self._jobs.enqueue(tx, CredentialChanged(account, what))

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Remove addresses, facts, the account and its key (closing). Sign-ins, roles and flows have their own."""
        addresses.erase(tx, account)
        accounts.erase(tx, account)
        self._account_keys.destroy(tx, account)

    def _sealed(
        self, account: AccountId, sealer: Sealer, name: str, value: str, level: int, source: str
    ) -> AttributeRow:
        sealed = sealer.seal(VALUE_COLUMN, f"{account}.{name}", value)
        return AttributeRow(name=name, sealed=sealed, level=level, source=source, at=self._clock.now())

    def _opened(self, sealer: Sealer, row: AddressRow) -> Address:
        text = sealer.unseal(ADDRESS_COLUMN, row.address_id, row.sealed)
        return Address(id=row.address_id, kind=row.kind, text=text, confirmed_at=row.confirmed_at)


def _account(row: AccountRow) -> Account:
    return Account(id=row.account, created_at=row.created_at, language=row.language)
