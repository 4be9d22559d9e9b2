"""File names from outside: refused at the door when they carry tricks, cleaned where one must be shown anyway."""

from __future__ import annotations

import unicodedata
from typing import Final

from vault.content.media_types import MediaType
from vault.errors import BadName

MAX_NAME_CHARACTERS: Final = 255
"""What file systems take; a longer name is cut for display and refused at the door."""

_TURNING_MARKS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidirectional controls (UAX #9): they show `exe.pdf` where `fdp.exe` stands."""
_DEVICE_NAMES: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"COM{n}" for n in range(1, 10)), *(f"LPT{n}" for n in range(1, 10))},
)
"""Names that Windows opens as devices, whatever their extension."""
_UNSHOWN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, surrogate, private, unassigned, line and paragraph separators."""


def checked_name(untrusted_filename: str) -> str:
    """The name itself, in Unicode's composed form, when there is nothing to clean about it.

    An empty name passes: not every browser sends one.
    Raises BadName for path parts, control characters, turning marks, more than 255 characters, `.` and `..`.
    """
    name = unicodedata.normalize("NFC", untrusted_filename)
    if len(name) > MAX_NAME_CHARACTERS:
        raise BadName("too long")
    if "/" in name or "\\" in name or name.strip() in {".", ".."}:
        raise BadName("path parts")
    if any(mark in _TURNING_MARKS or unicodedata.category(mark) in _UNSHOWN for mark in name):
        raise BadName("control characters")
    return name.strip()


def display_name(untrusted_filename: str, media_type: MediaType) -> str:
    """A name fit for a page and for Content-Disposition; never fails and is never empty.

    Path parts, controls and turning marks are gone, runs of spaces are one, a Windows device name gets an underscore,
    the end is one of the media type's own.
    """
    last = unicodedata.normalize("NFC", untrusted_filename).replace("\\", "/").rpartition("/")[2]
    shown = "".join(mark for mark in last if mark not in _TURNING_MARKS and unicodedata.category(mark) not in _UNSHOWN)
    shown = " ".join(shown.split()).strip(". ")
    stem, dot, end = shown.rpartition(".")
    if not dot or not stem or f".{end.lower()}" not in media_type.extensions:
        stem, end = shown, media_type.extension[1:]
    if stem.partition(".")[0].upper() in _DEVICE_NAMES:
        stem = f"_{stem}"
    room = MAX_NAME_CHARACTERS - len(end) - 1
    return f"{stem[:room].rstrip('. ') or 'document'}.{end}"
