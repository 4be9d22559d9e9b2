"""The sequencer: numbers entries, grows the tree, publishes tiles and a signed checkpoint.

The life of an entry after its commit:
1. `integrate`: one transaction gives waiting rows their places, extends the right edge of the tiles and advances
   (size, root) by compare-and-swap. A second sequencer loses the swap and changes nothing.
2. `_write_tiles`: tiles, bundles and endings up to that size go to the store. Repeating it writes the same bytes.
3. `_sign`: the checkpoint replaces the one it was compared with, by If-Match. Nobody signs two roots for one size:
   before each signature the published checkpoint must be one that our tree continues.

When the database is behind the published log (a restore, a failover) nothing is signed: `recovery` rebuilds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from audit.errors import LogClosedError, RaceLostError, VerificationError
from audit.signers import Signers
from audit.store import entries, log
from audit.tlog import checkpoint as notes
from audit.tlog import endings, merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier
from config.database import Database, Transaction
from config.errors import ObjectExists, ObjectMissing
from config.object_store import ObjectStore

__all__ = ["DatabaseBehindError", "Published", "Sequencer", "Signers", "grow", "object_name"]

BATCH = 512
"""Entries that one transaction integrates at most: it stays short."""

KEPT_TILES = 32


@dataclass(frozen=True, slots=True)
class Published:
    """The checkpoint in the store, as it was signed, and the ETag to replace it by."""

    checkpoint: Checkpoint
    note: str = field(repr=False)
    etag: str


class Sequencer:
    """Grows and publishes one installation's log."""

    def __init__(self, database: Database, store: ObjectStore, signers: Signers, origin: str) -> None:
        """store: the bucket of the live log. origin: the log's name (C2SP tlog-checkpoint)."""
        self._database = database
        self._store = store
        self._signers = signers
        self._origin = origin
        self._compared = False
        """Whether this process looked at the published log at all."""

    def run_once(self) -> int:
        """Integrate and publish what waits; how many entries were integrated.

        The published checkpoint is read each time before anything is written: our tree must continue it.
        Raises `DatabaseBehindError` when the database was restored or a replica took over, `LogClosedError` when the
        published log is another one than ours, `VerificationError` when what lies there is not the log's or is gone:
        nothing was written or signed then. `RaceLostError` when another sequencer was faster.
        """
        current = self.current()
        with self._database.reading() as tx:
            idle = current.published_size == current.size and not entries.anything_waiting(tx)
        if idle and self._compared:
            return 0
        seen = self.published(current)
        self._compare(current, seen)
        self._compared = True
        integrated = self.integrate()
        current = self.current()
        size = seen.checkpoint.size if seen else 0
        if current.size > size:
            self._write_tiles(current, seen)
            self._sign(current, seen)
        return integrated

    def integrate(self) -> int:
        """Step 1: give waiting entries their places, a batch a transaction; how many."""
        total = 0
        while True:
            with self._database.transaction() as tx:
                current = log.current(tx, lock=True)
                if current is None or current.closed:
                    message = "the log is closed"
                    raise LogClosedError(message)
                batch = entries.waiting(tx, BATCH)
                if not batch:
                    return total
                grow(tx, current, batch)
            total += len(batch)

    def verifier(self, origin: str) -> Verifier:
        """The log's public key."""
        return self._signers.verifier(origin)

    def node(self, generation: int) -> merkle.Node:
        """The tree in the database, for proofs (reads tiles as it goes, keeps the last few)."""

        @lru_cache(maxsize=KEPT_TILES)
        def tile(level: int, index: int) -> bytes:
            with self._database.reading() as tx:
                found = log.tile(tx, generation, level, index)
            if found is None:
                message = f"tile {level}/{index} is missing in the database"
                raise VerificationError(message)
            return found

        return tiles.node_from(tile)

    def current(self) -> log.LogRow:
        """The log's state, opened at its first use. Raises `LogClosedError`."""
        with self._database.reading() as tx:
            current = log.current(tx)
        if current is None:
            first = log.LogRow(
                generation=0,
                origin=self._origin,
                size=0,
                root=merkle.EMPTY_ROOT,
                published_size=0,
                closed=False,
            )
            with self._database.transaction() as tx:
                current = log.current(tx)
                if current is None:
                    log.open_log(tx, first)
                    current = first
        if current.closed:
            message = "the log is closed"
            raise LogClosedError(message)
        return current

    def published(self, current: log.LogRow) -> Published | None:
        """The checkpoint in the store, verified with our key; None before the first.

        Raises `VerificationError` when someone else's lies there.
        """
        try:
            data, etag = self._store.get(object_name(current.generation, "checkpoint"))
        except ObjectMissing:
            return None
        try:
            note = data.decode()
        except UnicodeDecodeError as error:
            message = "the published checkpoint is not text"
            raise VerificationError(message) from error
        return Published(notes.verify(note, self._signers.verifier(current.origin)), note, etag)

    def read_published(self, path: str) -> bytes | None:
        """An object of the current live log; None when nothing lies there."""
        try:
            return self._store.get(object_name(self.current().generation, path))[0]
        except ObjectMissing:
            return None

    def pieces(self, current: log.LogRow, level: int, index: int, width: int) -> dict[str, bytes]:
        """path -> content of a tile and, at level 0, its bundle and its endings, out of the database.

        Raises `VerificationError`.
        """
        with self._database.reading() as tx:
            held = log.tile(tx, current.generation, level, index)
            first = index * tiles.WIDTH
            rows = entries.at(tx, current.generation, first, first + width) if level == 0 else []
        if held is None or (level == 0 and len(rows) != width):
            message = f"tile {level}/{index} is missing in the database"
            raise VerificationError(message)
        made = {tiles.hash_path(level, index, width): held[: width * merkle.HASH_BYTES]}
        if level == 0:
            made[tiles.bundle_path(index, width)] = tiles.encode_bundle([row.leaf for row in rows])
            ended = {place: row.ending for place, row in enumerate(rows) if row.ending is not None}
            made[endings.path(index, width)] = endings.encode(
                ended, index, width, self._signers.key(current.origin), current.origin
            )
        return made

    def _compare(self, current: log.LogRow, seen: Published | None) -> None:
        """Our tree must continue the published one. See `run_once` for what is raised otherwise."""
        if seen is None:
            if current.published_size:
                # Signing again what may have been restored could make a second root: people must put it back.
                message = f"the checkpoint of {current.published_size} entries that was published is gone"
                raise VerificationError(message)
            return
        size = seen.checkpoint.size
        if size > current.size:
            raise DatabaseBehindError(current.size, seen.checkpoint)
        if merkle.root(self.node(current.generation), size) != seen.checkpoint.root:
            message = f"the database's log of {size} entries is not the published one"
            raise LogClosedError(message)

    def _write_tiles(self, current: log.LogRow, seen: Published | None) -> None:
        """Step 2: everything between the published size and ours."""
        done = seen.checkpoint.size if seen else 0
        for level, index, width in tiles.shape(current.size):
            if (index + 1) * tiles.WIDTH ** (level + 1) > done:
                for path, data in self.pieces(current, level, index, width).items():
                    self._place(current, seen, object_name(current.generation, path), data)

    def _place(self, current: log.LogRow, seen: Published | None, name: str, data: bytes) -> None:
        """Put a tile in its place. What else lies there was written before a crash and never signed, then a restore.

        Raises `RaceLostError` when somebody published meanwhile: then it may be theirs.
        """
        try:
            self._store.put(name, data)
        except ObjectExists:
            now = self.published(current)
            if (now.etag if now else "") != (seen.etag if seen else ""):
                raise RaceLostError from None
            self._store.overwrite(name, data)

    def _sign(self, current: log.LogRow, seen: Published | None) -> None:
        """Step 3. The tree of `current` continues `seen`, which is what `If-Match` replaces."""
        made = Checkpoint(current.origin, current.size, current.root)
        note = notes.sign(made, self._signers.key(current.origin), current.origin)
        name = object_name(current.generation, "checkpoint")
        try:
            self._store.replace(name, note.encode(), if_match=seen.etag if seen else None)
        except ObjectExists:
            return  # another sequencer published: compare with that one next time
        with self._database.transaction() as tx:
            log.published(tx, current.generation, current.size)
        self._drop_partials(current, seen.checkpoint.size if seen else 0)

    def _drop_partials(self, current: log.LogRow, before: int) -> None:
        """Partial tiles go once their tile is full (tlog-tiles allows it)."""
        now_full = {(level, index) for level, index, width in tiles.shape(current.size) if width == tiles.WIDTH}
        for level, index, width in tiles.shape(before):
            if width < tiles.WIDTH and (level, index) in now_full:
                self._store.delete(object_name(current.generation, tiles.hash_path(level, index, width)))
                if level == 0:
                    self._store.delete(object_name(current.generation, tiles.bundle_path(index, width)))
                    self._store.delete(object_name(current.generation, endings.path(index, width)))


class DatabaseBehindError(Exception):
    """The published log has more entries than the database: it was restored, or a replica took over."""

    def __init__(self, size: int, published: Checkpoint) -> None:
        """size: the database's."""
        super().__init__(f"the database knows {size} entries, {published.size} are published")
        self.size = size
        self.published = published


def object_name(generation: int, path: str) -> str:
    """Where a log's object lies: a successor log has a folder of its own."""
    return path if generation == 0 else f"log-{generation}/{path}"


def grow(tx: Transaction, current: log.LogRow, batch: list[entries.EntryRow]) -> log.LogRow:
    """Give rows the next places, extend the tiles, advance (size, root). Raises `RaceLostError`."""
    edge: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in edge:
            edge[level, index] = log.tile(tx, current.generation, level, index) or b""
        return edge[level, index]

    size = current.size
    for row in batch:
        if entries.number(tx, row, current.generation, size) != 1:
            raise RaceLostError
        tiles.push(tile, edge, size, merkle.leaf_hash(row.leaf))
        size += 1
    for (level, index), hashes in edge.items():
        if hashes:
            log.put_tile(tx, current.generation, level, index, hashes)
    root = merkle.root(tiles.node_from(tile), size)
    if log.advance(tx, current, size, root) != 1:
        raise RaceLostError
    return log.LogRow(
        generation=current.generation,
        origin=current.origin,
        size=size,
        root=root,
        published_size=current.published_size,
        closed=False,
    )
