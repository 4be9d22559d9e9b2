"""What was refused, for the operator's diagnosis: a row for each kind of refusal of a client, with a count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary, Row, String, Table, delete, select

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert

refusals = Table(
    "oidc_refusals",
    metadata,
    Column("client_id", String(128), primary_key=True, comment="clear: client id; empty: none that is registered"),
    Column("kind_hash", LargeBinary(32), primary_key=True, comment="SHA-256 of endpoint, error, cause and description"),
    Column("endpoint", String(32), nullable=False, comment="clear: name of ours"),
    Column("error", String(64), nullable=False, comment="clear: error code"),
    Column("cause", String(32), nullable=False, comment="clear: word of ours"),
    Column("description", String(300), nullable=False, comment="clear: sentence of ours, nothing of the request"),
    Column("first_at", UtcSeconds, nullable=False),
    Column("last_at", UtcSeconds, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("correlation", String(32), nullable=False, comment="clear: random id, in the log and the last answer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """One kind of refusal of one client."""

    client_id: str
    kind_hash: bytes
    endpoint: str
    error: str
    cause: str
    description: str
    first_at: datetime
    last_at: datetime
    times: int
    """At least: in a flood not every one is written down."""
    correlation: str


def add(tx: Transaction, row: RefusalRow) -> bool:
    """Count it with those of its kind; whether it is the first."""
    statement = (
        insert(refusals, tx.dialect.name)
        .values({name: getattr(row, name) for name in RefusalRow.__slots__})
        .on_conflict_do_update(
            index_elements=["client_id", "kind_hash"],
            set_={
                "last_at": row.last_at,
                "times": refusals.c.times + row.times,
                "correlation": row.correlation,
            },
        )
        .returning(refusals.c.times)
    )
    times: int = tx.execute(statement).scalar_one()
    return times == row.times


def trim(tx: Transaction, client_id: str, most: int) -> None:
    """Forget all but the newest kinds of a client."""
    newest = select(refusals.c.kind_hash).where(refusals.c.client_id == client_id)
    newest = newest.order_by(refusals.c.last_at.desc(), refusals.c.kind_hash).limit(most)
    tx.execute(delete(refusals).where(refusals.c.client_id == client_id, refusals.c.kind_hash.not_in(newest)))


def of_client(tx: Transaction, client_id: str) -> list[RefusalRow]:
    """Those of a client, the newest first."""
    wanted = select(refusals).where(refusals.c.client_id == client_id)
    return [_row(row) for row in tx.execute(wanted.order_by(refusals.c.last_at.desc(), refusals.c.kind_hash))]


def forget(tx: Transaction, before: datetime) -> int:
    """Delete those not seen since."""
    return tx.execute(delete(refusals).where(refusals.c.last_at < before)).rowcount


def _row(row: Row[tuple[object, ...]]) -> RefusalRow:
    return RefusalRow(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
