"""INSERT … ON CONFLICT DO NOTHING, which each dialect spells in a construct of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from config.database import Transaction


def insert_or_nothing(tx: Transaction, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with a key of its exists; whether it was inserted."""
    return tx.execute(_statement(table, tx.dialect.name), values).first() is not None


@cache
def _statement(table: Table, dialect: str) -> Executable:
    made = sqlite_insert if dialect == "sqlite" else postgresql_insert
    # Not rowcount: SQLAlchemy keeps none of an INSERT on PostgreSQL.
    return made(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
