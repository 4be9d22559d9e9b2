"""After a restore: the published log knows more than the database. The log goes on from what was published.

1. The missing leaves come back from the published bundles, or from the archive's. Growing our tree by them must make
   the published root: this proves that our tree was its beginning and that each leaf is the one that was signed.
2. Entries of the backup that had been integrated later take their places again; the others are lost: their leaves
   stay, a `readable_parts_erased` says which. What they ended is kept, for `audit.restores`.
3. If no copy makes the root, the log is closed and a successor begins, whose first entry names the last checkpoint.

Nothing is signed before that. Each of these is an alarm too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from audit.entries import ActorKind, LogOpened, ReadablePartsErased
from audit.errors import LogClosedError, RaceLostError, VerificationError
from audit.ledger import Ledger
from audit.sequencer import DatabaseBehindError, Sequencer, grow, object_name
from audit.store import entries, log, restores
from audit.tlog import endings, merkle, tiles
from audit.tlog.checkpoint import Checkpoint
from audit.tlog.leaf import Leaf
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import ObjectMissing
from config.object_store import ObjectStore


class _OtherLogError(Exception):
    """What was found does not make the published root."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store holds of the entries that the database does not know, from its size on."""

    leaves: list[bytes]
    endings: dict[int, bytes]
    """By index."""
    is_whole: bool
    """Whether every list of endings was there."""


class Recovery:
    """Brings a restored database back to its published log."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        ledger: Ledger,
        sequencer: Sequencer,
        clock: Clock,
        archive: ObjectStore | None = None,
    ) -> None:
        """store: the bucket of the live log. archive: the locked one, a second copy of what is full."""
        self._clock = clock
        self._database = database
        self._stores = [store, archive] if archive else [store]
        self._ledger = ledger
        self._sequencer = sequencer

    def run_once(self) -> int:
        """What the sequencing job calls: integrate and publish; after a restore rebuild, when that can't be, succeed.

        Returns how many entries were integrated; 0 too when another sequencer was faster or a successor was opened.
        Raises `VerificationError` when the published checkpoint is gone or somebody else's: people must look.
        """
        try:
            return self._run_once()
        except RaceLostError:
            return 0

    def _run_once(self) -> int:
        try:
            return self._sequencer.run_once()
        except VerificationError:
            self._alarm("published_log_is_not_ours")
            raise
        except DatabaseBehindError as behind:
            self._alarm("database_was_behind")
            if self._rebuild(behind.published):
                return self._sequencer.run_once()
            self._note_what_nobody_finds(behind)
        except LogClosedError:
            pass  # neither continues the other, or somebody closed it
        self._open_successor()
        return 0

    def _rebuild(self, published: Checkpoint) -> bool:
        """Grow our tree to the published one; False when no copy of the bundles makes its root."""
        with self._database.reading() as tx:
            current = log.current(tx)
        if current is None:
            return False
        for stores in (self._stores, self._stores[::-1]):
            try:
                found = self._missing(current, published, stores)
                with self._database.transaction() as tx:
                    self._bring_back(tx, current, found, published)
            except (_OtherLogError, VerificationError, ValueError, OverflowError):  # a forged leaf has any time
                continue
            return True
        return False

    def _missing(self, current: log.LogRow, published: Checkpoint, stores: list[ObjectStore]) -> _Found:
        """What lies from our size to the published one, of the first store that has each bundle."""
        leaves: list[bytes] = []
        ended: dict[int, bytes] = {}
        is_whole = True
        begin = current.size // tiles.WIDTH
        for level, index, width in tiles.shape(published.size):
            if level == 0 and index >= begin:
                data = _first(stores, current.generation, index, width)
                leaves += tiles.decode_bundle(data)[:width]
                listed = self._endings(current, stores, index, width)
                is_whole = is_whole and listed is not None
                ended |= {index * tiles.WIDTH + place: sealed for place, sealed in (listed or {}).items()}
        return _Found(leaves[current.size - begin * tiles.WIDTH :], ended, is_whole)

    def _endings(
        self, current: log.LogRow, stores: list[ObjectStore], index: int, width: int
    ) -> dict[int, bytes] | None:
        """What the entries of a bundle ended; None when no store has the list, signed by the log."""
        verifier = self._sequencer.verifier(current.origin)
        for store in stores:
            for of in (width, tiles.WIDTH):
                try:
                    data = store.get(object_name(current.generation, endings.path(index, of)))[0]
                    return endings.decode(data, index, of, verifier)
                except (ObjectMissing, VerificationError):
                    continue
        return None

    def _bring_back(self, tx: Transaction, current: log.LogRow, found: _Found, published: Checkpoint) -> None:
        if log.current(tx, lock=True) != current:
            raise RaceLostError
        rows, lost = [], []
        for index, leaf in enumerate(found.leaves, current.size):
            row = entries.with_leaf(tx, leaf)
            if row is None:
                lost.append(index)
                when = datetime.fromtimestamp(Leaf.parse(leaf).time, UTC)
                name = f"lost-{current.generation}-{index}"
                row = entries.add_lost(tx, name, leaf, when, found.endings.get(index))
            rows.append(row)
        grown = grow(tx, current, rows)
        if (grown.size, grown.root) != (published.size, published.root):
            raise _OtherLogError
        for first, end in _ranges(lost):
            erased = ReadablePartsErased(actor_kind=ActorKind.JOB, reason="lost", first=str(first), end=str(end))
            self._ledger.append(tx, erased)
        self._note(tx, current, published, len(lost), is_whole=found.is_whole)

    def _note(self, tx: Transaction, known: log.LogRow, published: Checkpoint, lost: int, *, is_whole: bool) -> None:
        row = restores.RestoreRow(
            generation=known.generation,
            published_size=published.size,
            known_size=known.size,
            found_at=self._clock.now(),
            lost=lost,
            is_whole=is_whole,
        )
        restores.add(tx, row)

    def _note_what_nobody_finds(self, behind: DatabaseBehindError) -> None:
        """No copy tells what was ended since the backup: the doors stay closed until an operator opens them."""
        with self._database.transaction() as tx:
            current = log.current(tx, lock=True)
            if current is not None and current.size == behind.size and not current.closed:
                lost = behind.published.size - behind.size
                self._note(tx, current, behind.published, lost, is_whole=False)

    def _open_successor(self) -> None:
        """Close the log for good and open the next, whose first entry names the last published checkpoint."""
        with self._database.reading() as tx:
            current = log.current(tx)
        if current is None:
            return
        last = self._last(current)
        with self._database.transaction() as tx:
            newest = log.current(tx, lock=True)
            if newest is None or newest.generation != current.generation:
                return  # another worker was first
            log.close(tx, current.generation)
            successor = log.LogRow(
                generation=current.generation + 1,
                origin=f"{current.origin.rsplit('/successor-', 1)[0]}/successor-{current.generation + 1}",
                size=0,
                root=merkle.EMPTY_ROOT,
                published_size=0,
                closed=False,
            )
            log.open_log(tx, successor)
            named = LogOpened(
                actor_kind=ActorKind.JOB,
                predecessor=last.origin,
                predecessor_size=str(last.size),
                predecessor_root=last.root.hex(),
            )
            row = entries.by_id(tx, self._ledger.append(tx, named))
            if row is not None:
                grow(tx, successor, [row])  # the first entry, before whatever waits
            self._ledger.alarm(tx, "log_was_closed", current.origin)

    def _last(self, current: log.LogRow) -> Checkpoint:
        """The checkpoint that a successor names: the published one, else what the database knows."""
        try:
            seen = self._sequencer.published(current)
        except VerificationError:
            seen = None
        return seen.checkpoint if seen else Checkpoint(current.origin, current.size, current.root)

    def _alarm(self, code: str) -> None:
        with self._database.transaction() as tx:
            current = log.current(tx)
            if current is not None:
                self._ledger.alarm(tx, code, f"{current.origin} {current.size}"[-128:])


def _first(stores: list[ObjectStore], generation: int, index: int, width: int) -> bytes:
    for path in (tiles.bundle_path(index, width), tiles.bundle_path(index)):
        for store in stores:
            try:
                return store.get(object_name(generation, path))[0]
            except ObjectMissing:
                continue
    raise _OtherLogError


def _ranges(indices: list[int]) -> list[tuple[int, int]]:
    """[first, end) of the runs in ascending indices."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs
