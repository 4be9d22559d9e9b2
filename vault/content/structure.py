"""Whether a file is whole and nothing but what its first bytes said, told while it streams by.

`recognition` sees the first bytes only; a JPEG with a ZIP archive behind it, or an upload that was cut, shows itself
at the end. Memory stays flat: each watch keeps a few bytes of state and the file's last pieces, 66 KB and a piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from vault.content.media_types import MediaType
from vault.content.structure_boxes import HeicWatch, PngWatch
from vault.content.structure_jpeg import JpegWatch
from vault.errors import BrokenPaper, TypeMismatch

_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
TAIL_BYTES: Final = 65_535 + _ZIP_END_BYTES
"""The end record of a ZIP archive stands at most a comment's length before the end (APPNOTE 4.3.16)."""
_PDF_END_BYTES: Final = 1024
"""Readers look for %%EOF in the last 1,024 bytes (ISO 32000-1, annex H, note 18)."""


class Watch(Protocol):
    """Follows one file."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes. Raises TypeMismatch or BrokenPaper as soon as they show it."""

    def finish(self, tail: bytes) -> None:
        """No more bytes come; `tail` holds the last TAIL_BYTES. Raises BrokenPaper or TypeMismatch."""


class PdfWatch:
    """A PDF: readers find their way from its end, so only the end mark is looked for."""

    def feed(self, chunk: bytes) -> None:
        """Nothing to see before the end."""

    def finish(self, tail: bytes) -> None:
        """See `Watch.finish`."""
        if b"%%EOF" not in tail.rstrip(b"\0\t\n\f\r ")[-_PDF_END_BYTES:]:
            raise BrokenPaper("PDF without its end mark")


def whole(chunks: Iterable[bytes], media_type: MediaType) -> Iterator[bytes]:
    """The same chunks; after the last one it is known that they were one whole file of that type.

    chunks: the file from its first byte, recognised as media_type.
    Raises BrokenPaper when it is cut short or put together wrongly, TypeMismatch when something else stands behind
    it. Whoever consumes the chunks must then throw away what they made of them.
    """
    watch = _watch(media_type)
    last, held = deque[bytes](), 0
    for chunk in chunks:
        watch.feed(chunk)
        last.append(chunk)
        held += len(chunk)
        while held - len(last[0]) >= TAIL_BYTES:
            held -= len(last.popleft())
        yield chunk
    tail = b"".join(last)[-TAIL_BYTES:]
    watch.finish(tail)
    _refuse_archive(tail)


def _watch(media_type: MediaType) -> Watch:
    watches: dict[MediaType, type[Watch]] = {
        MediaType.PDF: PdfWatch,
        MediaType.JPEG: JpegWatch,
        MediaType.PNG: PngWatch,
        MediaType.HEIC: HeicWatch,
    }
    return watches[media_type]()


def _refuse_archive(tail: bytes) -> None:
    """Refuse a believable end record of a ZIP archive: unpackers read from there and ignore what stands before."""
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        record = tail[at : at + _ZIP_END_BYTES]
        disks, here, total = record[4:8], record[8:10], record[10:12]
        if len(record) == _ZIP_END_BYTES and disks == bytes(4) and here == total:
            raise TypeMismatch("a ZIP archive at the end")
        at = tail.rfind(_ZIP_END, 0, at)
