"""Encrypted objects in the store: written segment by segment, read by range, always through format 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from config.clock import Clock
from config.identifiers import Randomness, new_id
from config.object_reads import Asked
from config.object_store import ObjectStore
from vault.encryption import stream
from vault.encryption.owner_key import OpenOwnerKey, Paper, Written
from vault.encryption.rewrapping import paper_of, written_of
from vault.store.renditions import RenditionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that lies in the store, before its data key is wrapped."""

    object_name: str
    paper: Paper
    written: Written
    data_key: bytes = field(repr=False)

    def row(self, key: OpenOwnerKey, media_type: str, clock: Clock) -> RenditionRow:
        """The row that opens it, its data key wrapped by that owner key."""
        return RenditionRow(
            version=self.paper.version,
            rendition=self.paper.rendition,
            document=self.paper.document,
            owner=key.owner,
            owner_key=key.id,
            data_key=key.wrap(self.data_key, self.paper, self.written),
            format=self.written.format,
            header=self.written.header,
            length=self.written.length,
            ciphertext_sha256=self.written.ciphertext_sha256,
            media_type=media_type,
            object_name=self.object_name,
            made_at=clock.now(),
        )


class EncryptedObjects:
    """Writes and reads papers as the store sees them."""

    def __init__(self, object_store: ObjectStore, clock: Clock, randomness: Randomness) -> None:
        """object_store: the bucket of the papers."""
        self._store = object_store
        self._clock = clock
        self._randomness = randomness

    def new_name(self) -> str:
        """A name for an object: `papers/<yyyy>/<mm>/<random>`."""
        return f"papers/{self._clock.now():%Y/%m}/{new_id(self._randomness)}"

    def write(self, object_name: str, paper: Paper, plaintext: Iterable[bytes]) -> Stored:
        """Encrypt while it arrives, with flat memory; up to 8 MiB one request, above it parts.

        An exception out of `plaintext` leaves no object. Raises `ObjectStoreError`: then it is unknown whether one is
        there, and the sweep of intents finds out.
        """
        data_key = self._randomness.bytes(stream.KEY_BYTES)
        header = stream.new_header(self._randomness.bytes(stream.HEADER_BYTES - 1))
        length = _Length(plaintext)
        segments = stream.encrypt(data_key, paper.associated_data, header, length)
        digest = self._store.put_parts(object_name, segments)
        written = Written(format=stream.FORMAT, header=header, length=length.bytes, ciphertext_sha256=digest)
        return Stored(object_name=object_name, paper=paper, written=written, data_key=data_key)

    def ask(self, row: RenditionRow, first: int, last: int) -> Asked:
        """Ask the store for what `read` will need, without waiting for it."""
        wanted = stream.touched(row.length, first, last)
        return self._store.ask(row.object_name, wanted.first_byte, wanted.last_byte)

    def read(
        self,
        row: RenditionRow,
        key: OpenOwnerKey,
        first: int = 0,
        last: int | None = None,
        *,
        asked: Asked | None = None,
    ) -> Iterator[bytes]:
        """Plaintext `first` to `last` (both included; None: to the end) in one request for the segments it touches.

        asked: for the same range, ahead.
        The first piece is opened here, so that what is wrong is known before anything is promised. Raises
        `DoesNotOpen`, `DamagedStream`, `ObjectMissing`, `ObjectStoreError`; the second and the last also later on.
        """
        paper, written = paper_of(row), written_of(row)
        data_key = key.unwrap(row.data_key, paper, written)
        wanted = stream.touched(row.length, first, row.length - 1 if last is None else last)
        if asked is not None:
            sealed = asked.pieces()
        else:
            sealed = self._store.read(row.object_name, wanted.first_byte, wanted.last_byte)
        opened = stream.decrypt_range(
            data_key, paper.associated_data, row.header, length=row.length, wanted=wanted, ciphertext=sealed
        )
        return chain([next(opened, b"")], opened)

    def names(self) -> Iterator[str]:
        """The name of every object in the store, in order."""
        return self._store.list("papers/")

    def delete(self, object_name: str) -> None:
        """Remove an object and what an interrupted upload left of it. Raises `ObjectStoreError`."""
        self._store.abort_uploads(object_name)
        self._store.delete(object_name)


class _Length:
    """Counts what passes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes += len(chunk)
            yield chunk
