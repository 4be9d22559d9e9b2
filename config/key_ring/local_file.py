"""The embedded key ring: root keys in a file of mode 0600, made at the first start, never over an existing one.

It protects what leaves the machine (the object store, a copy of the database), not against the machine's own root:
for that the ring belongs into an HSM or a key service. Unwraps are recorded in a file beside it: that finds bugs.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.clock import Clock
from config.database import assert_outside
from config.errors import ConfigurationError, KeyRingError
from config.identifiers import Randomness
from config.key_ring import RootVersion, WrappedKey, canonical
from config.key_ring.journal import Journal

NONCE = 12


class LocalFileKeyRing:
    """One ring: `<name>.json` with the roots, `<name>.unwraps-<day>.log` with what was opened.

    Several processes share the file: it is read again when it changed, replaced as a whole under a lock.
    """

    def __init__(self, path: Path, clock: Clock, randomness: Randomness) -> None:
        """path: the file, which exists. Raises `ConfigurationError` when it is readable by others or malformed."""
        self._path = path
        self._journal = Journal(path.parent, path.stem)
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._roots: dict[int, tuple[AESGCM, RootVersion]] = {}
        self._load()

    @classmethod
    def open_or_create(cls, directory: Path, name: str, clock: Clock, randomness: Randomness) -> Self:
        """The ring of that name, with a first root when the file isn't there yet."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = directory / f"{name}.json"
        if not path.exists():
            first = RootVersion(version=1, made_at=clock.now(), destroy_at=None)
            text = _text([(randomness.bytes(32), first)])
            made = directory / f".{name}.{randomness.bytes(8).hex()}"
            _write(made, text)
            try:
                os.link(made, path)  # fails when another process was first: its ring stands
            except FileExistsError:
                pass
            finally:
                made.unlink()
            _sync_folder(directory)
        return cls(path, clock, randomness)

    @property
    def current_version(self) -> int:
        """See `KeyRing.current_version`."""
        self._load()
        return max(self._roots)

    def wrap(self, key: bytes, context: Mapping[str, str]) -> WrappedKey:
        """See `KeyRing.wrap`: AES-256-GCM, the context as associated data, nonce first."""
        assert_outside("key ring")
        version = self.current_version
        nonce = self._randomness.bytes(NONCE)
        return WrappedKey(version, nonce + self._roots[version][0].encrypt(nonce, key, canonical(context)))

    def unwrap(self, wrapped: WrappedKey, context: Mapping[str, str], *, cause: str) -> bytes:
        """See `KeyRing.unwrap`."""
        assert_outside("key ring")
        self._load()
        root = self._roots.get(wrapped.version)
        if root is None:
            message = f"root version {wrapped.version} is not in this ring (any more)"
            raise KeyRingError(message)
        try:
            key = root[0].decrypt(wrapped.blob[:NONCE], wrapped.blob[NONCE:], canonical(context))
        except (InvalidTag, ValueError) as error:
            message = "the wrapped key does not open with this context"
            raise KeyRingError(message) from error
        self._journal.record(self._clock.now(), wrapped.version, context.get("owner", ""), cause)
        return key

    def rotate(self, destroy_old_at: datetime) -> int:
        """See `KeyRing.rotate`."""
        with self._changing() as roots:
            number = max(version.version for _, version in roots) + 1
            aged = [(key, v if v.destroy_at else replace(v, destroy_at=destroy_old_at)) for key, v in roots]
            made = RootVersion(version=number, made_at=self._clock.now(), destroy_at=None)
            roots[:] = [*aged, (self._randomness.bytes(32), made)]
        return number

    def destroy_due(self, now: datetime) -> Sequence[int]:
        """See `KeyRing.destroy_due`: the file is replaced; what the disk keeps of the old one is its own matter."""
        due = [v.version for v in self.versions() if v.destroy_at and v.destroy_at <= now]
        if due:
            with self._changing() as roots:
                roots[:] = [(key, v) for key, v in roots if v.version not in due]
        return due

    def versions(self) -> Sequence[RootVersion]:
        """See `KeyRing.versions`."""
        self._load()
        return [version for _, version in self._roots.values()]

    def unwraps(self, since: datetime) -> Mapping[str, int]:
        """See `KeyRing.unwraps`."""
        return self._journal.since(since)

    def _load(self) -> None:
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            message = f"The key ring {self._path} is gone. Put it back from your safe copy: without it nothing opens."
            raise ConfigurationError(message) from None
        seen = (status.st_mtime_ns, status.st_ino)
        if seen == self._seen:
            return
        if self._path.is_symlink() or status.st_mode & 0o077:
            message = f"The key ring {self._path} must be a plain file that only its owner reads: chmod 600 it."
            raise ConfigurationError(message)
        with self._lock:
            self._roots = {v.version: (AESGCM(key), v) for key, v in _parse(self._path)}
            self._seen = seen

    @contextmanager
    def _changing(self) -> Iterator[list[tuple[bytes, RootVersion]]]:
        with self._path.with_suffix(".lock").open("w") as lock:
            flock(lock, LOCK_EX)
            roots = list(_parse(self._path))
            yield roots
            made = self._path.with_name(f".{self._path.stem}.{self._randomness.bytes(8).hex()}")
            _write(made, _text(roots))
            made.replace(self._path)
            _sync_folder(self._path.parent)
        self._load()


def _text(roots: Sequence[tuple[bytes, RootVersion]]) -> str:
    def seconds(moment: datetime | None) -> int | None:
        return int(moment.timestamp()) if moment else None

    rows = [
        {
            "version": v.version,
            "key": base64.b64encode(key).decode(),
            "made_at": seconds(v.made_at),
            "destroy_at": seconds(v.destroy_at),
        }
        for key, v in roots
    ]
    return json.dumps({"format": 1, "roots": rows}, indent=1)


def _parse(path: Path) -> Iterator[tuple[bytes, RootVersion]]:
    try:
        for row in json.loads(path.read_text())["roots"]:
            end = row["destroy_at"]
            yield (
                base64.b64decode(row["key"], validate=True),
                RootVersion(
                    version=row["version"],
                    made_at=datetime.fromtimestamp(row["made_at"], UTC),
                    destroy_at=datetime.fromtimestamp(end, UTC) if end is not None else None,
                ),
            )
    except (ValueError, KeyError, TypeError) as error:
        message = f"The key ring {path} is damaged. Put it back from your safe copy."
        raise ConfigurationError(message) from error


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
