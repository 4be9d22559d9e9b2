"""What must go, and when: abandoned uploads, erased objects, superseded versions, old lendings, old keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from audit.entries import ActorKind, EntryId, JobRun, KeysRotated, OwnerKeyReplaced, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import ObjectStoreError
from config.key_ring import KeyRing
from config.logs import get_logger
from vault.documents import Erasing, ReplaceOwnerKey
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.errors import DocumentChanged
from vault.protocols import OwnerId
from vault.store import erasures, intents, lendings, minutes, owner_keys, owners, reads, versions

ABANDONED_AFTER: Final = timedelta(hours=24)
"""An intent older than this belongs to an upload that was cut off."""
LENDINGS_KEPT: Final = timedelta(days=90)
"""How long a lending that is over can still say why it is."""
MINUTES_KEPT: Final = timedelta(hours=1)
BATCH: Final = 100

log = get_logger(__name__)


def _never() -> datetime | None:
    return None


class Retention:
    """Removes what nobody may keep; every method can be repeated."""

    def __init__(
        self,
        *,
        database: Database,
        key_ring: KeyRing,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        erasing: Erasing,
        ledger: Ledger,
        clock: Clock,
        backup_window: timedelta,
        restored_at: Callable[[], datetime | None] = _never,
    ) -> None:
        """key_ring: the one named `vault`. restored_at: when this database last came out of a backup, None if never."""
        self._database = database
        self._ring = key_ring
        self._keys = keys
        self._objects = objects
        self._erasing = erasing
        self._ledger = ledger
        self._clock = clock
        self._window = backup_window
        self._restored_at = restored_at

    def sweep(self) -> None:
        """All that needs no key: what the worker does every hour."""
        self.sweep_intents()
        self.delete_discarded()
        self.drop_superseded()
        self.drop_old_rows()

    def sweep_intents(self, *, confirmed: bool = False) -> int:
        """Give up uploads that began over a day ago and never ended; how many. Their objects are deleted next.

        confirmed: also those from before a restore. Their objects may be papers whose rows the backup did not hold,
        so nobody but the operator may say so.
        """
        now = self._clock.now()
        first = None if confirmed else self._restored_at()
        swept = 0
        while True:
            with self._database.transaction() as tx:
                names = intents.begun_between(tx, first, now - ABANDONED_AFTER, BATCH)
                intents.end(tx, names)
                intents.discard(tx, names, now)
            swept += len(names)
            if len(names) < BATCH:
                return swept

    def delete_discarded(self) -> int:
        """Delete the objects whose time has come; how many. What the store refuses is tried again next time."""
        deleted = 0
        while True:
            with self._database.reading() as tx:
                names = intents.due(tx, self._clock.now(), BATCH)
            gone = self._deleted(names)
            if gone:
                with self._database.transaction() as tx:
                    intents.forget(tx, gone)
            deleted += len(gone)
            if len(gone) < BATCH:
                return deleted

    def _deleted(self, names: Sequence[str]) -> list[str]:
        gone = []
        for name in names:
            try:
                self._objects.delete(name)
            except ObjectStoreError as error:
                log.warning("object_not_deleted", error=type(error).__name__)
            else:
                gone.append(name)
        return gone

    def drop_superseded(self) -> int:
        """Erase versions in whose place a newer one is, once no lending of them stands; how many."""
        now = self._clock.now()
        with self._database.reading() as tx:
            old = [row for row in versions.superseded(tx) if not lendings.stands_for_version(tx, row.id, now)]
        for row in old:
            with self._database.transaction() as tx:
                self._erasing.version(tx, row.owner, row.id)
        return len(old)

    def drop_old_rows(self) -> None:
        """Forget the reads of ended lendings, lendings that ended long ago, and merged minutes."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            reads.remove_ended(tx, now)
            minutes.remove_before(tx, now - MINUTES_KEPT)
            lendings.remove(tx, lendings.over_before(tx, now - LENDINGS_KEPT, BATCH))

    def replace_owner_key(self, payload: ReplaceOwnerKey) -> None:
        """After an erasure: a new owner key, what stays rewrapped, the old one destroyed."""
        owner = OwnerId(payload.owner)
        if len(self._keys_of(owner)) > 1:  # begun before and not ended
            self._replace(owner)
        newest = self._keys_of(owner)[:1]
        # A key of the same second may be older than the erasure: then once too often is right.
        if newest and newest[0].made_at.timestamp() <= payload.since:
            self._replace(owner)

    def _keys_of(self, owner: OwnerId) -> list[owner_keys.OwnerKeyRow]:
        with self._database.reading() as tx:
            return owner_keys.of_owner(tx, owner)

    def _replace(self, owner: OwnerId) -> None:
        with self._database.transaction() as tx:
            persons = self._persons(tx, owner)
            cause = self._job_run(tx, ReplaceOwnerKey.kind, persons)
        old = self._keys.replace(owner, cause)
        if old is None:
            return  # the safe is gone
        with self._database.transaction() as tx:
            if not self._keys.destroy_replaced(tx, old):
                raise DocumentChanged("a row came under the old key")  # the job is tried again
            replaced = OwnerKeyReplaced(
                actor_kind=ActorKind.JOB, actor=ReplaceOwnerKey.kind, persons=persons, reason="erasure"
            )
            self._ledger.append(tx, replaced)

    @staticmethod
    def _persons(tx: Transaction, owner: OwnerId) -> tuple[PersonId, ...]:
        safe = owners.get(tx, owner)
        return (PersonId(safe.person),) if safe else ()

    def _job_run(self, tx: Transaction, job: str, persons: tuple[PersonId, ...] = ()) -> EntryId:
        return self._ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, actor=job, persons=persons, job=job))

    def renew_root(self) -> None:
        """Keep what receipts promised: a root version under which something was erased is replaced, then destroyed.

        The sooner it is replaced the longer a backup of today stays good: it lives until its root version's end.
        """
        current = self._ring.current_version
        with self._database.reading() as tx:
            promised = erasures.of_root(tx, current)
        if promised:
            self.rotate_root("vault.renew_root", ActorKind.JOB)
        else:
            self.rewrap()
        self.destroy_due()

    def rotate_root(self, actor: str, actor_kind: ActorKind) -> int:
        """Make a new root version and bring every owner key under it; its number.

        The old one ends with the backup window, or sooner where a receipt promised so.
        """
        current = self._ring.current_version
        with self._database.reading() as tx:
            promised = erasures.of_root(tx, current)
        end = self._clock.now() + self._window
        version = self._ring.rotate(min(end, promised.gone_by) if promised else end)
        with self._database.transaction() as tx:
            entry = KeysRotated(actor_kind=actor_kind, actor=actor, keys="root", version=str(version))
            self._ledger.append(tx, entry)
        self.rewrap()
        return version

    def rewrap(self) -> int:
        """Bring every owner key under the current root version; how many were not. No document is touched."""
        current = self._ring.current_version
        with self._database.transaction() as tx:
            if not owner_keys.under_other_roots(tx, current, 1):
                return 0
            cause = self._job_run(tx, "vault.rewrap")
        return self._keys.rewrap_all(cause)

    def destroy_due(self) -> Sequence[int]:
        """Destroy the root versions whose end has come, unless an owner key is still under one; their numbers."""
        now = self._clock.now()
        due = [root.version for root in self._ring.versions() if root.destroy_at and root.destroy_at <= now]
        with self._database.reading() as tx:
            used = owner_keys.count_under(tx, due) if due else 0
        if used:
            log.error("root_version_still_used", owner_keys=used)
            return []
        destroyed = self._ring.destroy_due(now)
        for version in destroyed:
            with self._database.transaction() as tx:
                erasures.kept(tx, version)
        return destroyed
