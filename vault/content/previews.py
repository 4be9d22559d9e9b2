"""Page pictures of a paper, made in a caged child: the document goes in on a pipe, pixels come out.

Assume that the parser is owned. Of what the child says only width, height and so many bytes are taken, within
limits; the pictures are encoded here, from pixels, so they hold nothing of the document but what it looks like.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from io import BytesIO
from typing import Final

from PIL import Image

from config.clock import Clock
from vault.content.cage import CageLevel, CageReport, cage_available, command
from vault.content.conversation import Answer, converse
from vault.content.media_types import MediaType
from vault.content.preview_process import frames

__all__ = [
    "PAGE_MEDIA_TYPE",
    "CageLevel",
    "CageReport",
    "PreviewReason",
    "PreviewState",
    "Previews",
    "Rendered",
    "cage_available",
]

PAGE_MEDIA_TYPE: Final = "image/jpeg"
"""What every page picture is."""
TIME_LIMIT: Final = timedelta(seconds=15)
"""On the wall; the child's own limit is 5 s of CPU, which a busy machine stretches."""
_JPEG_QUALITY: Final = 82
_OUT_OF_TIME: Final = frozenset({signal.SIGXCPU, signal.SIGKILL})
_SHELL_SIGNAL: Final = 128
"""bubblewrap reports a child's death by signal n as status 128 + n."""


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


_ENDS: Final = {
    frames.END_WHOLE: None,
    frames.END_ENCRYPTED: PreviewReason.ENCRYPTED,
    frames.END_TOO_LARGE: PreviewReason.TOO_LARGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came out of the cage. Nothing in it is trusted but that the pictures are pictures: we encoded them."""

    state: PreviewState
    pages: tuple[bytes, ...] = ()
    """Pictures of the first pages, in order, as PAGE_MEDIA_TYPE, without metadata."""
    page_count: int = 0
    """How many pages the child says the document has (0 when unknown); may be more than there are pictures."""
    reason: PreviewReason | None = None


class Previews:
    """Draws papers."""

    def __init__(self, *, clock: Clock, level: CageLevel | None = None, time_limit: timedelta = TIME_LIMIT) -> None:
        """level: the cage; None takes the strongest that this machine offers. time_limit: for one document."""
        self._clock = clock
        self._level = level
        self._time_limit = time_limit

    @property
    def level(self) -> CageLevel:
        """The cage in use; the first call tries what this machine offers, as most processes never draw."""
        if self._level is None:
            self._level = cage_available().level
        return self._level

    def render(self, chunks: Iterable[bytes], media_type: MediaType, *, max_pages: int) -> Rendered:
        """Pictures of the first `max_pages` pages.

        chunks: the document, in pieces of any size; not all of them are taken when the child ends before.
        Whatever the document does to its parser, the answer is a Rendered; only what `chunks` itself raises comes
        through, and then the child is gone.
        """
        if self.level is CageLevel.NONE:
            return Rendered(state=PreviewState.NOT_PREVIEWABLE, reason=PreviewReason.NO_CAGE)
        pages: list[bytes] = []
        answer = converse(
            command(self.level, media_type, max_pages),
            chunks,
            lambda width, height, pixels: pages.append(_encoded(width, height, pixels)),
            clock=self._clock,
            time_limit=self._time_limit,
            max_pictures=max_pages,
        )
        return Rendered(
            state=PreviewState.READY if pages else PreviewState.NOT_PREVIEWABLE,
            pages=tuple(pages),
            page_count=max(answer.page_count, len(pages)),
            reason=_reason(answer, len(pages)),
        )


def _encoded(width: int, height: int, pixels: bytes) -> bytes:
    file = BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return file.getvalue()


def _reason(answer: Answer, pages: int) -> PreviewReason | None:
    if answer.out_of_time:
        return PreviewReason.TOO_SLOW
    if answer.end is None:
        by_signal = -answer.status if answer.status < 0 else answer.status - _SHELL_SIGNAL
        return PreviewReason.TOO_SLOW if by_signal in _OUT_OF_TIME else PreviewReason.BROKEN
    reason = _ENDS.get(answer.end, PreviewReason.BROKEN)
    return PreviewReason.BROKEN if reason is None and not pages else reason
