"""Conditional and range requests (RFC 9110 §13, §14), parsed; pure."""

from __future__ import annotations

import re
from typing import Final

from vault.lending import ByteRange

_ONE_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE | re.ASCII)
_ENTITY_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def one_range(header: str | None, if_range: str | None, etag: str) -> ByteRange | None:
    """The one range that is asked for; None for the whole.

    Several ranges and whatever isn't a range at all are ignored (§14.2 allows both), as is a range of another
    representation (§13.1.5: strong comparison; we give no dates).
    """
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    found = _ONE_RANGE.fullmatch(header.strip())
    if not found:
        return None
    first, last = found.groups()
    if not first:
        return ByteRange(suffix=int(last)) if last else None
    if last and int(last) < int(first):
        return None  # §14.1.1: invalid, hence ignored
    return ByteRange(first=int(first), last=int(last) if last else None)


def names(header: str | None, etag: str, *, weak: bool) -> bool | None:
    """Whether If-None-Match (weak comparison) or If-Match (strong) names this tag; None when it wasn't sent."""
    if header is None:
        return None
    if header.strip() == "*":
        return True
    tags = _ENTITY_TAG.findall(header)
    return any(f'"{tag}"' == etag and (weak or not prefix) for prefix, tag in tags)
