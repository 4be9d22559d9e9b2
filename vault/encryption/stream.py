"""Format 1: Tink's "AES-GCM-HKDF streaming" wire format; pure, bytes in and bytes out.

A stream is a 40-byte header (its own length in one byte, a 32-byte salt, a 7-byte nonce prefix) and segments of
65,536 bytes of ciphertext; the header counts into the first. The segments' key is HKDF-SHA-256 of the data key with the
salt and, as info, the associated data. Segment i is AES-256-GCM under nonce prefix, i (4 bytes, big-endian) and one
byte that is 1 for the last, so that nothing can be cut, moved, doubled or flipped. PyPI `tink` reads and writes it too
(https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT: Final = 1
KEY_BYTES: Final = 32
SEGMENT_BYTES: Final = 65_536
"""Of ciphertext, tag included; the last one is shorter."""
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
PREFIX_BYTES: Final = 7
HEADER_BYTES: Final = 1 + SALT_BYTES + PREFIX_BYTES
FIRST_BYTES: Final = SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES
"""Plaintext in the first segment."""
OTHER_BYTES: Final = SEGMENT_BYTES - TAG_BYTES
"""Plaintext in every other full segment."""
MAX_SEGMENTS: Final = 2**32


class DamagedStream(Exception):
    """The ciphertext is not what was written; nothing of the bad segment was given out."""


def new_header(random_bytes: bytes) -> bytes:
    """A header from 39 fresh random bytes; never use one twice with the same data key."""
    if len(random_bytes) != HEADER_BYTES - 1:
        message = f"{HEADER_BYTES - 1} random bytes make a header"
        raise ValueError(message)
    return bytes([HEADER_BYTES]) + random_bytes


def segment_count(length: int) -> int:
    """How many segments `length` bytes of plaintext make; an empty stream has one."""
    return 1 if length <= FIRST_BYTES else 1 + -(-(length - FIRST_BYTES) // OTHER_BYTES)


def ciphertext_length(length: int) -> int:
    """How long the stream of `length` bytes of plaintext is, header included."""
    return HEADER_BYTES + length + TAG_BYTES * segment_count(length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The segments that a range of plaintext lies in, and where in the stream to find them."""

    first_segment: int
    last_segment: int
    first_byte: int
    """Of the stream, included."""
    last_byte: int
    """Of the stream, included."""
    skip: int
    """Plaintext before the range in the first of these segments."""
    take: int
    """Plaintext in the range."""


def touched(length: int, first: int, last: int) -> Touched:
    """The segments that hold plaintext `first` to `last` (both included) of a stream of `length` bytes.

    An empty stream is (0, 0, -1). Raises ValueError for a range that is not inside.
    """
    if not (0 <= first <= last < length or (length, first, last) == (0, 0, -1)):
        message = "range outside the plaintext"
        raise ValueError(message)
    begin, end = _segment_of(first), _segment_of(max(last, first))
    start = 0 if begin == 0 else FIRST_BYTES + (begin - 1) * OTHER_BYTES
    return Touched(
        first_segment=begin,
        last_segment=end,
        first_byte=begin * SEGMENT_BYTES,
        last_byte=min((end + 1) * SEGMENT_BYTES, ciphertext_length(length)) - 1,
        skip=first - start,
        take=last - first + 1,
    )


def _segment_of(offset: int) -> int:
    return 0 if offset < FIRST_BYTES else 1 + (offset - FIRST_BYTES) // OTHER_BYTES


class _Segments:
    """One stream's cipher: the key is derived once."""

    __slots__ = ("_aead", "_prefix")

    def __init__(self, aead: AESGCM, prefix: bytes) -> None:
        self._aead = aead
        self._prefix = prefix

    @classmethod
    def derive(cls, key: bytes, associated_data: bytes, header: bytes) -> Self:
        if len(key) != KEY_BYTES:
            message = "a data key has 32 bytes"
            raise ValueError(message)
        if len(header) != HEADER_BYTES or header[0] != HEADER_BYTES:
            message = "no header of this format"
            raise DamagedStream(message)
        salt, prefix = header[1 : 1 + SALT_BYTES], header[1 + SALT_BYTES :]
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=associated_data).derive(key)
        return cls(AESGCM(derived), prefix)

    def _nonce(self, index: int, *, last: bool) -> bytes:
        if index >= MAX_SEGMENTS:
            message = "too many segments"
            raise ValueError(message)
        return self._prefix + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")

    def seal(self, index: int, plaintext: bytes | memoryview, *, last: bool) -> bytes:
        return self._aead.encrypt(self._nonce(index, last=last), plaintext, None)

    def open(self, index: int, ciphertext: bytes | memoryview, *, last: bool) -> bytes:
        try:
            return self._aead.decrypt(self._nonce(index, last=last), ciphertext, None)
        except InvalidTag as error:
            message = f"segment {index}"
            raise DamagedStream(message) from error


def encrypt(key: bytes, associated_data: bytes, header: bytes, plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """The stream, segment by segment; the first piece begins with the header.

    key: 32 bytes, used for this stream only. header: of `new_header`. plaintext: pieces of any size.
    """
    segments = _Segments.derive(key, associated_data, header)
    held = bytearray()
    index, size, lead = 0, FIRST_BYTES, header
    for piece in plaintext:
        held += piece
        # One byte more than full: what is full may still be the last segment.
        while len(held) > size:
            with memoryview(held) as view, view[:size] as full:
                sealed = segments.seal(index, full, last=False)
            del held[:size]
            yield lead + sealed if lead else sealed
            index, size, lead = index + 1, OTHER_BYTES, b""
    yield lead + segments.seal(index, bytes(held), last=True)


def decrypt(key: bytes, associated_data: bytes, ciphertext: Iterable[bytes]) -> Iterator[bytes]:
    """The plaintext of a whole stream whose length nobody told; each piece is authenticated before it is given.

    Raises `DamagedStream`; what came before the bad segment was good, that the end is missing shows only then.
    """
    held = bytearray()
    segments: _Segments | None = None
    index = 0
    for piece in ciphertext:
        held += piece
        if segments is None and len(held) >= HEADER_BYTES:
            segments = _Segments.derive(key, associated_data, bytes(held[:HEADER_BYTES]))
            del held[:HEADER_BYTES]
        while segments and len(held) > (size := _sealed_bytes(index)):
            yield segments.open(index, bytes(held[:size]), last=False)
            del held[:size]
            index += 1
    if segments is None:
        message = "shorter than a header"
        raise DamagedStream(message)
    yield segments.open(index, bytes(held), last=True)


def decrypt_range(
    key: bytes,
    associated_data: bytes,
    header: bytes,
    *,
    length: int,
    wanted: Touched,
    ciphertext: Iterable[bytes],
) -> Iterator[bytes]:
    """A range of plaintext out of exactly the segments that `touched` named; one piece of it for each of ciphertext.

    header, length: authenticated beforehand (the wrapped data key does), so that the end of the stream is known.
    ciphertext: bytes `wanted.first_byte` to `wanted.last_byte` of the stream, in pieces of any size; pieces of whole
    segments spare copies.
    Raises `DamagedStream`, also when there are more or fewer bytes than that; nothing of that piece was given then.
    """
    segments = _Segments.derive(key, associated_data, header)
    end = segment_count(length) - 1
    skip, left = wanted.skip, wanted.take
    index = wanted.first_segment
    for run in _cut(ciphertext, wanted, ciphertext_length(length)):
        opened = []
        for sealed in run:
            if index == 0 and sealed[:HEADER_BYTES] != header:
                message = "another header"
                raise DamagedStream(message)
            body = sealed[HEADER_BYTES:] if index == 0 else sealed
            opened.append(segments.open(index, body, last=index == end))
            index += 1
        part = opened[0] if len(opened) == 1 else b"".join(opened)
        if skip or left < len(part):
            part = part[skip : skip + left]
        skip, left = 0, left - len(part)
        if part:
            yield part


def _cut(ciphertext: Iterable[bytes], wanted: Touched, total: int) -> Iterator[list[memoryview]]:
    """The whole segments that end in each piece; views of it where they lie whole in it."""
    index, held = wanted.first_segment, b""
    for piece in ciphertext:
        data = held + piece if held else piece
        at = 0
        view = memoryview(data)
        run = []
        while index <= wanted.last_segment:
            size = min((index + 1) * SEGMENT_BYTES, total) - index * SEGMENT_BYTES
            if len(data) - at < size:
                break
            run.append(view[at : at + size])
            at, index = at + size, index + 1
        held = data[at:]
        if run:
            yield run
    if held or index <= wanted.last_segment:
        message = "more or fewer bytes than there should be"
        raise DamagedStream(message)


def _sealed_bytes(index: int) -> int:
    return SEGMENT_BYTES - HEADER_BYTES if index == 0 else SEGMENT_BYTES
