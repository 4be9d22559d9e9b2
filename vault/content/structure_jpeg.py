"""JPEG markers: segments with lengths, coded data between them, an end; and what cameras put behind it."""

from __future__ import annotations

import re
from typing import Final

from vault.errors import BrokenPaper, TypeMismatch

_END: Final = 0xD9
_SCAN: Final = 0xDA
_RESTARTS: Final = range(0xD0, 0xD8)
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""In coded data FF 00 is a byte FF, FF D0-D7 a restart, FF FF a fill byte (ITU T.81 §B.1.1)."""
_TRAILER_BYTES: Final = 16
_PADDING: Final = b"\0\t\n\r "


class JpegWatch:
    """A JPEG from SOI to EOI, then padding or one of the trailers that telephones write."""

    def __init__(self) -> None:
        self._skip = 2  # SOI
        self._held = b""
        self._coded = False
        self._ended = False
        self._behind = bytearray()
        self._has_behind = False

    def feed(self, chunk: bytes) -> None:
        """See `structure.Watch.feed`."""
        data = self._held + chunk
        self._held = b""
        at = 0
        while at < len(data):
            if self._skip:
                skipped = min(self._skip, len(data) - at)
                self._skip -= skipped
                at += skipped
            elif self._ended:
                self._look_behind(data[at:])
                return
            else:
                step = self._scan(data, at) if self._coded else self._segment(data, at)
                if step is None:
                    return
                at = step

    def _scan(self, data: bytes, at: int) -> int | None:
        """Through coded data to the next marker; None when this chunk holds none."""
        found = _MARKER.search(data, at)
        if found is None:
            # A marker may be cut by the border between two chunks.
            self._held = data[-1:] if data.endswith(b"\xff") else b""
            return None
        self._coded = False
        return found.start()

    def _segment(self, data: bytes, at: int) -> int | None:
        """One marker and its length; None when they aren't whole in this chunk."""
        if data[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            raise BrokenPaper("no JPEG marker where one must be")
        head = data[at : at + 4]
        if len(head) > 1 and head[1] == 0xFF:  # noqa: PLR2004 - a fill byte
            return at + 1
        if len(head) > 1 and head[1] == _END:
            self._ended = True
            return at + 2
        if len(head) < 4:  # noqa: PLR2004 - marker and length
            self._held = bytes(head)
            return None
        length = int.from_bytes(head[2:], "big")
        if head[1] in (0x00, 0x01, 0xD8, *_RESTARTS) or length < 2:  # noqa: PLR2004 - a length counts itself
            raise BrokenPaper("a JPEG marker without a segment")
        self._coded = head[1] == _SCAN
        self._skip = length + 2
        return at

    def _look_behind(self, data: bytes) -> None:
        if not self._behind:
            data = data.lstrip(_PADDING)
        self._has_behind = self._has_behind or bool(data)
        self._behind += data[: _TRAILER_BYTES - len(self._behind)]

    def finish(self, tail: bytes) -> None:
        """See `structure.Watch.finish`."""
        if not self._ended:
            raise BrokenPaper("JPEG cut short")
        if self._has_behind and not _camera_trailer(bytes(self._behind), tail):
            raise TypeMismatch("foreign bytes behind the end of a JPEG")


def _camera_trailer(behind: bytes, tail: bytes) -> bool:
    """Further pictures (CIPA DC-007, gain maps), a motion photo's video, or Samsung's records with their end mark."""
    # Leading zeros went as padding, perhaps some of the film's first length too.
    film = b"ftyp" in behind[:8]
    return behind.startswith(b"\xff\xd8\xff") or film or tail.rstrip(_PADDING).endswith(b"SEFT")
