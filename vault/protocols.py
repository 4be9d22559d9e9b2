"""What the vault asks of the rooms above and beside it; `citizen_account/adapters/` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType, Protocol

from config.database import Transaction

OwnerId = NewType("OwnerId", str)
"""A safe with a key. An account acts for one or more."""
DocumentId = NewType("DocumentId", str)
VersionId = NewType("VersionId", str)
LendingId = NewType("LendingId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What a client showed with a request for a paper."""

    method: str
    url: str
    """As the client wrote it: public origin and path, without query (RFC 9449 `htu`)."""
    authorization: Sequence[str] = field(repr=False)
    """Every Authorization header, in order."""
    dpop: Sequence[str] = field(default=(), repr=False)
    client_certificate: bytes | None = None
    """The one of the TLS connection, DER (RFC 8705)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A token that stands: who presents it and which lendings its grant holds."""

    client_id: str
    token_id: str
    lendings: frozenset[LendingId]
    acrs: frozenset[str] = frozenset()
    """What the person's sign-in reached: its acr and every lesser one."""
    auth_time: datetime | None = None
    """When they signed in; None is too long ago for whoever asks."""

    @property
    def is_bound(self) -> bool:
        """See `Presented.is_bound`; nothing is left to use up."""
        return False

    def standing(self, _tx: Transaction) -> Permission:
        """See `Presented.standing`; whoever has a permission may read by it."""
        return self

    def stronger(self, acr: str, max_age: int | None) -> Challenge:
        """See `Presented.stronger`; without the headers, which only who judged the token can make."""
        return Challenge(status=401, www_authenticate="", code="insufficient_user_authentication")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Why a presentation isn't enough."""

    status: int
    www_authenticate: str
    """The complete header value (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1)."""
    code: str
    """The error code, empty when no token was presented."""
    dpop_nonce: str = ""
    """For the DPoP-Nonce header, where a proof is wanted (RFC 9449 §9)."""
    taken_back_at: datetime | None = None
    """When the person took back the approval of a token that is whole and rightly shown; None for any other reason."""


class Challenged(Exception):
    """A presentation isn't enough."""

    def __init__(self, challenge: Challenge) -> None:
        """challenge: what to answer."""
        super().__init__(challenge.code)
        self.challenge = challenge


class Presented(Protocol):
    """A token that holds by itself and is rightly presented; whether it still stands is in the database."""

    @property
    def is_bound(self) -> bool:
        """Whether a proof came with it, which `standing` uses up: that writes."""

    def standing(self, tx: Transaction) -> Permission:
        """The permission, if the token stands in this very transaction; one query, two when it is bound.

        Raises `Challenged`: revoked, taken back, or its proof was used before.
        """

    def stronger(self, acr: str, max_age: int | None) -> Challenge:
        """What to answer when the sign-in behind the token doesn't do (RFC 9470 §3).

        acr: what would; empty for any. max_age: in seconds, None for any.
        """


class AccessTokens(Protocol):
    """Judges access tokens. Nothing but the provider can."""

    def judge(self, presentation: Presentation) -> Presented:
        """Whether this token, so presented, may reach the vault, as far as can be told without a query.

        Raises `Challenged`.
        """


class Notices(Protocol):
    """Messages to the person; the vault never mails."""

    def document_read(self, tx: Transaction, owner: OwnerId, lending: LendingId) -> None:
        """A service opened a paper of a lending for the first time."""
