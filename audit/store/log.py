"""Rows of the tree: its state, its tiles, its signing keys, alarms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

logs = Table(
    "audit_logs",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(200), nullable=False, comment="clear: the log's name"),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("published_size", BigInteger, nullable=False, comment="what the store's checkpoint says, as far as known"),
    Column("closed", Boolean, nullable=False),
)
tiles = Table(
    "audit_tiles",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("tile_index", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
signers = Table(
    "audit_signers",
    metadata,
    Column("name", String(200), primary_key=True, comment="clear: the key's name: an origin, or `endings`"),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("wrapped", LargeBinary(256), nullable=False),
)
alarms = Table(
    "audit_alarms",
    metadata,
    Column("code", String(64), primary_key=True, comment="clear: name in the code"),
    Column("reference", String(128), primary_key=True, comment="clear: opaque id"),
    Column("raised_at", UtcSeconds, nullable=False),
)
ENDINGS = "endings"
"""The key that opens what entries ended, among the signing keys; no log has that name (an origin has a slash)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One log's state in the database."""

    generation: int
    origin: str
    size: int
    root: bytes = field(repr=False)
    published_size: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerRow:
    """A wrapped signing key."""

    name: str
    public_key: bytes
    wrapped: bytes = field(repr=False)


def current(tx: Transaction, *, lock: bool = False) -> LogRow | None:
    """The newest log. lock: nobody else can advance it until this transaction ends (SQLite has one writer anyway)."""
    chosen = select(logs).order_by(logs.c.generation.desc()).limit(1)
    row = tx.execute(chosen.with_for_update() if lock else chosen).mappings().first()
    return LogRow(**row) if row else None


def every(tx: Transaction) -> list[LogRow]:
    """All logs, the first one first: one, unless a log had to be closed."""
    return [LogRow(**row) for row in tx.execute(select(logs).order_by(logs.c.generation)).mappings()]


def open_log(tx: Transaction, row: LogRow) -> None:
    """Insert a log."""
    values = {name: getattr(row, name) for name in LogRow.__slots__}
    tx.execute(insert(logs).values(**values))


def advance(tx: Transaction, before: LogRow, size: int, root: bytes) -> int:
    """Compare-and-swap of (size, root); 1 when nobody else advanced it."""
    same = (logs.c.generation == before.generation) & (logs.c.size == before.size) & (logs.c.root == before.root)
    return tx.execute(update(logs).where(same, logs.c.closed.is_(False)).values(size=size, root=root)).rowcount


def published(tx: Transaction, generation: int, size: int) -> None:
    """Remember what the store's checkpoint says."""
    tx.execute(update(logs).where(logs.c.generation == generation).values(published_size=size))


def close(tx: Transaction, generation: int) -> int:
    """Close a log for good; 1 when it was open."""
    chosen = (logs.c.generation == generation) & logs.c.closed.is_(False)
    return tx.execute(update(logs).where(chosen).values(closed=True)).rowcount


def tile(tx: Transaction, generation: int, level: int, index: int) -> bytes | None:
    """The hashes of a tile, as many as there are."""
    chosen = (tiles.c.generation == generation) & (tiles.c.level == level) & (tiles.c.tile_index == index)
    return tx.execute(select(tiles.c.hashes).where(chosen)).scalar()


def put_tile(tx: Transaction, generation: int, level: int, index: int, hashes: bytes) -> None:
    """Write a tile, over a shorter one if there is one."""
    chosen = (tiles.c.generation == generation) & (tiles.c.level == level) & (tiles.c.tile_index == index)
    if not tx.execute(update(tiles).where(chosen).values(hashes=hashes)).rowcount:
        tx.execute(insert(tiles).values(generation=generation, level=level, tile_index=index, hashes=hashes))


def signer(tx: Transaction, name: str) -> SignerRow | None:
    """The signing key of that name."""
    row = tx.execute(select(signers).where(signers.c.name == name)).mappings().first()
    return SignerRow(**row) if row else None


def add_signer(tx: Transaction, row: SignerRow) -> None:
    """Insert a signing key."""
    tx.execute(insert(signers).values(name=row.name, public_key=row.public_key, wrapped=row.wrapped))


def every_signer(tx: Transaction) -> list[SignerRow]:
    """All signing keys."""
    return [SignerRow(**row) for row in tx.execute(select(signers)).mappings()]


def rewrap_signer(tx: Transaction, row: SignerRow, wrapped: bytes) -> int:
    """Put a new wrap in the place of exactly the old one."""
    chosen = (signers.c.name == row.name) & (signers.c.wrapped == row.wrapped)
    return tx.execute(update(signers).where(chosen).values(wrapped=wrapped)).rowcount


def raise_alarm(tx: Transaction, code: str, reference: str, now: datetime) -> bool:
    """Keep an alarm; False when it stands already."""
    chosen = (alarms.c.code == code) & (alarms.c.reference == reference)
    if tx.execute(select(alarms.c.code).where(chosen)).first():
        return False
    tx.execute(insert(alarms).values(code=code, reference=reference, raised_at=now))
    return True


def every_alarm(tx: Transaction) -> list[tuple[str, str, datetime]]:
    """(code, reference, when) of all alarms, newest first."""
    return [(r.code, r.reference, r.raised_at) for r in tx.execute(select(alarms).order_by(alarms.c.raised_at.desc()))]
