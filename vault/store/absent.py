"""Insert unless it is there: one statement, whose row count says which."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from config.database import Transaction


def insert_if_absent(tx: Transaction, table: Table, values: Mapping[str, Any]) -> bool:
    """`INSERT … ON CONFLICT DO NOTHING`; False when it was there. A concurrent insert of the same key is waited for."""
    return tx.execute(_statement(table, tx.dialect.name), values).rowcount == 1


@lru_cache
def _statement(table: Table, dialect: str) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    # SQLAlchemy forgets the row count of an INSERT unless it is asked to keep it.
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
