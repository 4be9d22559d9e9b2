"""Pairwise identifiers: one random row for (subject, sector)."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, bindparam, delete, select

from config.database import Transaction, metadata
from config.upsert import insert_or_nothing

subjects = Table(
    "oidc_subjects",
    metadata,
    Column("subject", String(64), primary_key=True, comment="clear: opaque id"),
    Column("sector", String(300), primary_key=True, comment="clear: a client's or a host's name"),
    Column("sub", String(64), nullable=False, unique=True, comment="clear: random, what clients of the sector see"),
)


_FIND = select(subjects.c.sub).where(
    subjects.c.subject == bindparam("subject"),
    subjects.c.sector == bindparam("sector"),
)


def find(tx: Transaction, subject: str, sector: str) -> str | None:
    """The sub of a person in a sector, if there is one yet."""
    return tx.execute(_FIND, {"subject": subject, "sector": sector}).scalar()


def add(tx: Transaction, subject: str, sector: str, sub: str) -> bool:
    """Keep a new one; False when there is one."""
    return insert_or_nothing(tx, subjects, {"subject": subject, "sector": sector, "sub": sub})


def subject_of(tx: Transaction, sector: str, sub: str) -> str | None:
    """Who is behind a sub in that sector."""
    return tx.execute(select(subjects.c.subject).where(subjects.c.sector == sector, subjects.c.sub == sub)).scalar()


def forget(tx: Transaction, subject: str) -> int:
    """Unlink a person from every sector (erasure)."""
    return tx.execute(delete(subjects).where(subjects.c.subject == subject)).rowcount
