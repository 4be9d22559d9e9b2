"""Search: by auditors, over the clear half; by each person, over what concerns them. Every search is an entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from audit.entries import ActorKind, EntryId, LedgerOpened, LedgerSearched, PersonId
from audit.errors import ReasonNeeded
from audit.found import Cursors, Found, Mine, Page, found, mine
from audit.keys import LedgerKeys, OpenKeys
from audit.ledger import Ledger, pseudonym_of
from audit.store import entries, log
from audit.store.entries import Filters
from config.clock import Clock
from config.database import Database

__all__ = ["REASONS", "Filters", "Found", "Mine", "Page", "Search"]

LONGEST_PAGE = 200
LONGEST_OWN = 1_000
REASONS = ("complaint", "inspection", "breach", "legal_order")
"""Why an auditor may look at one person."""


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
        self._cursors = Cursors(cursor_key)

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
        before = self._cursors.read(cursor)
        limit = min(limit, LONGEST_PAGE)
        self._looked(auditor, " ".join(filters.used()), filters.pseudonym, reason)
        with self._database.reading() as tx:
            rows = entries.search(tx, filters, before, limit + 1)
        return Page(
            [found(row) for row in rows[:limit]],
            self._cursors.write(rows[limit - 1].number) if len(rows) > limit else "",
        )

    def entry(self, auditor: PersonId, entry: EntryId) -> Found | None:
        """One entry, for an auditor; itself an entry."""
        self._looked(auditor, "entry")
        with self._database.reading() as tx:
            row = entries.by_id(tx, entry)
        return found(row) if row is not None and row.readable else None

    def pseudonym(self, auditor: PersonId, person: PersonId, reason: str) -> str | None:
        """The ledger pseudonym of a person an auditor names, for a stated reason; itself an entry."""
        if reason not in REASONS:
            raise ReasonNeeded
        with self._database.reading() as tx:
            known = pseudonym_of(tx, person)
        self._looked(auditor, "person", known or "", reason)
        return known

    def set_aside(self, auditor: PersonId, pseudonym: str, reason: str) -> Sequence[Mine]:
        """The exchanges of a closed account, every field opened, for a stated reason; itself an entry.

        Raises `ReasonNeeded`, or `UnknownEntry` when nothing is set aside under that pseudonym (any more).
        """
        if reason not in REASONS:
            raise ReasonNeeded
        cause = self._looked(auditor, "set_aside", pseudonym, reason)
        return self._all_of(self._keys.open_set_aside(pseudonym, cause))

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
        before = self._cursors.read(cursor)
        limit = min(limit, LONGEST_OWN)
        keys = self._keys.opened(person) or self._open(person, actor)
        with self._database.reading() as tx:
            rows = entries.of_pseudonym(tx, keys.pseudonym, before, limit + 1)
        shown = [(row, mine(keys, row, half)) for row, half in rows[:limit]]
        self._alarm(row.id for row, made in shown if made and not made.intact)
        return Page(
            [made for _, made in shown if made],
            self._cursors.write(rows[limit - 1][0].number) if len(rows) > limit else "",
        )

    def mine(self, person: PersonId, entry: EntryId, *, actor: str = "") -> Mine | None:
        """One entry that concerns a person, opened for them; None when it doesn't."""
        keys = self._keys.opened(person) or self._open(person, actor)
        with self._database.reading() as tx:
            row = entries.by_id(tx, entry)
            half = entries.half(tx, entry, keys.pseudonym)
        return mine(keys, row, half) if row and half else None

    def with_code(self, code: str, *, limit: int = LONGEST_OWN) -> Sequence[Mine]:
        """The exchanges of a closed account, newest first, for whoever holds its closing receipt's code.

        Itself an entry, also when the code opens nothing. Raises `UnknownEntry` then.
        """
        with self._database.transaction() as tx:
            cause = self._ledger.append(tx, LedgerOpened(actor_kind=ActorKind.CITIZEN))
        return self._all_of(self._keys.open_with_code(code, cause), limit)

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

    def _looked(self, auditor: PersonId, filters: str, pseudonym: str = "", reason: str = "") -> EntryId:
        """Write down that an auditor looks, before anything is shown."""
        looked = LedgerSearched(
            actor_kind=ActorKind.AUDITOR,
            actor=auditor,
            filters=filters,
            pseudonym=pseudonym,
            reason=reason,
        )
        with self._database.transaction() as tx:
            return self._ledger.append(tx, looked)

    def _all_of(self, keys: OpenKeys, limit: int = LONGEST_OWN) -> Sequence[Mine]:
        with self._database.reading() as tx:
            rows = entries.of_pseudonym(tx, keys.pseudonym, None, limit)
        return [made for row, half in rows if (made := mine(keys, row, half))]

    def _alarm(self, changed: Iterable[str]) -> None:
        """A half that does not fit its leaf was changed by somebody: people must look."""
        for entry in changed:
            with self._database.transaction() as tx:
                self._ledger.alarm(tx, "half_does_not_fit", entry)
