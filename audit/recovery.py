"""After a restore: the published log knows more than the database. The log goes on from what was published.

1. Our tree must be a beginning of the published one, or the log is closed and a successor opened.
2. The missing leaves come back from the published bundles, each bundle checked against the published root.
3. Entries of the backup that had been integrated later take their places again; the others are lost: their leaves
   stay, a `readable_parts_erased` says which.
"""

from __future__ import annotations

from datetime import UTC, datetime

from audit.entries import ActorKind, LogOpened, ReadablePartsErased
from audit.errors import LogClosedError, RaceLostError, VerificationError
from audit.ledger import Ledger
from audit.sequencer import DatabaseBehindError, Sequencer, grow, object_name
from audit.store import entries, log
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint
from audit.tlog.leaf import Leaf
from config.database import Database
from config.errors import ObjectMissing
from config.object_store import ObjectStore


class Recovery:
    """Brings a restored database back to its published log."""

    def __init__(self, database: Database, store: ObjectStore, ledger: Ledger, sequencer: Sequencer) -> None:
        """store: the bucket of the live log."""
        self._database = database
        self._store = store
        self._ledger = ledger
        self._sequencer = sequencer

    def run_once(self) -> int:
        """What the sequencing job calls: integrate and publish; after a restore rebuild, when that can't be, succeed.

        Returns how many entries were integrated. Raises `LogClosedError` when the log was just closed: its successor
        begins with the next call.
        """
        try:
            return self._sequencer.run_once()
        except RaceLostError:
            return 0
        except DatabaseBehindError as behind:
            self._rebuild(behind.published)
            return self._sequencer.run_once()
        except LogClosedError:
            if not self._open_successor():
                raise
            return 0

    def _rebuild(self, published: Checkpoint) -> None:
        with self._database.reading() as tx:
            current = log.current(tx)
        if current is None:
            message = "there is no log"
            raise LogClosedError(message)
        leaves = self._leaves(current.generation, published)
        if merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves[: current.size]]) != current.root:
            self._close(current.generation)
            return
        lost: list[int] = []
        with self._database.transaction() as tx:
            for index in range(current.size, published.size):
                leaf = leaves[index]
                row = entries.with_leaf(tx, leaf)
                if row is None:
                    lost.append(index)
                    when = datetime.fromtimestamp(Leaf.parse(leaf).time, UTC)
                    entries.add_lost(tx, f"lost-{current.generation}-{index}", leaf, when)
                    row = entries.with_leaf(tx, leaf)
                if row is None:
                    message = "a leaf could not be kept"
                    raise LogClosedError(message)
                current = grow(tx, current, [row])
            if current.root != published.root:
                message = "the published bundles do not make the published root"
                raise LogClosedError(message)
            for first, end in _ranges(lost):
                self._ledger.append(
                    tx,
                    ReadablePartsErased(actor_kind=ActorKind.JOB, reason="lost", first=str(first), end=str(end)),
                )

    def _leaves(self, generation: int, published: Checkpoint) -> list[bytes]:
        leaves: list[bytes] = []
        for level, index, width in tiles.shape(published.size):
            if level == 0:
                try:
                    bundle, _ = self._store.get(object_name(generation, tiles.bundle_path(index, width)))
                except ObjectMissing as error:
                    message = f"bundle {index} of the published log is missing"
                    raise LogClosedError(message) from error
                leaves += tiles.decode_bundle(bundle)
        if merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves]) != published.root:
            message = "the published bundles do not make the published root"
            raise VerificationError(message)
        return leaves

    def _close(self, generation: int) -> None:
        with self._database.transaction() as tx:
            log.close(tx, generation)

    def _open_successor(self) -> bool:
        """Close the log for good and open the next, whose first entry names the last published checkpoint."""
        with self._database.reading() as tx:
            current = log.current(tx)
        if current is None:
            return False
        last = self._sequencer.published(current)
        origin = f"{current.origin.rsplit('/successor-', 1)[0]}/successor-{current.generation + 1}"
        with self._database.transaction() as tx:
            log.close(tx, current.generation)
            log.open_log(
                tx,
                log.LogRow(
                    generation=current.generation + 1,
                    origin=origin,
                    size=0,
                    root=merkle.EMPTY_ROOT,
                    published_size=0,
                    closed=False,
                ),
            )
            named = LogOpened(
                actor_kind=ActorKind.JOB,
                predecessor=current.origin,
                predecessor_size=str(last.checkpoint.size if last else 0),
                predecessor_root=(last.checkpoint.root if last else merkle.EMPTY_ROOT).hex(),
            )
            opened = self._ledger.append(tx, named)
            row = entries.by_id(tx, opened)
            successor = log.current(tx)
            if row is not None and successor is not None:
                grow(tx, successor, [row])  # the first entry, before whatever waits
        return True


def _ranges(indices: list[int]) -> list[tuple[int, int]]:
    """[first, end) of the runs in ascending indices."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs
