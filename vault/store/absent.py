"""Insert unless it is there: one statement, whose row count says which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from config.database import Transaction


def insert_if_absent(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` for this database; a concurrent insert of the same key is waited for."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    # SQLAlchemy forgets the row count of an INSERT unless it is asked to keep it.
    return statement.execution_options(preserve_rowcount=True)
