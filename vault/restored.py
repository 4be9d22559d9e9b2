"""After a restore: papers erased after the backup are erased again; objects that the backup does not know are told.

An object without a row is a paper deposited after the backup: its key is lost with its row, unless a newer copy of
the database turns up. So a listing only reports; nothing goes until an operator says so, and then after the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from audit.entries import ActorKind
from audit.restores import JOB
from config.clock import Clock
from config.database import Database, Transaction
from vault.documents import Actor, Erasing
from vault.encryption.objects import EncryptedObjects
from vault.protocols import OwnerId
from vault.store import documents, erasures, intents, owner_keys, owners, renditions

BATCH = 500


class Restored:
    """Ends again what had ended, finds what nothing names; every method can be repeated."""

    def __init__(
        self,
        *,
        database: Database,
        objects: EncryptedObjects,
        erasing: Erasing,
        clock: Clock,
        backup_window: timedelta,
    ) -> None:
        """backup_window: how long a backup lives; the promises of erasures end with it."""
        self._database = database
        self._objects = objects
        self._erasing = erasing
        self._clock = clock
        self._window = backup_window

    def erase_again(self, document: str, erased_at: datetime) -> bool:
        """Erase a paper that was erased at that time, under the promise made then; False when it is not here."""
        with self._database.transaction() as tx:
            owner = documents.owner_of(tx, document)
            if owner is None:
                return False
            self.promise_again(tx, OwnerId(owner), erased_at)
            self._erasing.document(tx, OwnerId(owner), document, Actor(actor=JOB, actor_kind=ActorKind.JOB))
            return True

    def promise_again(self, tx: Transaction, owner: OwnerId, erased_at: datetime) -> None:
        """The roots of this safe must be gone by the date that a receipt of that time named."""
        for key in owner_keys.of_owner(tx, owner):
            erasures.promise(tx, key.root_version, erased_at + self._window)

    def has_agreed(self, owner: str) -> bool:
        """Whether the safe is here and its person's agreement stands."""
        with self._database.reading() as tx:
            safe = owners.get(tx, owner)
        return safe is not None and safe.agreed is True

    def uploads_cut_off(self) -> int:
        """How many uploads of the backup had not ended in it: their objects may be papers by now."""
        with self._database.reading() as tx:
            return intents.count_before(tx, self._clock.now())

    def unknown_objects(self) -> Iterator[str]:
        """The names of the objects that no row names, in order."""
        for names in self._listed():
            with self._database.reading() as tx:
                unknown = self._unknown(tx, names)
            yield from unknown

    def discard_unknown(self) -> int:
        """Let these objects go when the backup window ends; how many. Only at an operator's word."""
        gone_by, discarded = self._clock.now() + self._window, 0
        for names in self._listed():
            with self._database.transaction() as tx:
                unknown = self._unknown(tx, names)
                intents.discard(tx, unknown, gone_by)
            discarded += len(unknown)
        return discarded

    def _listed(self) -> Iterator[list[str]]:
        # The names are read before the rows: whoever writes an object has its intent committed before the first byte.
        names = self._objects.names()
        while batch := list(islice(names, BATCH)):
            yield batch

    @staticmethod
    def _unknown(tx: Transaction, names: Sequence[str]) -> list[str]:
        known = renditions.named(tx, names) | intents.named(tx, names)
        return [name for name in names if name not in known]
