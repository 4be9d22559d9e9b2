"""What a door learns of papers and lendings: opened values, no rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from vault.document_types import PaperDates
from vault.protocols import DocumentId, LendingId, VersionId
from vault.store.lendings import LendingRow


class Preview(StrEnum):
    """State of the page pictures of a version."""

    PENDING = "pending"
    """A job makes them."""
    READY = "ready"
    """`pictures` of them are there."""
    NOT_PREVIEWABLE = "not_previewable"
    """There will be none; `preview_reason` says why."""
    NOT_AGREED = "not_agreed"
    """The person wants papers kept without being read."""


class LendingState(StrEnum):
    """Whether a lending may be read, and if not, why."""

    STANDS = "stands"
    OVER = "over"
    USED_UP = "used_up"
    TAKEN_BACK = "taken_back"
    RETURNED = "returned"
    """By the service itself."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingView:
    """One lending, as its owner sees it."""

    lending: LendingId
    document: DocumentId
    document_type: str
    client_id: str
    grant: str
    """Empty when it was made outside a sign-in."""
    purpose: str
    legal_basis: str
    made_at: datetime
    until: datetime
    reads_allowed: int | None
    """None: any number."""
    reads_used: int
    ended_at: datetime | None
    state: LendingState
    last_read_at: datetime | None = None

    @classmethod
    def of(cls, row: LendingRow, now: datetime, last_read_at: datetime | None = None) -> Self:
        """The view of a row at a moment."""
        return cls(
            lending=LendingId(row.id),
            document=DocumentId(row.document),
            document_type=row.document_type,
            client_id=row.client_id,
            grant=row.grant_id,
            purpose=row.purpose,
            legal_basis=row.legal_basis,
            made_at=row.made_at,
            until=row.until,
            reads_allowed=row.reads_allowed,
            reads_used=row.reads_used,
            ended_at=row.ended_at,
            state=state_of(row, now),
            last_read_at=last_read_at,
        )


def state_of(row: LendingRow, now: datetime) -> LendingState:
    """Whether a lending stands; the end that was decided before the end that came by itself."""
    if row.ended_at is not None:
        return LendingState(row.ended_by)
    if row.until <= now:
        return LendingState.OVER
    if row.reads_allowed is not None and row.reads_used >= row.reads_allowed:
        return LendingState.USED_UP
    return LendingState.STANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """One paper, as its owner sees it."""

    document: DocumentId
    version: VersionId
    """The current one."""
    document_type: str
    label: str
    """The person's own word for it; may be empty."""
    untrusted_filename: str
    dates: PaperDates
    """What the person said of the dates printed on it."""
    media_type: str
    length: int
    """In bytes."""
    made_at: datetime
    """When the paper was first deposited."""
    deposited_at: datetime
    """When its current version was."""
    preview: Preview
    preview_reason: str
    """A `vault.content.previews.PreviewReason`, or empty."""
    page_count: int
    """Pages the paper has; 0 when unknown."""
    pictures: int
    """Pages that have a picture, counted from the first: `open_page` takes 1 to this."""
    lendings: tuple[LendingView, ...]
    """Those that stand, of every version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDocument:
    """An original, opened for its owner."""

    document_type: str
    media_type: str
    length: int
    filename: str
    """Cleaned for display; still the person's own."""
    chunks: Iterator[bytes] = field(repr=False)
    """Exactly the bytes that were deposited; raises in the middle when the store fails or they were changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """What was promised: gone here at once, from backups by a date."""

    documents: int
    """How many papers."""
    erased_at: datetime
    gone_from_backups_by: datetime
    root_version: int
    """The root key version whose destruction makes backups unreadable."""
