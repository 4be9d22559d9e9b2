"""The one base of every refusal, and the ground's own errors.

A door turns a `Refusal` into a page in the person's language, problem+json (RFC 9457) or the OAuth error
format; anything else that escapes is a 500 with an id and no text.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar


class Refusal(Exception):
    """Something was asked that must not be done. Nothing was stored unless the class says so.

    code: the standard's word (`invalid_grant`), or ours in the same form; the key of its text in the catalogues.
    status: the HTTP status a door answers with.
    public: whether a door may tell the code and its text to whoever asked.
    detail: for the log only, never shown; holds nothing personal.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    public: ClassVar[bool] = True

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail


class TransactionError(RuntimeError):
    """A transaction was opened inside another, or the outside world was called while one was open."""


class ConfigurationError(Exception):
    """The installation can't start as it is configured. The text says what is wrong and the mend."""


class HopelessJob(Exception):
    """A job that would fail the same way at every further try: it is set aside at once."""


class KeyRingError(Exception):
    """A key could not be wrapped or unwrapped: wrong context, unknown root version, or the ring is down."""


class ObjectStoreError(Exception):
    """The object store did not answer as it should; whether the call took effect is unknown."""


class ObjectMissing(ObjectStoreError):
    """There is no object of that name."""


class ObjectExists(ObjectStoreError):
    """A conditional write found an object of that name, of other content."""


class OutgoingError(Exception):
    """Another server did not answer as it should; whether it acted on what it got is unknown."""


class OutgoingRefused(OutgoingError):
    """An address that the house never calls: not https, or not of the public internet. Nothing was sent."""
