"""Search: by auditors, over the clear half; by each person, over what concerns them. Every search is an entry."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Generic, TypeVar

from audit.entries import ActorKind, EntryId, LedgerOpened, LedgerSearched, PersonId
from audit.errors import BadCursor, ReasonNeeded
from audit.keys import LedgerKeys, OpenKeys
from audit.ledger import Ledger, pseudonym_of
from audit.store import entries, log
from audit.store.entries import Filters
from config.clock import Clock
from config.database import Database

__all__ = ["Filters", "Found", "Mine", "Page", "Search"]

LONGEST_PAGE = 200
_E_co = TypeVar("_E_co", bound="Found", covariant=True)
REASONS = ("complaint", "inspection", "breach", "legal_order")
"""Why an auditor may look at one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry as an auditor sees it: the clear fields."""

    id: EntryId
    index: int | None
    """Its place in the tree; None until it is integrated."""
    time: datetime
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine(Found):
    """An entry as the person concerned sees it: every field.

    opened: value and key of the sealed ones, for a receipt.
    """

    opened: Mapping[str, list[str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page(Generic[_E_co]):
    """Some entries, newest first, and the cursor of the next ones (empty at the end)."""

    entries: Sequence[_E_co]
    cursor: str


class Search:
    """Finds entries."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        keys: LedgerKeys,
        clock: Clock,
        cursor_key: bytes,
    ) -> None:
        """keys: opens what is a person's own. cursor_key: 32 bytes, the same on every node."""
        self._database = database
        self._ledger = ledger
        self._keys = keys
        self._clock = clock
        self._cursor_key = cursor_key

    def search(
        self,
        auditor: PersonId,
        filters: Filters,
        *,
        cursor: str = "",
        limit: int = 50,
        reason: str = "",
    ) -> Page[Found]:
        """Entries that fit, newest first, for an auditor; itself an entry.

        Raises `ReasonNeeded` when `filters` name a pseudonym and `reason` isn't one of `REASONS`, `BadCursor`.
        """
        if filters.pseudonym and reason not in REASONS:
            raise ReasonNeeded
        before = self._read(cursor)
        with self._database.transaction() as tx:
            self._ledger.append(
                tx,
                LedgerSearched(
                    actor_kind=ActorKind.AUDITOR,
                    actor=auditor,
                    filters=" ".join(filters.used()),
                    pseudonym=filters.pseudonym,
                    reason=reason,
                ),
            )
            rows = entries.search(tx, filters, before, min(limit, LONGEST_PAGE) + 1)
        more = len(rows) > limit
        found = [_found(row) for row in rows[:limit]]
        return Page(found, self._write(rows[limit - 1].number) if more else "")

    def entry(self, auditor: PersonId, entry: EntryId) -> Found | None:
        """One entry, for an auditor; itself an entry."""
        with self._database.transaction() as tx:
            looked = LedgerSearched(actor_kind=ActorKind.AUDITOR, actor=auditor, filters="entry")
            self._ledger.append(tx, looked)
            row = entries.by_id(tx, entry)
        return _found(row) if row is not None and row.readable else None

    def pseudonym(self, auditor: PersonId, person: PersonId, reason: str) -> str | None:
        """The ledger pseudonym of a person an auditor names, for a stated reason; itself an entry."""
        if reason not in REASONS:
            raise ReasonNeeded
        with self._database.transaction() as tx:
            found = pseudonym_of(tx, person)
            named = LedgerSearched(
                actor_kind=ActorKind.AUDITOR,
                actor=auditor,
                filters="person",
                pseudonym=found or "",
                reason=reason,
            )
            self._ledger.append(tx, named)
        return found

    def of_person(
        self,
        person: PersonId,
        *,
        actor: str = "",
        cursor: str = "",
        limit: int = 100,
    ) -> Page[Mine]:
        """What concerns a person, newest first, every field opened for them.

        actor: the account that looks (the person's own, or the holder of a child's safe). Opening their keys is an
        entry, at most one a minute. Raises `UnknownEntry` when the ledger doesn't know the person, `BadCursor`.
        """
        before = self._read(cursor)
        keys = self._keys.opened(person) or self._open(person, actor)
        with self._database.reading() as tx:
            rows = entries.of_pseudonym(tx, keys.pseudonym, before, limit + 1)
        found = [mine for row, half in rows[:limit] if (mine := _mine(keys, row, half))]
        return Page(found, self._write(rows[limit - 1][0].number) if len(rows) > limit else "")

    def mine(self, person: PersonId, entry: EntryId, *, actor: str = "") -> Mine | None:
        """One entry that concerns a person, opened for them; None when it doesn't."""
        keys = self._keys.opened(person) or self._open(person, actor)
        with self._database.reading() as tx:
            row = entries.by_id(tx, entry)
            half = entries.half(tx, entry, keys.pseudonym)
        return _mine(keys, row, half) if row and half else None

    def with_code(self, code: str, *, limit: int = 1_000) -> Sequence[Mine]:
        """The exchanges of a closed account, newest first, for whoever holds its closing receipt's code.

        Itself an entry, also when the code opens nothing. Raises `UnknownEntry` then.
        """
        with self._database.transaction() as tx:
            cause = self._ledger.append(tx, LedgerOpened(actor_kind=ActorKind.CITIZEN))
        keys = self._keys.open_with_code(code, cause)
        with self._database.reading() as tx:
            rows = entries.of_pseudonym(tx, keys.pseudonym, None, limit)
        return [mine for row, half in rows if (mine := _mine(keys, row, half))]

    def overview(self, days: int = 30) -> Sequence[tuple[str, str, int]]:
        """(kind, client, how many) in the last days."""
        with self._database.reading() as tx:
            return entries.count_by(tx, self._clock.now() - timedelta(days=days))

    def alarms(self) -> Sequence[tuple[str, str, datetime]]:
        """(code, reference, when) of what people must look at."""
        with self._database.reading() as tx:
            return log.every_alarm(tx)

    def _open(self, person: PersonId, actor: str) -> OpenKeys:
        with self._database.transaction() as tx:
            opening = LedgerOpened(actor_kind=ActorKind.CITIZEN, actor=actor or person, persons=(person,))
            cause = self._ledger.append(tx, opening)
        return self._keys.open(person, cause)

    def _write(self, number: int) -> str:
        raw = number.to_bytes(8, "big")
        return base64.urlsafe_b64encode(raw + hmac.digest(self._cursor_key, raw, sha256)[:12]).decode().rstrip("=")

    def _read(self, cursor: str) -> int | None:
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (ValueError, binascii.Error):
            raise BadCursor from None
        if not hmac.compare_digest(hmac.digest(self._cursor_key, raw[:8], sha256)[:12], raw[8:]):
            raise BadCursor
        return int.from_bytes(raw[:8], "big")


def _found(row: entries.EntryRow) -> Found:
    shown = json.loads(row.readable or "{}")
    values = {name: pair[0] for name, pair in shown.items() if len(pair) == 2}  # noqa: PLR2004 -- value and key
    return Found(id=EntryId(row.id), index=row.leaf_index, time=row.time, values=values)


def _mine(keys: OpenKeys, row: entries.EntryRow, half: entries.HalfRow) -> Mine | None:
    content = keys.open(half.term, row.id, half.sealed)
    if content is None or row.readable is None:
        return None
    hidden: dict[str, list[str]] = json.loads(content)
    values = {**_found(row).values, **{name: pair[0] for name, pair in hidden.items()}}
    return Mine(id=EntryId(row.id), index=row.leaf_index, time=row.time, values=values, opened=hidden)
