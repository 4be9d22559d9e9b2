"""What a client is answered: a range, an entity tag, a description, and plaintext that knows whether any was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from config.logs import get_logger
from vault.documents.opening import translated
from vault.errors import Damaged, RangeNotSatisfiable
from vault.protocols import LendingId

ORIGINAL: Final = "original"
"""The rendition that is the exact bytes that were deposited."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """One range as asked (RFC 9110 §14.1.2): from `first`, to `last` if given; or the last `suffix` bytes."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None

    def within(self, length: int) -> tuple[int, int]:
        """First and last byte, both included. Raises `RangeNotSatisfiable`."""
        if self.suffix is not None:
            if self.suffix == 0 or length == 0:
                raise RangeNotSatisfiable(length)
            return max(0, length - self.suffix), length - 1
        if self.first >= length:
            raise RangeNotSatisfiable(length)
        return self.first, length - 1 if self.last is None else min(self.last, length - 1)


class ReadContent:
    """The plaintext of one request. Closed before its first byte was taken, the read is undone."""

    def __init__(self, chunks: Iterator[bytes], gave_nothing: Callable[[], None]) -> None:
        """gave_nothing: called at most once, when it is closed before a byte was taken."""
        self._chunks = chunks
        self._gave_nothing: Callable[[], None] | None = gave_nothing

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            with translated():
                chunk = next(self._chunks)
        except Damaged:
            log.error("paper_damaged")  # noqa: TRY400 -- the trace says nothing more
            raise
        self._gave_nothing = None
        return chunk

    def close(self) -> None:
        """Nothing more is wanted."""
        gave_nothing, self._gave_nothing = self._gave_nothing, None
        if gave_nothing:
            gave_nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """What may be told of a lending, and its bytes where they were asked for. Nothing in it names what others know."""

    lending: LendingId
    rendition: str
    document_type: str
    media_type: str
    length: int
    """Of the whole, in bytes."""
    first: int
    last: int
    """The bytes in `content`, both included; -1 for the last of nothing."""
    content: ReadContent | None = field(default=None, repr=False)
    """None when nothing was opened. Close it, read or not."""

    @property
    def etag(self) -> str:
        """See `etag_of`."""
        return etag_of(self.lending, self.rendition)


def etag_of(lending: LendingId, rendition: str) -> str:
    """A strong entity tag, quotes included: a lending names one version, which never changes, and is known to one."""
    return f'"{lending}"' if rendition == ORIGINAL else f'"{lending}.{rendition}"'
