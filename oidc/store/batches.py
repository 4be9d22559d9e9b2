"""DELETE of a few rows at a time: neither dialect has it with a LIMIT."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from config.database import Transaction


def delete_some(tx: Transaction, table: Table, where: ColumnElement[bool], limit: int) -> int:
    """Delete at most `limit` rows for which that holds; how many. where: of an indexed column."""
    key = table.primary_key.columns
    chosen = select(*key).where(where).limit(limit)
    found = next(iter(key)).in_(chosen) if len(key) == 1 else tuple_(*key).in_(chosen)
    return tx.execute(delete(table).where(found)).rowcount
