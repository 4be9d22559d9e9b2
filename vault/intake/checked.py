"""The file on its way in: the first bytes for recognition, then everything, counted; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vault.errors import TooLarge


def first_bytes(chunks: Iterator[bytes], wanted: int) -> list[bytes]:
    """Chunks that together hold `wanted` bytes, or all there are."""
    taken: list[bytes] = []
    size = 0
    while size < wanted and (chunk := next(chunks, None)) is not None:
        taken.append(chunk)
        size += len(chunk)
    return taken


def limited(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """The same chunks. Raises `TooLarge` before the one that would be too much."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(max_bytes)
        yield chunk
