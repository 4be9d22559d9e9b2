"""Secret keys: MACs (client secrets, refresh token successors, DPoP nonces) and seals (secrets of HMAC clients).

One 256-bit key, wrapped by the ring "provider", from which a key for each purpose is derived. A new one may be added;
the old ones stay, because what they made names them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database
from config.errors import ConfigurationError, KeyRingError
from config.identifiers import Randomness, new_id
from config.key_ring import KeyRing
from oidc.keys.kept import Kept
from oidc.keys.opening import Opening, wrap
from oidc.store import secret_keys

_KIND = "secret"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class _Opened:
    keys: Mapping[str, bytes] = field(repr=False)
    current: str


class SecretKeys:
    """The provider's MAC and sealing keys, opened once a process."""

    def __init__(
        self, *, database: Database, key_ring: KeyRing, ledger: Ledger, clock: Clock, randomness: Randomness
    ) -> None:
        """key_ring: the ring "provider"."""
        self._database = database
        self._key_ring = key_ring
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self._kept = Kept(self._load, clock)
        self._derived: dict[tuple[str, str], bytes] = {}
        """By id and purpose. A key never changes, and none is ever removed."""

    def ensure(self) -> None:
        """Make the first key where there is none: at set-up. Two processes at once make one."""
        row = self._new()
        with self._database.transaction() as tx:
            if not secret_keys.every(tx):
                secret_keys.add(tx, row)

    def rotate(self) -> str:
        """Make a new key for what is made from now on; its id. What the old ones made stays good."""
        row = self._new()
        with self._database.transaction() as tx:
            secret_keys.add(tx, row)
        self._kept.forget()
        return row.id

    def rewrap_all(self) -> int:
        """Wrap every key under the ring's current root version; how many were changed. Repeatable."""
        opening = Opening(self._database, self._key_ring, self._ledger)
        with self._database.reading() as tx:
            rows = secret_keys.every(tx)
        changed = 0
        for row in rows:
            again = wrap(self._key_ring, opening.open(row.wrapped, kind=_KIND, key=row.id), kind=_KIND, key=row.id)
            with self._database.transaction() as tx:
                changed += secret_keys.rewrap(tx, row.id, row.wrapped, again)
        return changed

    @property
    def current(self) -> str:
        """The id of the key that makes new MACs and seals."""
        return self._kept.get().current

    def mac(self, purpose: str, data: bytes, *, key: str | None = None) -> bytes:
        """HMAC-SHA-256 under the purpose's key. key: an id from `current`; None for the current one."""
        return hmac.digest(self._key(purpose, key), data, "sha256")

    def seal(self, purpose: str, data: bytes, bound_to: str) -> bytes:
        """Encrypt under the purpose's current key (AES-256-GCM, nonce first), bound to a name."""
        nonce = self._randomness.bytes(_NONCE)
        return nonce + AESGCM(self._key(purpose, None)).encrypt(nonce, data, bound_to.encode())

    def unseal(self, purpose: str, sealed: bytes, bound_to: str, *, key: str) -> bytes:
        """The reverse. Raises `KeyRingError` when it was made by another key, for another name, or changed."""
        try:
            return AESGCM(self._key(purpose, key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
        except (InvalidTag, ValueError) as error:
            message = "a sealed value does not open"
            raise KeyRingError(message) from error

    def _key(self, purpose: str, key: str | None) -> bytes:
        opened = self._kept.get()
        named = key or opened.current
        derived = self._derived.get((named, purpose))
        if derived is None:
            try:
                root = opened.keys[named]
            except KeyError as error:
                message = f"secret key {named} is missing"
                raise KeyRingError(message) from error
            derived = hmac.digest(root, f"citizen-account/oidc/{purpose}".encode(), "sha256")
            self._derived[named, purpose] = derived
        return derived

    def _load(self, before: _Opened | None) -> _Opened:
        with self._database.reading() as tx:
            rows = secret_keys.every(tx)
        if not rows:
            message = "The provider has no secret key. Run `citizen-account migrate` to make one."
            raise ConfigurationError(message)
        opening = Opening(self._database, self._key_ring, self._ledger)
        held = before.keys if before else {}
        keys = {row.id: held.get(row.id) or opening.open(row.wrapped, kind=_KIND, key=row.id) for row in rows}
        return _Opened(MappingProxyType(keys), rows[-1].id)

    def _new(self) -> secret_keys.SecretKeyRow:
        made = new_id(self._randomness)
        wrapped = wrap(self._key_ring, self._randomness.bytes(32), kind=_KIND, key=made)
        return secret_keys.SecretKeyRow(id=made, wrapped=wrapped, made_at=self._clock.now())
