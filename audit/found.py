"""What a search finds: entries as an auditor and as the person concerned sees them; the cursor between pages."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar

from audit.entries import EntryId
from audit.errors import BadCursor, VerificationError
from audit.keys import OpenKeys
from audit.store.entries import EntryRow, HalfRow
from audit.tlog.leaf import Leaf
from audit.tlog.readable import open_fields

_E_co = TypeVar("_E_co", bound="Found", covariant=True)
_TAG = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry as an auditor sees it: the clear fields."""

    id: EntryId
    index: int | None
    """Its place in the tree; None until it is integrated."""
    time: datetime
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine(Found):
    """An entry as the person concerned sees it: every field.

    opened: value and key of the sealed ones, for a receipt; empty when `intact` is False.
    """

    opened: Mapping[str, list[str]] = field(repr=False)
    intact: bool = True
    """False when the person's half was changed or does not fit the leaf: only the clear fields are shown then."""


@dataclass(frozen=True, slots=True)
class Page(Generic[_E_co]):
    """Some entries, newest first, and the cursor of the next ones (empty at the end)."""

    entries: Sequence[_E_co]
    cursor: str


@dataclass(frozen=True, slots=True)
class Cursors:
    """Opaque places in a list: the number of the last entry shown, authenticated."""

    key: bytes = field(repr=False)

    def write(self, number: int) -> str:
        """The cursor of what comes after that entry."""
        raw = number.to_bytes(8, "big")
        return base64.urlsafe_b64encode(raw + self._tag(raw)).decode().rstrip("=")

    def read(self, cursor: str) -> int | None:
        """The reverse; None for the first page. Raises `BadCursor`."""
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raise BadCursor from None
        if not hmac.compare_digest(self._tag(raw[:8]), raw[8:]):
            raise BadCursor
        return int.from_bytes(raw[:8], "big")

    def _tag(self, raw: bytes) -> bytes:
        return hmac.digest(self.key, raw, sha256)[:_TAG]


def found(row: EntryRow) -> Found:
    """An entry with its clear fields."""
    shown = json.loads(row.readable or "{}")
    values = {name: pair[0] for name, pair in shown.items() if len(pair) == 2}  # noqa: PLR2004 -- value and key
    return Found(id=EntryId(row.id), index=row.leaf_index, time=row.time, values=values)


def mine(keys: OpenKeys, row: EntryRow, half: HalfRow) -> Mine | None:
    """An entry opened for a person, each field held against the leaf; None when its key or readable part is gone.

    Whoever writes the database can encrypt to a public key too: only the leaf says what was true.
    """
    if row.readable is None or half.term not in keys.private:
        return None
    clear = found(row)
    try:
        hidden: dict[str, list[str]] = json.loads(keys.open(half.term, row.id, half.sealed) or b"")
        shown = json.loads(row.readable)
        values = open_fields(Leaf.parse(row.leaf), {name: hidden.get(name, shown[name]) for name in shown})
    except (VerificationError, ValueError, AttributeError):
        return Mine(id=clear.id, index=clear.index, time=clear.time, values=clear.values, opened={}, intact=False)
    return Mine(id=clear.id, index=clear.index, time=clear.time, values=values, opened=hidden)
