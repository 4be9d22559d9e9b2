"""Rows about persons: their ledger pseudonym, public keys, wrapped private keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

people = Table(
    "audit_people",
    metadata,
    Column("person", String(64), primary_key=True, comment="clear: opaque id; gone when the account closes"),
    Column("pseudonym", String(32), nullable=False, unique=True, comment="clear: random, used nowhere else"),
    Column("exchange_public", LargeBinary(32), nullable=False),
    Column("account_public", LargeBinary(32), nullable=False),
)
keys = Table(
    "audit_keys",
    metadata,
    Column("pseudonym", String(32), primary_key=True, comment="clear: see audit_people"),
    Column("term", String(8), primary_key=True, comment="clear: exchange, account"),
    Column("wrapped", LargeBinary(256), nullable=False),
    Column("closing_code_hash", LargeBinary(32), unique=True),
    Column("destroy_at", UtcSeconds, comment="of a key set aside when the account closed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person the ledger knows."""

    person: str
    pseudonym: str
    exchange_public: bytes = field(repr=False)
    account_public: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A wrapped private key."""

    pseudonym: str
    term: str
    wrapped: bytes = field(repr=False)


_PERSON = select(people).where(people.c.person == bindparam("person"))
_PERSONS = select(people).where(people.c.person.in_(bindparam("persons", expanding=True)))


def add_person(tx: Transaction, row: PersonRow) -> None:
    """Insert a person."""
    tx.execute(
        insert(people).values(
            person=row.person,
            pseudonym=row.pseudonym,
            exchange_public=row.exchange_public,
            account_public=row.account_public,
        ),
    )


def add_key(tx: Transaction, row: KeyRow) -> None:
    """Insert a wrapped key."""
    tx.execute(insert(keys).values(pseudonym=row.pseudonym, term=row.term, wrapped=row.wrapped))


def persons(tx: Transaction, ids: Sequence[str]) -> list[PersonRow]:
    """Those of these ids that the ledger knows."""
    # Nearly every entry concerns one person, and a list of unknown length is spelled out anew each time.
    found = tx.execute(_PERSON, {"person": ids[0]}) if len(ids) == 1 else tx.execute(_PERSONS, {"persons": list(ids)})
    return [PersonRow(**row) for row in found.mappings()]


def keys_of(tx: Transaction, pseudonym: str) -> list[KeyRow]:
    """The wrapped keys under a pseudonym."""
    rows = tx.execute(select(keys.c.pseudonym, keys.c.term, keys.c.wrapped).where(keys.c.pseudonym == pseudonym))
    return [KeyRow(**row) for row in rows.mappings()]


def key_by_code(tx: Transaction, code_hash: bytes) -> KeyRow | None:
    """The key that was set aside under this closing code."""
    chosen = select(keys.c.pseudonym, keys.c.term, keys.c.wrapped).where(keys.c.closing_code_hash == code_hash)
    row = tx.execute(chosen).mappings().first()
    return KeyRow(**row) if row else None


def key_set_aside(tx: Transaction, pseudonym: str) -> KeyRow | None:
    """The key that was set aside for that pseudonym when its account closed."""
    chosen = select(keys.c.pseudonym, keys.c.term, keys.c.wrapped).where(
        keys.c.pseudonym == pseudonym,
        keys.c.closing_code_hash.is_not(None),
    )
    row = tx.execute(chosen).mappings().first()
    return KeyRow(**row) if row else None


def every_key(tx: Transaction) -> list[KeyRow]:
    """All wrapped keys, for rewrapping."""
    return [KeyRow(**row) for row in tx.execute(select(keys.c.pseudonym, keys.c.term, keys.c.wrapped)).mappings()]


def replace_wrapped(tx: Transaction, row: KeyRow, wrapped: bytes) -> int:
    """Put a new wrap in the place of exactly the old one; 1 when it was there."""
    same = (keys.c.pseudonym == row.pseudonym) & (keys.c.term == row.term) & (keys.c.wrapped == row.wrapped)
    return tx.execute(update(keys).where(same).values(wrapped=wrapped)).rowcount


def forget_person(tx: Transaction, person: str) -> None:
    """Unlink the pseudonym from the person."""
    tx.execute(delete(people).where(people.c.person == person))


def destroy_key(tx: Transaction, pseudonym: str, term: str) -> None:
    """Remove a wrapped key."""
    tx.execute(delete(keys).where(keys.c.pseudonym == pseudonym, keys.c.term == term))


def set_aside(tx: Transaction, pseudonym: str, term: str, code_hash: bytes, destroy_at: datetime) -> None:
    """Put a key under a closing code, with its end date."""
    chosen = (keys.c.pseudonym == pseudonym) & (keys.c.term == term)
    tx.execute(update(keys).where(chosen).values(closing_code_hash=code_hash, destroy_at=destroy_at))


def destroy_due(tx: Transaction, now: datetime) -> int:
    """Remove the keys whose end date has come; how many."""
    return tx.execute(delete(keys).where(keys.c.destroy_at <= now)).rowcount
