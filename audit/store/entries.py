"""Rows of entries: the leaf, the clear half, a sealed half for each person concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from config.database import Transaction, UtcSeconds, metadata

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

entries = Table(
    "audit_entries",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True, comment="arrival; promises no order"),
    Column("id", String(64), nullable=False, unique=True, comment="clear: random id"),
    Column("leaf", LargeBinary(64), nullable=False),
    Column("generation", Integer, comment="which log it was integrated into"),
    Column("leaf_index", BigInteger, comment="its place there; empty until integrated"),
    Column("time", UtcSeconds, nullable=False, index=True),
    Column("kind", String(32), index=True, comment="clear: name of the catalogue; empty when erased"),
    Column("outcome", String(16), comment="clear: done, refused, failed"),
    Column("client", String(128), index=True, comment="clear: client id, as auditors search it"),
    Column("document_type", String(64), comment="clear: code"),
    Column("purpose", String(64), comment="clear: code"),
    Column("readable", Text, comment="clear: JSON of fields: [value, key] or [commitment]"),
    Column("ending", LargeBinary, comment="of an entry that ended something: sealed for the day of a restore"),
    UniqueConstraint("generation", "leaf_index"),
    sqlite_autoincrement=True,
)
halves = Table(
    "audit_halves",
    metadata,
    Column("entry", String(64), primary_key=True, comment="clear: entry id"),
    Column("pseudonym", String(32), primary_key=True, comment="clear: see audit_people"),
    Column("time", UtcSeconds, nullable=False),
    Column("term", String(8), nullable=False, comment="clear: exchange, account"),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "pseudonym", "time"),
)

KEPT_KINDS = ("readable_parts_erased", "log_opened")
"""What explains the log itself, tells of nobody and is never erased."""
_IN_NO_TREE = entries.c.generation.is_(None) & entries.c.leaf_index.is_(None)
"""Both, so that the index of places finds the few that wait among millions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry as it is kept."""

    number: int
    id: str
    leaf: bytes = field(repr=False)
    generation: int | None
    leaf_index: int | None
    time: datetime
    kind: str | None
    outcome: str | None
    client: str | None
    document_type: str | None
    purpose: str | None
    readable: str | None = field(repr=False)
    ending: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfRow:
    """What one person can open of an entry."""

    entry: str
    pseudonym: str
    time: datetime
    term: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search narrows to; empty ones don't."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    outcome: str = ""
    client: str = ""
    document_type: str = ""
    purpose: str = ""
    pseudonym: str = ""

    def used(self) -> list[str]:
        """The names of those that are set."""
        return [name for name in self.__slots__ if getattr(self, name)]


_ADD = insert(entries)
_ADD_HALVES = insert(halves)


def add(tx: Transaction, row: Mapping[str, object], sealed: Sequence[HalfRow]) -> None:
    """Insert an entry that isn't integrated yet, and its halves."""
    tx.execute(_ADD, row)
    if sealed:
        tx.execute(
            _ADD_HALVES,
            [
                {"entry": h.entry, "pseudonym": h.pseudonym, "time": h.time, "term": h.term, "sealed": h.sealed}
                for h in sealed
            ],
        )


def waiting(tx: Transaction, limit: int) -> list[EntryRow]:
    """Entries that are in no tree yet, oldest arrival first."""
    return _rows(tx, select(entries).where(_IN_NO_TREE).order_by(entries.c.number).limit(limit))


def anything_waiting(tx: Transaction) -> bool:
    """Whether an entry waits to be integrated."""
    return tx.execute(select(entries.c.number).where(_IN_NO_TREE).limit(1)).first() is not None


def oldest_waiting(tx: Transaction) -> datetime | None:
    """When the oldest entry that waits was written."""
    return tx.execute(select(func.min(entries.c.time)).where(_IN_NO_TREE)).scalar()


def with_leaf(tx: Transaction, leaf: bytes) -> EntryRow | None:
    """A waiting entry with this leaf."""
    found = _rows(tx, select(entries).where(entries.c.leaf == leaf, _IN_NO_TREE).limit(1))
    return found[0] if found else None


def add_lost(tx: Transaction, entry: str, leaf: bytes, time: datetime, ending: bytes | None) -> EntryRow:
    """Insert the leaf of an entry whose readable part a restore lost, with what it ended."""
    chosen = insert(entries).values(id=entry, leaf=leaf, time=time, ending=ending).returning(*entries.c)
    return EntryRow(**tx.execute(chosen).mappings().one())


def lost_endings(tx: Transaction, generation: int, first: int, end: int) -> list[EntryRow]:
    """The entries of [first, end) that ended something and whose readable part a restore lost, in order."""
    chosen = _between(generation, first, end) & entries.c.kind.is_(None) & entries.c.ending.is_not(None)
    return _rows(tx, select(entries).where(chosen).order_by(entries.c.leaf_index))


def number(tx: Transaction, row: EntryRow, generation: int, index: int) -> int:
    """Give a waiting entry its place; 1 unless someone did before."""
    free = (entries.c.number == row.number) & _IN_NO_TREE
    return tx.execute(update(entries).where(free).values(generation=generation, leaf_index=index)).rowcount


def at(tx: Transaction, generation: int, first: int, end: int) -> list[EntryRow]:
    """The integrated entries [first, end) of a log, in order."""
    return _rows(tx, select(entries).where(_between(generation, first, end)).order_by(entries.c.leaf_index))


def by_id(tx: Transaction, entry: str) -> EntryRow | None:
    """The entry of that id."""
    found = _rows(tx, select(entries).where(entries.c.id == entry))
    return found[0] if found else None


def search(tx: Transaction, filters: Filters, before: int | None, limit: int) -> list[EntryRow]:
    """Readable entries, newest arrival first, below the number `before`."""
    chosen = select(entries).where(entries.c.kind.is_not(None)).order_by(entries.c.number.desc()).limit(limit)
    for name in ("kind", "outcome", "client", "document_type", "purpose"):
        if value := getattr(filters, name):
            chosen = chosen.where(entries.c[name] == value)
    if filters.since:
        chosen = chosen.where(entries.c.time >= filters.since)
    if filters.until:
        chosen = chosen.where(entries.c.time < filters.until)
    if filters.pseudonym:
        chosen = chosen.where(entries.c.id.in_(select(halves.c.entry).where(halves.c.pseudonym == filters.pseudonym)))
    if before is not None:
        chosen = chosen.where(entries.c.number < before)
    return _rows(tx, chosen)


def count_by(tx: Transaction, since: datetime) -> list[tuple[str, str, int]]:
    """(kind, client, how many) since then: the auditor's overview."""
    chosen = (
        select(entries.c.kind, entries.c.client, func.count())
        .where(entries.c.time >= since, entries.c.kind.is_not(None))
        .group_by(entries.c.kind, entries.c.client)
    )
    return [(row[0], row[1] or "", row[2]) for row in tx.execute(chosen)]


def of_pseudonym(tx: Transaction, pseudonym: str, before: int | None, limit: int) -> list[tuple[EntryRow, HalfRow]]:
    """A person's entries with their halves, newest first."""
    chosen = (
        select(entries, halves.c.entry, halves.c.pseudonym, halves.c.term, halves.c.sealed)
        .join(halves, halves.c.entry == entries.c.id)
        .where(halves.c.pseudonym == pseudonym, entries.c.kind.is_not(None))
        .order_by(entries.c.number.desc())
        .limit(limit)
    )
    if before is not None:
        chosen = chosen.where(entries.c.number < before)
    found = []
    for row in tx.execute(chosen).mappings():
        entry = EntryRow(**{name: row[name] for name in EntryRow.__slots__})
        half = HalfRow(
            entry=row["entry"],
            pseudonym=row["pseudonym"],
            time=row["time"],
            term=row["term"],
            sealed=row["sealed"],
        )
        found.append((entry, half))
    return found


def half(tx: Transaction, entry: str, pseudonym: str) -> HalfRow | None:
    """One person's half of an entry."""
    row = tx.execute(select(halves).where(halves.c.entry == entry, halves.c.pseudonym == pseudonym)).mappings().first()
    return HalfRow(**row) if row else None


def last_half(tx: Transaction, pseudonym: str, term: str) -> datetime | None:
    """When the newest entry of that term was that concerns this person."""
    chosen = select(func.max(halves.c.time)).where(halves.c.pseudonym == pseudonym, halves.c.term == term)
    return tx.execute(chosen).scalar()


def halves_of(tx: Transaction, ids: Sequence[str]) -> dict[str, set[str]]:
    """entry -> the pseudonyms that have a half of it."""
    found: dict[str, set[str]] = {}
    for row in tx.execute(select(halves.c.entry, halves.c.pseudonym).where(halves.c.entry.in_(ids))):
        found.setdefault(row.entry, set()).add(row.pseudonym)
    return found


def erase_readable(tx: Transaction, generation: int, first: int, end: int) -> int:
    """Remove the readable parts of [first, end) that tell of someone; the leaves stay."""
    chosen = _between(generation, first, end) & entries.c.kind.not_in(KEPT_KINDS)
    tx.execute(delete(halves).where(halves.c.entry.in_(select(entries.c.id).where(chosen))))
    emptied = dict.fromkeys(("kind", "outcome", "client", "document_type", "purpose", "readable", "ending"))
    return tx.execute(update(entries).where(chosen).values(**emptied)).rowcount


def first_readable(tx: Transaction, generation: int, first: int, end: int) -> int | None:
    """The index of the first entry of [first, end) that still tells of someone."""
    chosen = _between(generation, first, end) & entries.c.kind.not_in(KEPT_KINDS)
    return tx.execute(select(entries.c.leaf_index).where(chosen).order_by(entries.c.leaf_index).limit(1)).scalar()


def of_kind(tx: Transaction, kind: str) -> list[EntryRow]:
    """Every readable entry of a kind, oldest arrival first."""
    return _rows(tx, select(entries).where(entries.c.kind == kind).order_by(entries.c.number))


def of_kind_between(tx: Transaction, kind: str, first: datetime, end: datetime) -> list[EntryRow]:
    """Every readable entry of a kind of the times from `first` up to, without, `end`."""
    chosen = (entries.c.kind == kind) & (entries.c.time >= first) & (entries.c.time < end)
    return _rows(tx, select(entries).where(chosen).order_by(entries.c.number))


def index_before(tx: Transaction, generation: int, time: datetime) -> int:
    """One past the last index of the entries that are all older than `time`."""
    younger = (entries.c.generation == generation) & (entries.c.time >= time) & entries.c.leaf_index.is_not(None)
    first = tx.execute(select(func.min(entries.c.leaf_index)).where(younger)).scalar()
    if first is not None:
        return int(first)
    whole = (entries.c.generation == generation) & entries.c.leaf_index.is_not(None)
    return int(tx.execute(select(func.count()).select_from(entries).where(whole)).scalar() or 0)


def present(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Those of these entry ids that are in a tree."""
    chosen = select(entries.c.id).where(entries.c.id.in_(ids), entries.c.leaf_index.is_not(None))
    return {row[0] for row in tx.execute(chosen)}


def _between(generation: int, first: int, end: int) -> ColumnElement[bool]:
    return (entries.c.generation == generation) & entries.c.leaf_index.between(first, end - 1)


def _rows(tx: Transaction, chosen: object) -> list[EntryRow]:
    return [EntryRow(**row) for row in tx.execute(chosen).mappings()]  # type: ignore[call-overload] # any select
