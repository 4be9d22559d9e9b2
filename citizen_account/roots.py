"""The roots of the rings `ledger` and `provider`: renewed after an account closed, rotated by command, destroyed.

The vault renews its own (`vault.retention`). A receipt promises that backups are noise by a date; what keeps it is the
destruction of every root version that wraps something of the person, in all three rings (docs/decisions/0303).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from audit.entries import ActorKind, Entry, JobRun, KeysRotated
from audit.ledger import Ledger
from citizen_account.store import erasures
from config.clock import Clock
from config.database import Database, Transaction
from config.key_ring import KeyRing

JOB = "renew_roots"

Rewrap = Callable[[str], object]
"""Brings keys under the ring's current version; is given the entry that is the cause."""


class Roots:
    """Rotates and destroys root versions."""

    def __init__(
        self,
        *,
        database: Database,
        rings: Mapping[str, KeyRing],
        rewraps: Mapping[str, tuple[Rewrap, ...]],
        ledger: Ledger,
        clock: Clock,
        backup_window: timedelta,
    ) -> None:
        """rings: by name, without the vault's. rewraps: whatever each of them wraps."""
        self._database = database
        self._rings = rings
        self._rewraps = rewraps
        self._ledger = ledger
        self._clock = clock
        self._window = backup_window

    def versions(self) -> Mapping[str, int]:
        """The current version of each ring; asks the rings, so outside any transaction."""
        return {name: ring.current_version for name, ring in self._rings.items()}

    def promise(self, tx: Transaction, versions: Mapping[str, int], gone_by: datetime) -> None:
        """Something under these versions was erased: they must be gone by then."""
        for name, version in versions.items():
            erasures.promise(tx, name, version, gone_by)

    def rotate(self, name: str, actor: str, actor_kind: ActorKind) -> int:
        """Make a new version of that ring's root and bring everything under it; its number.

        The old one ends with the backup window, or sooner where a receipt promised so.
        """
        ring = self._rings[name]
        with self._database.reading() as tx:
            promised = erasures.promised(tx, name, ring.current_version)
        end = self._clock.now() + self._window
        version = ring.rotate(min(end, promised) if promised else end)
        self._rewrap(name, KeysRotated(actor_kind=actor_kind, actor=actor, keys=name, version=str(version)))
        return version

    def renew(self) -> None:
        """What the worker does every six hours: replace what a receipt named, destroy what is due. Can be repeated."""
        for name, ring in self._rings.items():
            with self._database.reading() as tx:
                promised = erasures.promised(tx, name, ring.current_version)
            if promised is not None:
                self.rotate(name, JOB, ActorKind.JOB)
            self._destroy_due(name, ring)

    def _destroy_due(self, name: str, ring: KeyRing) -> None:
        now = self._clock.now()
        if not any(version.destroy_at and version.destroy_at <= now for version in ring.versions()):
            return
        # Once more, since a rotation may have been cut off in the middle: what is under the old root would be lost.
        self._rewrap(name, JobRun(actor_kind=ActorKind.JOB, actor=JOB, job=JOB))
        for version in ring.destroy_due(now):
            with self._database.transaction() as tx:
                erasures.kept(tx, name, version)

    def _rewrap(self, name: str, because: Entry) -> None:
        with self._database.transaction() as tx:
            cause = self._ledger.append(tx, because)
        for rewrap in self._rewraps[name]:
            rewrap(cause)
