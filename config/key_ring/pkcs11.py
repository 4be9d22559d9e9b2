"""The key ring of an HSM: the roots are AES keys made in a PKCS#11 token, and none ever leaves it.

Wrapping and unwrapping happen in the token (CKM_AES_GCM, the context as associated data): whoever holds database, store
and machine opens keys only while they hold the token too. What is known of a root stands in the token as well, for each
node to see: CKA_LABEL names the ring, CKA_ID reads `<version> <made at> <when the one before it ends, or ->`, times in
seconds since 1970. A root in the making has a `+` behind that and is nobody's yet (docs/decisions/1801).

Unwraps are recorded beside the ring as the local one's are: PKCS#11 knows no cause, the HSM's own log tells the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, Self

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error, SecretKey, Session
from pkcs11.mechanisms import GCMParams

from config.clock import Clock
from config.database import assert_outside
from config.errors import ConfigurationError, KeyRingError
from config.identifiers import Randomness
from config.key_ring import RootVersion, WrappedKey, canonical
from config.key_ring.journal import Journal
from config.key_ring.token import LOST, Token

LABEL = "citizen-account "
NONCE = 12
TAG = 16
MAKING = timedelta(minutes=10)
"""A root longer in the making than this was left there by a node that died."""
KEPT_INSIDE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: True,
    Attribute.ENCRYPT: True,
    Attribute.DECRYPT: True,
    **dict.fromkeys((Attribute.WRAP, Attribute.UNWRAP, Attribute.SIGN, Attribute.VERIFY, Attribute.DERIVE), False),
}
_ID = re.compile(rb"([1-9][0-9]{0,9}) ([0-9]{1,11}) (-|[0-9]{1,11})(\+?)")


@dataclass(frozen=True, slots=True)
class _Root:
    key: Any
    """A `SecretKey`; its library gives it encrypt and decrypt when it meets it, which no type says."""
    version: int
    made_at: int
    older_ends_at: int | None
    in_the_making: bool


class Pkcs11KeyRing:
    """One ring of a token; every call looks at what the token holds then."""

    def __init__(self, token: Token, directory: Path, name: str, clock: Clock, randomness: Randomness) -> None:
        """directory: of journal and lock. The ring has a root."""
        self._token = token
        self._label = LABEL + name
        self._lock = directory / f"{name}.lock"
        self._journal = Journal(directory, name)
        self._clock = clock
        self._randomness = randomness

    @classmethod
    def open_or_create(cls, token: Token, directory: Path, name: str, clock: Clock, randomness: Randomness) -> Self:
        """The ring of that name, with a first root when the token holds none.

        Raises `ConfigurationError` where a local ring of that name is in use: its keys would not open any more.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        ring = cls(token, directory, name, clock, randomness)
        with ring._alone():
            if not token.call(ring._roots):
                if (directory / f"{name}.json").exists():
                    message = (
                        f"{directory} holds the local key ring {name}, and the token none: what the one wrapped, the "
                        "other can't open. Set key_ring.kind back to `file`, or begin with an empty installation."
                    )
                    raise ConfigurationError(message)
                token.call(lambda session: ring._add(session, None))
        return ring

    @property
    def current_version(self) -> int:
        """See `KeyRing.current_version`."""
        return self._token.call(lambda session: self._current(session).version)

    def wrap(self, key: bytes, context: Mapping[str, str]) -> WrappedKey:
        """See `KeyRing.wrap`: AES-256-GCM in the token, the context as associated data, nonce first."""
        assert_outside("key ring")
        nonce = self._randomness.bytes(NONCE)

        def work(session: Session) -> WrappedKey:
            root = self._current(session)
            return WrappedKey(root.version, nonce + bytes(root.key.encrypt(key, **_gcm(nonce, context))))

        return self._token.call(work)

    def unwrap(self, wrapped: WrappedKey, context: Mapping[str, str], *, cause: str) -> bytes:
        """See `KeyRing.unwrap`."""
        assert_outside("key ring")
        nonce, sealed = wrapped.blob[:NONCE], wrapped.blob[NONCE:]
        not_opened = KeyRingError("the wrapped key does not open with this context")
        if len(sealed) < TAG:
            raise not_opened

        def work(session: Session) -> bytes:
            root = next((root for root in self._roots(session) if root.version == wrapped.version), None)
            if root is None:
                message = f"root version {wrapped.version} is not in this ring (any more)"
                raise KeyRingError(message)
            try:
                return bytes(root.key.decrypt(sealed, **_gcm(nonce, context)))
            except LOST:
                raise
            except PKCS11Error as error:  # tokens don't agree on how they call a wrong tag
                raise not_opened from error

        key = self._token.call(work)
        self._journal.record(self._clock.now(), wrapped.version, context.get("owner", ""), cause)
        return key

    def rotate(self, destroy_old_at: datetime) -> int:
        """See `KeyRing.rotate`."""
        with self._alone():
            return self._token.call(lambda session: self._add(session, destroy_old_at))

    def destroy_due(self, now: datetime) -> Sequence[int]:
        """See `KeyRing.destroy_due`: C_DestroyObject; copies of the HSM are its operator's to destroy."""
        due = [v.version for v in self.versions() if v.destroy_at and v.destroy_at <= now]

        def work(session: Session) -> None:
            for root in self._roots(session):
                if root.version in due:
                    root.key.destroy()

        if due:
            self._token.call(work)
        return due

    def versions(self) -> Sequence[RootVersion]:
        """See `KeyRing.versions`. A version ends when the one after it said so."""
        roots = self._token.call(self._roots)
        return [
            RootVersion(version=root.version, made_at=_time(root.made_at), destroy_at=_time(after) if after else None)
            for root, after in zip(roots, [*(root.older_ends_at for root in roots[1:]), None], strict=True)
        ]

    def unwraps(self, since: datetime) -> Mapping[str, int]:
        """See `KeyRing.unwraps`."""
        return self._journal.since(since)

    def _current(self, session: Session) -> _Root:
        roots = self._roots(session)
        if not roots:
            message = f"the token holds no root of {self._label} any more: restore it from the HSM's backup"
            raise KeyRingError(message)
        return roots[-1]

    def _roots(self, session: Session) -> list[_Root]:
        """The roots that wrap or open, the current one last."""
        return sorted((r for r in self._objects(session) if not r.in_the_making), key=lambda root: root.version)

    def _objects(self, session: Session) -> list[_Root]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label}
        return [_parse(key) for key in list(session.get_objects(wanted)) if isinstance(key, SecretKey)]

    def _add(self, session: Session, older_end_at: datetime | None) -> int:
        """Make a root and let it wrap; refused while another node does so.

        Both write before they look, so of two at the same moment at most one goes on.
        """
        now = int(self._clock.now().timestamp())
        before = self._roots(session)
        number = before[-1].version + 1 if before else 1
        made = f"{number} {now} {int(older_end_at.timestamp()) if older_end_at else '-'}".encode()
        key = session.generate_key(
            KeyType.AES, 256, id=made + b"+", label=self._label, store=True, template=KEPT_INSIDE
        )
        others = []
        for root in self._objects(session):
            if root.in_the_making and root.made_at < now - MAKING.total_seconds():
                root.key.destroy()
            elif root.in_the_making or root.version >= number:
                others.append(root)
        if len(others) > 1:  # more than ours
            key.destroy()
            message = f"another node makes a root of {self._label} at this moment: try again"
            raise KeyRingError(message)
        key[Attribute.ID] = made
        return number

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Alone on this machine."""
        with self._lock.open("w") as lock:
            flock(lock, LOCK_EX)
            yield


def names(token: Token) -> list[str]:
    """The rings that have a root in this token."""
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY}
    labels = token.call(lambda session: {str(key[Attribute.LABEL]) for key in list(session.get_objects(wanted))})
    return sorted(label.removeprefix(LABEL) for label in labels if label.startswith(LABEL))


def _gcm(nonce: bytes, context: Mapping[str, str]) -> dict[str, object]:
    return {
        "mechanism": Mechanism.AES_GCM,
        "mechanism_param": GCMParams(nonce, canonical(context), TAG * 8),
    }


def _parse(key: SecretKey) -> _Root:
    match = _ID.fullmatch(key.id)
    if match is None:
        message = "the token holds a key under the ring's label that is not the ring's: give it another label"
        raise KeyRingError(message)
    version, made_at, older, making = match.groups()
    return _Root(key, int(version), int(made_at), None if older == b"-" else int(older), bool(making))


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
