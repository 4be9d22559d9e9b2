"""What the ledger refuses, and the one error that leaves verification."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from config.errors import Refusal


class VerificationError(Exception):
    """What was shown does not prove what it claims. The text is for people: it says what differs."""


class LogClosedError(Exception):
    """The database and the published log disagree and neither continues the other; nothing more is signed."""


class RaceLostError(Exception):
    """Another sequencer was faster; nothing was changed here."""


class UnknownEntry(Refusal):
    """There is no such entry, or it isn't in the tree yet."""

    code: ClassVar[str] = "unknown_entry"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class ReasonNeeded(Refusal):
    """Looking at one person needs a stated reason."""

    code: ClassVar[str] = "reason_needed"


class BadCursor(Refusal):
    """The cursor of a search isn't one of ours."""

    code: ClassVar[str] = "bad_cursor"
