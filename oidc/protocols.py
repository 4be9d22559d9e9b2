"""What the provider asks of the rooms above and beside it; `citizen_account/adapters/` answers.

Nothing here knows HTTP: what a request brings is handed over as plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType, Protocol

from audit.entries import ActorKind
from config.database import Transaction

SubjectId = NewType("SubjectId", str)
"""An account as the provider knows it. Never leaves the house: clients see a pairwise `sub`."""

GrantId = NewType("GrantId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The person at this browser, and how they signed in."""

    subject: SubjectId
    sign_in: str
    """The sign-in's id: a row of citizen_account; (sign-in, client) gives the `sid`."""
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str


class SignIn(Protocol):
    """The browser's sign-in session. The only way for the provider to learn who is there."""

    def current(self) -> SignedIn | None:
        """Who is signed in at the browser of the current request, if anyone: an account that stands."""

    def browser(self) -> str:
        """A random value that this browser alone holds (its cookie is set when it is missing), to bind handles to."""

    def browser_state(self) -> str:
        """What our own frame finds in this browser while the sign-in is the same; empty without one."""

    def sign_in_url(self, handle: str) -> str:
        """The page that signs in for the pending request `handle`, then returns to `/authorize/<handle>`."""

    def release_url(self, handle: str) -> str:
        """The page that asks the citizen about the pending request `handle`, then returns to `/authorize/<handle>`."""

    def sign_up_url(self, handle: str) -> str:
        """The page that makes an account for the pending request `handle` (prompt=create)."""

    def reachable_acr(self, subject: SubjectId) -> str:
        """The acr that this person would reach by all the ways to sign in that they have now."""

    def answered_url(self, *, approved: bool) -> str:
        """The page that says that the answer went to the device or service that waits for it (`oidc.polling`)."""

    def stands(self, sign_in: str) -> bool:
        """Whether that sign-in is still open."""

    def end(self, sign_in: str) -> None:
        """End that sign-in (RP-initiated logout)."""


@dataclass(frozen=True, slots=True)
class FoundClaims:
    """What a snapshot holds of a person: which claims, and what opens them once the transaction is over."""

    names: frozenset[str]
    open: Callable[[], Mapping[str, Any]]


class Subjects(Protocol):
    """Facts about a person."""

    def claims(self, subject: SubjectId) -> Mapping[str, Any]:
        """Every claim the house knows of the person, in OpenID Connect Core §5.1 shapes; absent ones are absent.

        Empty when there is no such person (any more).
        """

    def find(self, login_hint: str) -> SubjectId | None:
        """Who signs in with this e-mail address, confirmed; None for anything else. It takes as long either way."""

    def read(self, tx: Transaction, subject: SubjectId, names: Collection[str]) -> FoundClaims:
        """The same from this snapshot, as far as these claims need it.

        What is sealed is opened after the transaction only: that may reach the key ring.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the citizen chose for one authorization detail: the papers, by opaque document reference."""

    detail: int
    """Index into the request's authorization_details."""
    documents: tuple[str, ...]


class ReadyPapers(Protocol):
    """The papers of one release, ready to be lent."""

    def lend(self, tx: Transaction, grant: GrantId) -> tuple[str, ...]:
        """Make the lendings, with their ledger entries; their opaque ids."""


class Evidence(Protocol):
    """The papers, as far as the provider has to know: opaque details in, opaque lendings out."""

    def check(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        """Hold one `authorization_details` member of type `document` (parsed JSON) against the client's contract.

        Raises `oidc.errors.InvalidAuthorizationDetails` naming what is unknown, missing or not in the contract.
        """

    def expand_scope(self, contract: Mapping[str, Any], document_type: str) -> Mapping[str, Any] | None:
        """The detail that the scope `document:<type>` stands for; None unless the contract names one purpose."""

    def until(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> datetime:
        """When what is lent now for this detail is over: how long a grant of it stands.

        Raises `oidc.errors.InvalidAuthorizationDetails` when the contract no longer allows the detail.
        """

    def ready(
        self,
        *,
        subject: SubjectId,
        client_id: str,
        details: Sequence[Mapping[str, Any]],
        choices: Sequence[Choice],
    ) -> ReadyPapers:
        """Make the papers of a release ready to be lent: what takes time, before the transaction that lends them."""

    def take_back(self, tx: Transaction, lendings: Sequence[str], *, actor: str, actor_kind: ActorKind) -> None:
        """End these lendings, with their ledger entries, which name who did it. Those ended already are left."""

    def standing(self, lendings: Sequence[str]) -> bool:
        """Whether each of these lendings still stands, so that a grant covers what it covered (prompt=none)."""

    def described(self, lendings: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """What a token response tells of them (RFC 9396 §7): a `documents` member each, by lending id.

        `state` is `stands` while it may be read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorScreen:
    """What the error page may say."""

    code: str
    client_name: str


class Screens(Protocol):
    """HTML that the provider must show; the rooms above own every word of it."""

    def error(self, error: ErrorScreen) -> tuple[str, int]:
        """The page of an authorization request that can't be answered by redirect: body, status."""

    def form_post(self, redirect_uri: str, parameters: Mapping[str, str]) -> str:
        """The page that posts the response (OAuth 2.0 Form Post Response Mode)."""

    def confirm_sign_out(self, handle: str, client_name: str, url: str) -> str:
        """The page that asks whether to sign out (RP-Initiated Logout §2).

        url: where its answer leads; empty when nowhere else.
        """

    def check_session(self) -> str:
        """The page without words that clients frame (Session Management 1.0 §3.2)."""

    def signed_out(self, frames: Sequence[str], url: str) -> str:
        """The page after signing out. frames: what to open unseen (Front-Channel Logout §3).

        url: where it goes on when those were opened; empty to stay.
        """


class Notices(Protocol):
    """Messages to the person; the provider never mails."""

    def asked(self, tx: Transaction, subject: SubjectId, client_id: str, request: str) -> None:
        """Tell the person that a client asks something of them; nobody when there is no such person."""

    def grant_made(self, tx: Transaction, subject: SubjectId, client_id: str, grant: GrantId) -> None:
        """Tell the person about a release."""
