"""Client-Initiated Backchannel Authentication 1.0, poll and ping: a service asks for a person who isn't at its pages.

Whoever is asked gets a mail with a link to the usual release page. A person that nobody knows is asked nothing, and the
service is answered as if: the request stays pending until it expires (docs/decisions/1301-ciba-answers-alike.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from config.clock import Clock
from config.database import Database
from config.errors import OutgoingRefused
from config.identifiers import Randomness, new_id, new_secret
from config.logs import get_logger
from config.outgoing import Outgoing
from config.rate_limits import RateLimits, TooManyRequests
from oidc import single_use
from oidc.client_authentication import AuthenticatedClient, ClientAuthentication, ClientRequest
from oidc.clients import Client, Clients
from oidc.clients.metadata import PING
from oidc.errors import (
    AskedTooOften,
    InvalidBindingMessage,
    InvalidRequest,
    InvalidScope,
    PingNotTaken,
    UnauthorizedClient,
    UnknownInteraction,
)
from oidc.grants.ciba import KIND, BackchannelRequest
from oidc.interaction import Interactions
from oidc.keys import SecretKeys
from oidc.pairwise import Pairwise
from oidc.polling import Ping
from oidc.protocols import Notices, SignedIn, SubjectId, Subjects
from oidc.request import AcceptedRequest, Checks, dpop, openid
from oidc.store import polled_requests
from oidc.store.polled_requests import PolledRequestRow
from oidc.tokens.binding import Proof, Proofs
from oidc.tokens.refresh_token import token_hash

LIFETIME = timedelta(minutes=10)
"""At most, and when the client asks for none (requested_expiry, §7.1)."""
INTERVAL = timedelta(seconds=5)
MAX_BINDING_MESSAGE = 64
"""Characters: it is compared by eye (§7.1)."""
MOST_ASKED = 10
"""Requests an hour for one person, by all services: each is a mail."""
WINDOW = timedelta(hours=1)
NOBODY = SubjectId("")
_HINTS = ("login_hint", "id_token_hint", "login_hint_token")
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]{22,1024}=*")
"""RFC 6750 §2.1. §7.1: at least 128 bits, at most 1024 characters."""
_EXPIRY = re.compile(r"[1-9][0-9]{0,8}")
_SEAL = "ciba"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedView:
    """What a service asks of the person in front of the page. `binding_message`: shown by the service as well."""

    client: Client
    binding_message: str = field(repr=False)


class BackchannelAuthentication:
    """Takes requests, shows them to whom they ask, and tells the client when there is an answer."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        clients: Clients,
        checks: Checks,
        interactions: Interactions,
        proofs: Proofs,
        subjects: Subjects,
        notices: Notices,
        pairwise: Pairwise,
        secret_keys: SecretKeys,
        rate_limits: RateLimits,
        outgoing: Outgoing,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """subjects: who is behind a login_hint. notices: tell the person. secret_keys: seal what a ping needs."""
        self._database = database
        self._client_authentication = client_authentication
        self._clients = clients
        self._checks = checks
        self._interactions = interactions
        self._proofs = proofs
        self._subjects = subjects
        self._notices = notices
        self._pairwise = pairwise
        self._secret_keys = secret_keys
        self._rate_limits = rate_limits
        self._outgoing = outgoing
        self._clock = clock
        self._randomness = randomness

    def answer(self, presented: ClientRequest) -> Mapping[str, Any]:
        """Ask a person: the members of the JSON response (§7.3).

        Raises `OAuthError`: nothing is kept then, but assertion and proof are used up.
        """
        authenticated = self._client_authentication.authenticate(presented)
        proof = self._proofs.shown(presented.dpop, method=presented.method, path=presented.path)
        with single_use.used_up_anyway(self._database, authenticated, proof):
            return self._begun(authenticated, presented, proof)

    def asked(self, request: str, subject: SubjectId) -> AskedView:
        """A request that waits for this person. Raises `UnknownInteraction`."""
        row = self._waiting(request, subject)
        client = self._clients.get(row.client_id)
        if client is None:
            raise UnknownInteraction
        return AskedView(client=client, binding_message=self._unsealed(row)["binding_message"])

    def open(self, request: str, there: SignedIn, browser: str) -> str:
        """Open it at this browser; the handle of the interaction. Raises `UnknownInteraction`."""
        row = self._waiting(request, there.subject)
        lifetime = row.expires_at - self._clock.now()
        return self._interactions.begin(AcceptedRequest.from_json(row.request), browser, there.sign_in, lifetime)

    def ping(self, job: Ping) -> None:
        """Tell a client in ping mode that there is an answer (§10.2). Twice does no harm.

        Raises `PingNotTaken` or `config.errors.OutgoingError`, to be tried again, until the request has expired.
        """
        with self._database.reading() as tx:
            row = polled_requests.get(tx, job.request)
        client = self._clients.get(row.client_id) if row is not None else None
        if row is None or client is None or row.expires_at <= self._clock.now():
            return
        kept = self._unsealed(row)
        if not kept["token"] or client.backchannel_token_delivery_mode != PING:
            return
        try:
            answer = self._outgoing.post(
                client.backchannel_client_notification_endpoint,
                json.dumps({"auth_req_id": kept["auth_req_id"]}).encode(),
                media_type="application/json",
                max_bytes=65_536,
                headers={"Authorization": f"Bearer {kept['token']}"},
            )
        except OutgoingRefused as error:  # trying again leads nowhere; the client may poll
            log.warning("ping_refused", client=client.client_id, reason=str(error))
            return
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise PingNotTaken(f"{client.client_id}: {answer.status}")

    def _begun(
        self, authenticated: AuthenticatedClient, presented: ClientRequest, proof: Proof | None
    ) -> Mapping[str, Any]:
        client, form = authenticated.client, presented.form
        if not client.check_grant_type(BackchannelRequest.GRANT_TYPE):
            raise UnauthorizedClient("the client is not registered for this grant type")
        if "request" in form:
            raise InvalidRequest("signed requests are not taken here")  # §7.1.1
        token = _notification_token(client, form)
        message = _binding_message(form)
        lifetime = _lifetime(form)
        request = self._checks.check_polled(client, form, presented.resources, new_id(self._randomness))
        if "openid" not in request.scope:
            raise InvalidScope("openid is missing")  # §7.1
        # A proof binds the answer here as it binds a code at the pushing (RFC 9449 §10.1).
        request = dpop.bound(request, proof)
        subject, hint = self._person(client, form)
        self._count(subject, hint)
        auth_req_id = new_secret(self._randomness)
        sealed = json.dumps({"auth_req_id": auth_req_id, "token": token, "binding_message": message})
        now = self._clock.now()
        row = PolledRequestRow(
            id=request.polled,
            kind=KIND,
            secret_hash=token_hash(auth_req_id),
            sealed=self._secret_keys.seal(_SEAL, sealed.encode(), request.polled),
            sealed_by=self._secret_keys.current,
            client_id=client.client_id,
            request=request.to_json(),
            subject=subject,
            made_at=now,
            expires_at=now + lifetime,
            interval_seconds=int(INTERVAL.total_seconds()),
        )
        with self._database.transaction() as tx:
            single_use.use(tx, authenticated, proof)
            polled_requests.add(tx, row)
            # For nobody as well: whether there is a person must not show in how long this takes.
            self._notices.asked(tx, subject, client.client_id, request.polled)
        return {
            "auth_req_id": auth_req_id,
            "expires_in": int(lifetime.total_seconds()),
            "interval": row.interval_seconds,
        }

    def _person(self, client: Client, form: Mapping[str, str]) -> tuple[SubjectId, str]:
        """Who is asked, `NOBODY` when nobody is known by the hint; and the hint (§7.1: exactly one)."""
        given = [name for name in _HINTS if name in form]
        if len(given) != 1:
            raise InvalidRequest("exactly one hint is needed: login_hint or id_token_hint")
        if given == ["login_hint_token"]:
            raise InvalidRequest("login_hint_token is not taken here")
        if given == ["login_hint"]:
            typed = form["login_hint"]
            return self._subjects.find(typed) or NOBODY, typed.strip().casefold()
        sub = openid.hinted_sub(client, self._checks.hints, form) or ""
        with self._database.reading() as tx:
            return self._pairwise.subject_of(tx, client, sub) or NOBODY, sub

    def _count(self, subject: SubjectId, hint: str) -> None:
        """By the hint as it was typed and by whom it means; twice for nobody too, so that both take as long."""
        try:
            self._rate_limits.check("ciba-hint", hint, MOST_ASKED, WINDOW)
            self._rate_limits.check("ciba-person", subject or hint, MOST_ASKED, WINDOW)
        except TooManyRequests as error:
            raise AskedTooOften("this person was asked too often within the hour") from error

    def _waiting(self, request: str, subject: SubjectId) -> PolledRequestRow:
        with self._database.reading() as tx:
            row = polled_requests.get(tx, request)
        is_open = row is not None and row.kind == KIND and row.answered_at is None
        if row is None or not is_open or row.expires_at <= self._clock.now() or row.subject != subject:
            raise UnknownInteraction
        return row

    def _unsealed(self, row: PolledRequestRow) -> Mapping[str, str]:
        kept = self._secret_keys.unseal(_SEAL, row.sealed or b"", row.id, key=row.sealed_by or "")
        opened: Mapping[str, str] = json.loads(kept)
        return opened


def _notification_token(client: Client, form: Mapping[str, str]) -> str:
    if client.backchannel_token_delivery_mode != PING:
        return ""
    token = form.get("client_notification_token", "")
    if not _BEARER.fullmatch(token):
        raise InvalidRequest("client_notification_token: 22 to 1024 characters of a bearer token")
    return token


def _binding_message(form: Mapping[str, str]) -> str:
    message = form.get("binding_message", "")
    if len(message) > MAX_BINDING_MESSAGE or not message.isprintable():
        raise InvalidBindingMessage(f"binding_message: {MAX_BINDING_MESSAGE} characters in one line at most")
    return message


def _lifetime(form: Mapping[str, str]) -> timedelta:
    asked = form.get("requested_expiry")
    if asked is None:
        return LIFETIME
    if not _EXPIRY.fullmatch(asked):
        raise InvalidRequest("requested_expiry must be a positive whole number of seconds")
    return min(LIFETIME, timedelta(seconds=int(asked)))
