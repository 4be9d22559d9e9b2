"""Owner keys: made, opened for a minute, brought under a new root version, replaced, destroyed.

Erasing one paper replaces the owner key: a new one is made, what stays is rewrapped, the old one is destroyed. Each
step can be repeated; while both keys exist every row names the one that opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from config.key_ring import KeyRing, WrappedKey
from vault.encryption.owner_key import OWNER_KEY_BYTES, OpenOwnerKey
from vault.encryption.rewrapping import rewrap_some
from vault.errors import UnknownOwner
from vault.protocols import OwnerId
from vault.store import documents, owner_keys, renditions, versions
from vault.store.owner_keys import OwnerKeyRow

OPEN_SECONDS = 60
"""How long a node keeps an opened owner key."""
_KEPT = 10_000
_BATCH = 100
"""Keys rewrapped in one go under a new root."""


@dataclass(frozen=True, slots=True)
class NewOwnerKey:
    """An owner key, made and wrapped outside a transaction, ready to be added in one."""

    row: OwnerKeyRow = field(repr=False)


class OwnerKeys:
    """Makes, opens, rewraps, replaces and destroys owner keys."""

    def __init__(self, database: Database, key_ring: KeyRing, clock: Clock, randomness: Randomness) -> None:
        """key_ring: the one named `vault`."""
        self._database = database
        self._ring = key_ring
        self._clock = clock
        self._randomness = randomness
        self._open: dict[str, tuple[float, OpenOwnerKey]] = {}

    def make(self, owner: OwnerId, *, generation: int = 1) -> NewOwnerKey:
        """A key for a safe. Call it before the transaction that calls `add`."""
        wrapped = self._ring.wrap(self._randomness.bytes(OWNER_KEY_BYTES), _context(owner))
        return NewOwnerKey(
            OwnerKeyRow(
                id=new_id(self._randomness),
                owner=owner,
                generation=generation,
                root_version=wrapped.version,
                wrapped=wrapped.encode(),
                made_at=self._clock.now(),
            )
        )

    def add(self, tx: Transaction, new: NewOwnerKey) -> None:
        """Keep a made key."""
        owner_keys.add(tx, new.row)

    def opened(self, owner: OwnerId, cause: str) -> OpenOwnerKey:
        """The key that wraps what is new. cause: id of the ledger entry that tells of it.

        Raises `UnknownOwner` when the safe has no key (any more), `KeyRingError`.
        """
        with self._database.reading() as tx:
            rows = owner_keys.of_owner(tx, owner)
        if not rows:
            raise UnknownOwner
        return self.open(rows[0], cause)

    def kept(self, key: str) -> OpenOwnerKey | None:
        """That key if this node opened it within the last minute: then no unwrap needs a cause."""
        now = self._clock.monotonic()
        for stale in [known for known, (end, _) in list(self._open.items()) if end <= now]:
            self._open.pop(stale, None)
        found = self._open.get(key)
        return found[1] if found else None

    def open(self, row: OwnerKeyRow, cause: str) -> OpenOwnerKey:
        """Open the key of a row that the caller has read; no query. Raises `KeyRingError`."""
        found = self.kept(row.id)
        if found is not None:
            return found
        raw = self._ring.unwrap(WrappedKey.decode(row.wrapped), _context(row.owner), cause=cause)
        opened = OpenOwnerKey(row.id, row.owner, raw, self._randomness)
        if len(self._open) >= _KEPT:
            self._open.clear()
        self._open[row.id] = (self._clock.monotonic() + OPEN_SECONDS, opened)
        return opened

    def open_all(self, rows: Iterable[OwnerKeyRow], cause: str) -> dict[str, OpenOwnerKey]:
        """The opened keys of these rows by their ids."""
        return {row.id: self.open(row, cause) for row in rows}

    def replace(self, owner: OwnerId, cause: str) -> str | None:
        """Make a new owner key and rewrap what stays; the id of the old one, for `destroy_replaced`.

        None when the safe is gone. Begun and not ended, it goes on where it stopped: the keys there are two then.
        """
        with self._database.reading() as tx:
            rows = owner_keys.of_owner(tx, owner)
        if not rows:
            return None
        if len(rows) == 1:
            made = self.make(owner, generation=rows[0].generation + 1)
            with self._database.transaction() as tx:
                if [row.id for row in owner_keys.of_owner(tx, owner)] == [rows[0].id]:
                    owner_keys.add(tx, made.row)
            return self.replace(owner, cause)
        new, old = self.open(rows[0], cause), self.open(rows[-1], cause)
        while rewrap_some(self._database, old, new):
            pass
        return old.id

    def destroy_replaced(self, tx: Transaction, key: str) -> bool:
        """Destroy a replaced key; False, and it stays, when a row came under it in the meantime."""
        owner_keys.lock(tx, key)
        if renditions.under_key(tx, key, 1) or documents.under_key(tx, key, 1) or versions.under_key(tx, key, 1):
            return False
        owner_keys.destroy(tx, key)
        self._open.pop(key, None)
        return True

    def destroy(self, tx: Transaction, owner: OwnerId) -> int:
        """Destroy every key of a safe: nothing of it opens here any more. The highest root version they were under."""
        rows = owner_keys.of_owner(tx, owner)
        owner_keys.destroy_all(tx, owner)
        for row in rows:
            self._open.pop(row.id, None)
        return max((row.root_version for row in rows), default=0)

    def rewrap_all(self, cause: str) -> int:
        """Bring every owner key under the ring's current root version; how many changed. Can be repeated."""
        changed = 0
        while True:
            current = self._ring.current_version
            with self._database.reading() as tx:
                rows = owner_keys.under_other_roots(tx, current, _BATCH)
            if not rows:
                return changed
            for row in rows:
                context = _context(row.owner)
                key = self._ring.unwrap(WrappedKey.decode(row.wrapped), context, cause=cause)
                again = self._ring.wrap(key, context)
                with self._database.transaction() as tx:
                    changed += owner_keys.replace_wrapped(tx, row, again.version, again.encode())


def _context(owner: str) -> dict[str, str]:
    return {"owner": owner, "key": "owner"}
