"""The authorization endpoint's service: from a request to an answer, by way of sign-in and release pages.

1. client and redirect_uri, 2. the table of `oidc.request`, 3. who is there and how they signed in, 4. whether a
standing grant covers it all, 5. one transaction that makes the code. With a session and a grant that is all: nothing
is stored in between. Otherwise the request is kept under a handle bound to the browser, and pages do the asking
(docs/decisions/0503).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from config.clock import Clock
from config.database import Database, Transaction
from oidc.clients import Client, Clients
from oidc.consent import Consent
from oidc.errors import (
    AccessDenied,
    ConsentRequired,
    InvalidGrant,
    InvalidRequest,
    LoginRequired,
    OAuthError,
    UnknownClient,
    UnknownInteraction,
    UnregisteredRedirectUri,
)
from oidc.interaction import PUSHED, Interaction, Interactions
from oidc.issuing import AuthorizationDraft, Authorizing
from oidc.pairwise import Pairwise
from oidc.polling import Polling
from oidc.presence import Presence
from oidc.protocols import GrantId, SignedIn, SignIn
from oidc.request import AcceptedRequest, Checks, redirect_uri, response
from oidc.request.objects import RequestObjects
from oidc.request.parameters import with_resources
from oidc.responses import Answer, Responses
from oidc.session_state import SessionStates
from oidc.store import grants, interactions

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the house comes first."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Told here, never by redirect: the client or its redirect_uri is in doubt."""

    error: OAuthError
    client_name: str = ""


Outcome = Answer | Page | Refused


class Authorization:
    """Answers authorization requests."""

    def __init__(
        self,
        *,
        database: Database,
        clients: Clients,
        objects: RequestObjects,
        checks: Checks,
        responses: Responses,
        interactions: Interactions,
        consent: Consent,
        authorizing: Authorizing,
        polling: Polling,
        pairwise: Pairwise,
        session_states: SessionStates,
        sign_in: SignIn,
        clock: Clock,
    ) -> None:
        """checks: the table. polling: keeps answers that don't go by redirect. sign_in: who is there."""
        self._database = database
        self._clients = clients
        self._objects = objects
        self._checks = checks
        self._responses = responses
        self._interactions = interactions
        self._consent = consent
        self._authorizing = authorizing
        self._polling = polling
        self._presence = Presence(database=database, pairwise=pairwise, sign_in=sign_in, clock=clock)
        self._session_states = session_states
        self._sign_in = sign_in
        self._clock = clock

    def begin(self, pairs: Pairs) -> Outcome:
        """Answer a GET of the authorization endpoint: a code at once, a page first, or a refusal."""
        return self._with_client(pairs, keep=False)

    def keep(self, pairs: Pairs) -> Outcome:
        """Take a POST: the checked request is stored, the answer is the page that resumes it.

        A cross-site POST comes without our Lax cookies, so nobody's sign-in and no browser is looked at before the GET
        that follows; the first browser that opens the page binds it (docs/decisions/0502).
        """
        return self._with_client(pairs, keep=True)

    def resume(self, handle: str) -> Outcome:
        """Go on with a kept request of this browser."""
        there = self._sign_in.current()
        try:
            interaction = self._interactions.find(handle, self._sign_in.browser(), there.sign_in if there else None)
        except UnknownInteraction as error:
            return Refused(error=error)
        try:
            client = self._clients.arriving(interaction.row.client_id)
        except OAuthError as error:
            return Refused(error=error)
        if client is None:
            return Refused(error=UnknownClient("the client is unknown").of(interaction.row.client_id))
        return self._answered(client, interaction.request, lambda: self._go_on(client, interaction, there), interaction)

    def _with_client(self, pairs: Pairs, *, keep: bool) -> Outcome:
        try:
            parameters, resources = with_resources(pairs)
            client = self._client(parameters)
        except OAuthError as error:
            return Refused(error=error)
        if parameters.get("request_uri", "").startswith(PUSHED):
            return self._pushed(client, parameters, keep=keep)
        try:
            parameters, resources = self._objects.opened(client, parameters, resources)
            target = redirect_uri.accept(client, parameters.get("redirect_uri"))
            state = response.state(parameters)
        except OAuthError as error:
            return _refused(client, error)
        try:
            if client.require_pushed_authorization_requests:
                raise InvalidRequest("this client must push its requests")  # RFC 9126 §6
            request = self._checks.check(client, parameters, resources)
        except OAuthError as error:
            if not error.redirectable:
                return _refused(client, error)
            mode = self._checks.mode_of_error(client, parameters)
            return self._responses.error(client, target, mode, state, error)
        if keep:
            return Page(f"/authorize/{self._interactions.keep(request)}")
        return self._answered(client, request, lambda: self._begin(client, request))

    def _client(self, parameters: Mapping[str, str]) -> Client:
        client_id = parameters.get("client_id")
        if client_id is None:
            raise InvalidRequest("client_id is missing", redirectable=False)
        client = self._clients.arriving(client_id)
        if client is None:
            raise UnknownClient("the client is unknown").of(client_id)
        return client

    def _pushed(self, client: Client, parameters: Mapping[str, str], *, keep: bool) -> Outcome:
        """RFC 9126 §4: of the parameters beside request_uri only client_id counts."""
        request_uri = parameters["request_uri"]
        if keep:
            return Page(f"/authorize?{urlencode({'client_id': client.client_id, 'request_uri': request_uri})}")
        there = self._sign_in.current()
        try:
            if "request" in parameters:  # RFC 9101 §5: never both
                raise InvalidRequest("request and request_uri", redirectable=False)
            interaction = self._interactions.open_pushed(
                request_uri,
                client.client_id,
                self._sign_in.browser(),
                there.sign_in if there else None,
            )
        except OAuthError as error:
            return _refused(client, error)
        return self._answered(client, interaction.request, lambda: self._go_on(client, interaction, there), interaction)

    def _answered(
        self,
        client: Client,
        request: AcceptedRequest,
        step: Callable[[], Outcome],
        kept: Interaction | None = None,
    ) -> Outcome:
        """Take a step; a refusal goes back to the client, which ends a kept request as a code does: one answer each."""
        if not request.polled and not client.allows_redirect_uri(request.redirect_uri):  # no longer: it was kept
            return _refused(client, UnregisteredRedirectUri("redirect_uri is not registered"))
        try:
            return step()
        except UnknownInteraction as error:
            return _refused(client, error)
        except OAuthError as error:
            if kept is not None and not self._finished(kept):
                return _refused(client, UnknownInteraction())
            if request.polled:
                return Page(self._sign_in.answered_url(approved=False))
            return self._responses.error(client, request.redirect_uri, request.response_mode, request.state, error)

    def _finished(self, kept: Interaction) -> bool:
        """Mark it answered; False when another tab did. A client that polls is told so when it asks next."""
        there = self._sign_in.current() if kept.request.polled else None
        with self._database.transaction() as tx:
            done = interactions.finish(tx, kept.row.handle_hash, self._clock.now()) == 1
            if done and there is not None:
                done = self._polling.refuse(tx, kept.request, there)
            return done

    def _begin(self, client: Client, request: AcceptedRequest) -> Outcome:
        there = self._sign_in.current()
        if there is None or not self._presence.suffices(client, request, there, fresh=False):
            return self._asked_to_sign_in(request, there, None)
        granted = None if request.asks_anew else self._silently(client, request, there)
        return granted or self._asked_to_release(request, there, None)

    def _silently(self, client: Client, request: AcceptedRequest, there: SignedIn) -> Answer | None:
        """A code by a grant that stands: one transaction, and what the vault reads before it when papers are asked."""
        if request.authorization_details:
            grant = self._consent.find_covering(there.subject, request)
            if grant is None:
                return None
            with self._database.transaction() as tx:
                draft = self._draft(tx, client, request, there, grants.by_id(tx, grant))
            return self._answer(client, request, draft)
        with self._database.transaction() as tx:
            row = self._consent.covering(tx, there.subject, request)
            found = None if row is None else self._draft(tx, client, request, there, row)
        return None if found is None else self._answer(client, request, found)

    def _go_on(self, client: Client, interaction: Interaction, there: SignedIn | None) -> Outcome:
        request, row = interaction.request, interaction.row
        if row.refused:
            raise AccessDenied
        # A sign-in that wasn't there when this browser opened the request was made for it.
        fresh = there is not None and there.sign_in != row.sign_in_before
        if there is None or not self._presence.suffices(client, request, there, fresh=fresh):
            return self._asked_to_sign_in(request, there, interaction.handle)
        grant = self._grant(interaction, there)
        if grant is None:
            return self._asked_to_release(request, there, interaction.handle)
        with self._database.transaction() as tx:
            # The one that marks it answered makes the code; a second tab or a replay finds it over.
            if interactions.finish(tx, row.handle_hash, self._clock.now()) != 1:
                raise UnknownInteraction
            decided = grants.by_id(tx, grant)
            if request.polled:
                self._told(tx, client, request, there, decided)
                return Page(self._sign_in.answered_url(approved=True))
            draft = self._draft(tx, client, request, there, decided)
        return self._answer(client, request, draft)

    def _asked_to_sign_in(self, request: AcceptedRequest, there: SignedIn | None, handle: str | None) -> Page:
        if "none" in request.prompt:
            raise LoginRequired
        handle = handle or self._begun(request, there)
        create = "create" in request.prompt
        return Page(self._sign_in.sign_up_url(handle) if create else self._sign_in.sign_in_url(handle))

    def _asked_to_release(self, request: AcceptedRequest, there: SignedIn, handle: str | None) -> Page:
        if "none" in request.prompt:
            raise ConsentRequired
        return Page(self._sign_in.release_url(handle or self._begun(request, there)))

    def _begun(self, request: AcceptedRequest, there: SignedIn | None) -> str:
        return self._interactions.begin(request, self._sign_in.browser(), there.sign_in if there else None)

    def _grant(self, interaction: Interaction, there: SignedIn) -> GrantId | None:
        row = interaction.row
        if row.grant_id is not None:
            if row.subject != there.subject:
                # Two people at one browser: what one of them decided is no answer of the other's.
                raise UnknownInteraction
            return row.grant_id
        if interaction.request.asks_anew:
            return None
        return self._consent.find_covering(there.subject, interaction.request)

    def _told(
        self,
        tx: Transaction,
        client: Client,
        request: AcceptedRequest,
        there: SignedIn,
        grant: grants.GrantRow | None,
    ) -> None:
        try:
            stated = self._presence.stated(request, there)
            self._polling.approve(tx, client=client, request=request, there=stated, grant=grant)
        except InvalidGrant as error:  # as below
            raise AccessDenied from error

    def _draft(
        self,
        tx: Transaction,
        client: Client,
        request: AcceptedRequest,
        there: SignedIn,
        grant: grants.GrantRow | None,
    ) -> AuthorizationDraft:
        try:
            stated = self._presence.stated(request, there)
            return self._authorizing.decide(tx, client=client, signed_in=stated, grant=grant, request=request)
        except InvalidGrant as error:  # a word of the token endpoint: here it was taken back between approval and now
            raise AccessDenied from error

    def _answer(self, client: Client, request: AcceptedRequest, draft: AuthorizationDraft) -> Answer:
        is_openid = "openid" in request.scope
        states = self._session_states.members(client.client_id, request.redirect_uri) if is_openid else {}
        members = {**self._authorizing.give(draft), **states}
        return self._responses.answer(client, request.redirect_uri, request.response_mode, request.state, members)


def _refused(client: Client, error: OAuthError) -> Refused:
    return Refused(error=error.of(client.client_id), client_name=client.name)
