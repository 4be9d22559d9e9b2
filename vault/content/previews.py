"""Page pictures of a paper, made in a caged child: the document goes in on a pipe, pixels come out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PAGE_MEDIA_TYPE: Final = "image/jpeg"
"""What every page picture is."""


class PreviewState(StrEnum):
    """Whether there is something to show."""

    READY = "ready"
    """At least one page picture; `Rendered.reason` says why a later page is missing."""
    NOT_PREVIEWABLE = "not_previewable"


class PreviewReason(StrEnum):
    """Why a picture is missing; the key of its text in the catalogues."""

    ENCRYPTED = "encrypted"
    """The PDF wants a password."""
    BROKEN = "broken"
    """The parser couldn't read it, or died of it."""
    TOO_LARGE = "too_large"
    """More pixels or memory than a picture may need: a decompression bomb, or a very large scan."""
    TOO_SLOW = "too_slow"
    """More time than a picture may take."""
    NO_CAGE = "no_cage"
    """This machine offers no cage that is strong enough, so nothing is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came out of the cage. Nothing in it is trusted but that the pictures are pictures: we encoded them."""

    state: PreviewState
    pages: tuple[bytes, ...] = ()
    """Pictures of the first pages, in order, as PAGE_MEDIA_TYPE, without metadata."""
    page_count: int = 0
    """How many pages the child says the document has (0 when unknown); may be more than there are pictures."""
    reason: PreviewReason | None = None
