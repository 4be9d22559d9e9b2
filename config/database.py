"""The database: one engine, one way to open a transaction, and the metadata that every store adds its tables to.

Services open transactions; stores take `tx` first. Nothing that waits (network, key ring, hashing) may happen
while one is open: `assert_outside` is called by every outgoing adapter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Engine, MetaData, TypeDecorator, create_engine, event

from config.errors import TransactionError

Transaction = Connection
"""An open transaction, handed down as `tx`. Only `Database` makes one."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)

BUSY_SECONDS = 5
"""How long a transaction waits for a lock of another, or for a connection."""

BATCH = 500
"""Rows that a sweep deletes in one transaction: some milliseconds."""

_READING, _WRITING, _LOOKING = "reading", "writing", "looking"
_open: ContextVar[str] = ContextVar("transaction_open", default="")
"""What this context holds open, if anything."""


class UtcSeconds(TypeDecorator[datetime]):
    """An aware UTC datetime in whole seconds, kept as a 64-bit count since 1970 on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Seconds since 1970; a naive datetime is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime"
            raise ValueError(message)
        return int(value.timestamp())

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The aware datetime of a stored count."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


def in_transaction() -> bool:
    """Whether this context holds an open transaction or snapshot."""
    return bool(_open.get())


def assert_outside(what: str) -> None:
    """Raise `TransactionError` when `what` (network, key ring, hashing) is tried inside a transaction."""
    if _open.get():
        message = f"{what} inside an open transaction"
        raise TransactionError(message)


class Database:
    """The database of one installation: SQLite (WAL) or PostgreSQL, by its URL."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        """url: SQLAlchemy's form: `sqlite:////path/file.db` or `postgresql+psycopg://…`."""
        self.engine = _sqlite_engine(url, pool_size) if url.startswith("sqlite") else _postgresql_engine(url, pool_size)
        self._turn = threading.Lock()
        """Of this process's threads to write to SQLite, whose own way to wait is to sleep and look again, ever longer:
        of eight threads that write all the time, some waited half a second (docs/performance.md)."""

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (one writer at a time) rather than PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A writing transaction: commits at the end of the block, rolls back when it raises.

        Raises `TransactionError` when this context already holds one.
        """
        with self._marked(_WRITING), self._in_turn(), self.engine.connect() as connection, connection.begin():
            yield connection

    def in_batches(self, step: Callable[[Transaction, int], int], limit: int = BATCH) -> int:
        """Call `step` in one transaction after another until it did less than `limit`; how much in all.

        So nobody waits long for what is swept: others write between two batches.
        """
        done, last = 0, limit
        while last == limit:
            with self.transaction() as tx:
                last = step(tx, limit)
            done += last
        return done

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A read-only snapshot: what is seen does not change while it is open."""
        with self._marked(_READING), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _marked(self, mode: str) -> Iterator[None]:
        if _open.get():
            message = "a transaction is already open in this context"
            raise TransactionError(message)
        token = _open.set(mode)
        try:
            yield
        finally:
            _open.reset(token)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer at a time, on SQLite; who waits too long tries all the same, and meets SQLite's own error."""
        taken = self.is_sqlite and self._turn.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    @contextmanager
    def looking(self) -> Iterator[Transaction]:
        """For one query, which is a snapshot by itself: nothing begins or ends around it on SQLite.

        Each call of SQLite hands the interpreter to another thread: two of three fewer are worth as much as the query.
        """
        with self._marked(_LOOKING), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # the connection used last has its pages and statements at hand
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.close()

    # Not an event, which SQLAlchemy would then look for at every statement.
    engine.dialect.do_begin = _begin_on_sqlite  # type: ignore[method-assign]
    return engine


def _begin_on_sqlite(dbapi_connection: Any) -> None:
    mode = _open.get()
    if mode == _LOOKING:
        return  # the driver's own commit does nothing then
    # A deferred transaction that reads first can't wait for the writer (SQLITE_BUSY at once), so take the lock now.
    dbapi_connection.execute("BEGIN" if mode == _READING else "BEGIN IMMEDIATE")


def _postgresql_engine(url: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "options": f"-c synchronous_commit=on -c lock_timeout={BUSY_SECONDS}s "
            "-c idle_in_transaction_session_timeout=30s",
        },
    )
