"""Alembic's environment: the connection and the metadata come in through its attributes; no room is imported here.

Each migration runs in its own transaction. On PostgreSQL it waits 5 s for a lock at most, so that a migration never
queues behind a long query with the whole city behind it.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

given = context.config.attributes
connection = given["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '15min'"))
    connection.commit()
context.configure(
    connection=connection,
    target_metadata=given["metadata"],
    transaction_per_migration=True,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
