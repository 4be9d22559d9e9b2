"""INSERT … ON CONFLICT, which each dialect spells in a construct of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from config.database import Transaction


def insert_or_nothing(tx: Transaction, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with a key of its exists; whether it was inserted."""
    return tx.execute(_or_nothing(table, tx.dialect.name), values).first() is not None


def insert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can be told what to do on a conflict. dialect: its name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _or_nothing(table: Table, dialect: str) -> Executable:
    # Not rowcount: SQLAlchemy keeps none of an INSERT on PostgreSQL.
    return insert(table, dialect).on_conflict_do_nothing().returning(*table.primary_key.columns)
