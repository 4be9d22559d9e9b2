"""PNG chunks and ISO media boxes: both are lengths and types one after the other, to the last byte."""

from __future__ import annotations

import re
from typing import Final

from vault.errors import BrokenPaper, TypeMismatch

_PNG_SIGNATURE_BYTES: Final = 8
_PNG_MAX_CHUNK_BYTES: Final = 0x7FFF_FFFF
"""PNG (third edition) §5.3."""
_PNG_CRC_BYTES: Final = 4
_HEADER_BYTES: Final = 8
_LARGE_HEADER_BYTES: Final = 16
_PNG_TYPE: Final = re.compile(rb"[A-Za-z]{4}")
_BOX_TYPE: Final = re.compile(rb"[A-Za-z0-9 _-]{4}")
_PADDING: Final = b"\0\t\n\r "


class _Walk:
    """Skips what a header announced and gathers the next header across chunk borders."""

    __slots__ = ("header", "skip", "wanted")

    def __init__(self, skip: int) -> None:
        self.skip = skip
        self.header = b""
        self.wanted = _HEADER_BYTES

    def take(self, chunk: bytes, at: int) -> int:
        """Skip and gather from `at`; the place reached. The header is complete when it has `wanted` bytes."""
        at = self.step_over(chunk, at)
        if self.skip or at == len(chunk):
            return at
        part = chunk[at : at + self.wanted - len(self.header)]
        self.header += part
        return at + len(part)

    def step_over(self, chunk: bytes, at: int) -> int:
        """Skip only; the place reached."""
        skipped = min(self.skip, len(chunk) - at)
        self.skip -= skipped
        return at + skipped

    def complete(self) -> bool:
        """Whether a whole header is there."""
        return not self.skip and len(self.header) == self.wanted

    def go_on(self, skip: int) -> None:
        """Forget the header and skip so many bytes behind it."""
        self.skip, self.header, self.wanted = skip, b"", _HEADER_BYTES


class PngWatch:
    """A PNG: IHDR to IEND, then nothing but padding."""

    def __init__(self) -> None:
        self._walk = _Walk(_PNG_SIGNATURE_BYTES)
        self._ended = False

    def feed(self, chunk: bytes) -> None:
        """See `structure.Watch.feed`."""
        at = 0
        while at < len(chunk):
            if self._ended:
                if chunk[self._walk.step_over(chunk, at) :].strip(_PADDING):
                    raise TypeMismatch("bytes behind the end of a PNG")
                return
            at = self._walk.take(chunk, at)
            if self._walk.complete():
                self._read_header(self._walk.header)

    def _read_header(self, header: bytes) -> None:
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        if length > _PNG_MAX_CHUNK_BYTES or not _PNG_TYPE.fullmatch(kind):
            raise BrokenPaper("no PNG chunk where one must be")
        self._ended = kind == b"IEND"
        self._walk.go_on(length + _PNG_CRC_BYTES)

    def finish(self, tail: bytes) -> None:
        """See `structure.Watch.finish`."""
        if not self._ended or self._walk.skip:
            raise BrokenPaper("PNG cut short")


class HeicWatch:
    """A HEIC: file type and meta boxes, and boxes to the last byte (ISO/IEC 14496-12 §4.2)."""

    def __init__(self) -> None:
        self._walk = _Walk(0)
        self._kinds: set[bytes] = set()
        self._to_the_end = False

    def feed(self, chunk: bytes) -> None:
        """See `structure.Watch.feed`."""
        at = 0
        while at < len(chunk) and not self._to_the_end:
            at = self._walk.take(chunk, at)
            if self._walk.complete():
                self._read_header(self._walk.header)

    def _read_header(self, header: bytes) -> None:
        size, kind = int.from_bytes(header[:4], "big"), header[4:_HEADER_BYTES]
        if not _BOX_TYPE.fullmatch(kind):
            raise BrokenPaper("no box where one must be")
        if size == 1:
            if len(header) < _LARGE_HEADER_BYTES:
                self._walk.wanted = _LARGE_HEADER_BYTES
                return
            size = int.from_bytes(header[_HEADER_BYTES:], "big")
        if size and size < len(header):
            raise BrokenPaper("a box smaller than its header")
        self._kinds.add(kind)
        self._to_the_end = size == 0
        self._walk.go_on(size - len(header) if size else 0)

    def finish(self, tail: bytes) -> None:
        """See `structure.Watch.finish`."""
        if self._walk.skip or self._walk.header:
            raise BrokenPaper("HEIC cut short")
        if not {b"ftyp", b"meta"} <= self._kinds:
            raise BrokenPaper("HEIC without a meta box")
