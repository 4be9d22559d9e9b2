"""The second copy, in a bucket whose lock keeps it: full tiles, full bundles, their endings, one checkpoint an hour.

A checkpoint's name says when it was kept, so that a leaf which claims to be older than one that lacks it is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from audit.ledger import Ledger
from audit.sequencer import Sequencer, object_name
from audit.store import entries
from audit.tlog import endings, tiles
from config.clock import Clock
from config.database import Database
from config.errors import ObjectMissing
from config.object_store import ObjectStore

LATE = timedelta(seconds=60)
"""While an entry waits longer than this, no checkpoint is kept: it would make that entry look back-dated."""
NEWEST = 24
_NAME = "%Y/%m/%d/%H%M%S"
_OURS = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{6}")


class Archive:
    """Keeps what was published where it can't be changed."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        sequencer: Sequencer,
        clock: Clock,
        ledger: Ledger,
        locked_days: int = 0,
    ) -> None:
        """store: the bucket `ledger-archive`, made with object lock. locked_days: 0 to leave its own rule.

        ledger: where the alarm goes when the bucket has no lock.
        """
        self._ledger = ledger
        self._locked_days = locked_days
        self._database = database
        self._store = store
        self._sequencer = sequencer
        self._clock = clock

    def run_once(self) -> int:
        """Copy what became full, keep this hour's checkpoint; how many objects were written. Can be repeated.

        Raises `VerificationError` when the published checkpoint is not ours, `LogClosedError`.
        """
        self._lock()
        current = self._sequencer.current()
        seen = self._sequencer.published(current)
        if seen is None or seen.checkpoint.size > current.size:
            return 0
        written = 0
        for level, index in self._missing(current.generation, seen.checkpoint.size):
            for path, data in self._sequencer.pieces(current, level, index, tiles.WIDTH).items():
                self._store.put(object_name(current.generation, path), data)
                written += 1
        return written + self._keep(current.generation, seen.note)

    def _lock(self) -> None:
        """Before the first object of this process is written, so that none is without the lock."""
        if self._locked_days:
            if not self._store.lock(self._locked_days):
                with self._database.transaction() as tx:
                    self._ledger.alarm(tx, "archive_without_lock", "")
            self._locked_days = 0

    def checkpoints(self, generation: int = 0) -> Iterator[tuple[datetime, str]]:
        """(when it was kept, the signed note) of checkpoints of a log, oldest first: the newest, before them one a day.

        What lies there under another name is not ours and is left out.
        """
        prefix = object_name(generation, "checkpoints/")
        names = [name for name in self._store.list(prefix) if _OURS.fullmatch(name.removeprefix(prefix))]
        days = [name.rpartition("/")[0] for name in names]
        for place, name in enumerate(names):
            if place >= len(names) - NEWEST or days[place] not in days[place - 1 : place]:
                when = datetime.strptime(name.removeprefix(prefix), _NAME).replace(tzinfo=UTC)
                yield when, self._store.get(name)[0].decode()

    def _keep(self, generation: int, note: str) -> int:
        now = self._clock.now()
        with self._database.reading() as tx:
            oldest = entries.oldest_waiting(tx)
        name = object_name(generation, f"checkpoints/{now.strftime(_NAME)}")
        if oldest is not None and oldest < now - LATE:
            return 0
        if next(iter(self._store.list(name[:-4])), None) is not None:  # this hour's, whatever its minute
            return 0
        self._store.put(name, note.encode())
        return 1

    def _missing(self, generation: int, size: int) -> Iterator[tuple[int, int]]:
        """(level, index) of the full tiles that aren't copied yet, lowest first.

        They are copied in order, so the newest copy that is found ends the search.
        """
        level, count = 0, size // tiles.WIDTH
        while count:
            first = count
            while first and not self._has(generation, level, first - 1):
                first -= 1
            yield from ((level, index) for index in range(first, count))
            level, count = level + 1, count // tiles.WIDTH

    def _has(self, generation: int, level: int, index: int) -> bool:
        # Of a tile, its bundle and its endings the endings are written last.
        path = endings.path(index) if level == 0 else tiles.hash_path(level, index)
        try:
            self._store.head(object_name(generation, path))
        except ObjectMissing:
            return False
        return True
