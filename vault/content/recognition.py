"""Which kind of file the first bytes are: two sniffers, the file's name and the declared type must agree.

One sniffer alone is fooled (THREATS: a JPEG with a ZIP behind it, a PDF after 900 bytes of HTML): puremagic's table
and our own stricter look, which wants the magic at byte 0 and the structure that must follow it. What stands behind
the first bytes is `structure`'s business, while the file streams by.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

import puremagic

from vault.content.media_types import DECLARED, EXTENSIONS, SAYS_NOTHING, MediaType
from vault.errors import BrokenPaper, EmptyUpload, TypeMismatch, UnknownMediaType

__all__ = ["HEAD_BYTES", "MediaType", "recognise"]

HEAD_BYTES: Final = 4096
"""How many first bytes `recognise` wants to see; a shorter file gives what it has."""

_JPEG_FIRST_MARKERS: Final = frozenset({*range(0xE0, 0xF0), 0xDB, 0xC4, 0xC0, 0xC1, 0xC2, 0xDD, 0xFE})
"""APPn, DQT, DHT, SOF0-2, DRI, COM: what may follow SOI (ITU T.81 §B.2); never a bare or a reserved marker."""
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PDF_HEADER: Final = re.compile(rb"%PDF-[12]\.[0-9][\s%]")
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_CONTAINER_BRANDS: Final = frozenset({b"mif1", b"msf1"})
"""Brands that promise a picture or a sequence of any codec; a HEIC brand must stand among the compatible ones."""
_FILE_TYPE_BOX_BYTES: Final = (16, 1024)
"""From no compatible brand to far more than any camera writes."""
_FOREIGN_MARKUP: Final = re.compile(rb"<(?:!doctype|html|script|svg|\?php|body|iframe)[\s>/]", re.IGNORECASE)
_PDF_SEARCH_BYTES: Final = 1024
"""Readers look for %PDF- this far into a file (ISO 32000-1, annex H, note 13)."""


def recognise(first_bytes: bytes, untrusted_filename: str, untrusted_media_type: str) -> MediaType:
    """Which of the four kinds this file is.

    first_bytes: the file's first HEAD_BYTES bytes, or all of it when it is shorter.
    untrusted_filename: as the browser sent it; only its end is looked at. A name without an end says nothing.
    untrusted_media_type: the part's Content-Type; empty or octet-stream says nothing.

    Raises EmptyUpload; UnknownMediaType when it is none of the four; TypeMismatch when a sniffer, the name or the
    declared type says another kind, or when the first bytes are two kinds at once; BrokenPaper when the file ends
    before its own header does.
    """
    if not first_bytes:
        raise EmptyUpload
    found = _look(first_bytes)
    if found is None:
        raise UnknownMediaType("no known magic at byte 0")
    _refuse_disagreement(found, _second_opinion(first_bytes[:HEAD_BYTES]), first_bytes)
    _refuse_two_kinds(found, first_bytes[:HEAD_BYTES])
    _refuse_other_name(found, untrusted_filename)
    _refuse_other_declaration(found, untrusted_media_type)
    return found


def _look(head: bytes) -> MediaType | None:
    """Our own sniffer: the magic at byte 0 and what must stand right behind it."""
    if head.startswith(b"%PDF-"):
        return MediaType.PDF if _PDF_HEADER.match(head) else None
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG if head[3:4] and head[3] in _JPEG_FIRST_MARKERS else None
    if head.startswith(_PNG_SIGNATURE):
        if head[8:16] != b"\x00\x00\x00\x0dIHDR":
            raise BrokenPaper("PNG without IHDR first")
        return MediaType.PNG
    return _look_for_heic(head)


def _look_for_heic(head: bytes) -> MediaType | None:
    """A file type box at byte 0 that names a HEIC brand (ISO/IEC 23008-12, annex B)."""
    if head[4:8] != b"ftyp":
        return None
    size = int.from_bytes(head[:4], "big")
    if not _FILE_TYPE_BOX_BYTES[0] <= size <= _FILE_TYPE_BOX_BYTES[1] or size % 4:
        return None
    brands = {head[at : at + 4] for at in range(16, min(size, len(head)), 4)}
    major = head[8:12]
    if major in _HEIC_BRANDS or (major in _CONTAINER_BRANDS and brands & _HEIC_BRANDS):
        return MediaType.HEIC
    return None


def _second_opinion(head: bytes) -> frozenset[str]:
    """Every media type that puremagic finds possible; none when it knows nothing."""
    try:
        return frozenset(match.mime_type for match in puremagic.magic_string(head) if match.mime_type)
    except (puremagic.PureError, ValueError):
        return frozenset()


def _refuse_disagreement(found: MediaType, opinion: frozenset[str], head: bytes) -> None:
    # puremagic 1.30 does not know the container brands: its silence there is no disagreement.
    if not opinion and found is MediaType.HEIC and head[8:12] in _CONTAINER_BRANDS:
        return
    if not opinion & DECLARED[found]:
        raise TypeMismatch(f"the sniffers disagree about {found}")


def _refuse_two_kinds(found: MediaType, head: bytes) -> None:
    if _FOREIGN_MARKUP.search(head):
        raise TypeMismatch(f"markup in the first bytes of {found}")
    if found is not MediaType.PDF and b"%PDF-" in head[: _PDF_SEARCH_BYTES + 5]:
        raise TypeMismatch(f"a PDF header inside {found}")


def _refuse_other_name(found: MediaType, untrusted_filename: str) -> None:
    end = PurePosixPath(untrusted_filename.strip()).suffix.lower()
    if end and end not in EXTENSIONS[found]:
        raise TypeMismatch(f"the name's end is not one of {found}")


def _refuse_other_declaration(found: MediaType, untrusted_media_type: str) -> None:
    declared = untrusted_media_type.partition(";")[0].strip().lower()
    if declared not in SAYS_NOTHING and declared not in DECLARED[found]:
        raise TypeMismatch(f"declared as another type than {found}")
