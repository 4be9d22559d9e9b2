"""The four kinds of file that a paper may be, and the words that others use for them."""

from __future__ import annotations

from enum import StrEnum


class MediaType(StrEnum):
    """A media type (RFC 6838) that the vault keeps; its value is what the vault answers as Content-Type."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    HEIC = "image/heic"

    @property
    def extension(self) -> str:
        """The usual end of a file name, with its dot."""
        return EXTENSIONS[self][0]

    @property
    def extensions(self) -> tuple[str, ...]:
        """Every end of a file name that says this type, lower case, with its dot."""
        return EXTENSIONS[self]


EXTENSIONS: dict[MediaType, tuple[str, ...]] = {
    MediaType.PDF: (".pdf",),
    MediaType.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    MediaType.PNG: (".png",),
    MediaType.HEIC: (".heic", ".heif", ".hif"),
}
"""Ends of file names that say a type, lower case, the usual one first."""

DECLARED: dict[MediaType, frozenset[str]] = {
    MediaType.PDF: frozenset({"application/pdf", "application/x-pdf"}),
    MediaType.JPEG: frozenset({"image/jpeg", "image/jpg", "image/pjpeg"}),
    MediaType.PNG: frozenset({"image/png", "image/x-png"}),
    MediaType.HEIC: frozenset({"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"}),
}
"""What browsers and sniffers call a type."""

SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Declared types that browsers send for a file they do not know: HEIC in most of them outside Apple's."""
