"""A rehearsal: an authorization request goes through every check as if a service had sent it, and leads nowhere.

Nobody is asked, no code is made, nothing is kept or sent (docs/decisions/1602).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from config.database import Database
from config.identifiers import Randomness, new_secret
from oidc import claims
from oidc.clients import Client
from oidc.errors import InvalidRequest, OAuthError
from oidc.interaction import PUSHED
from oidc.protocols import SubjectId, Subjects
from oidc.request import AcceptedRequest, Checks, redirect_uri
from oidc.request.objects import RequestObjects
from oidc.request.parameters import with_resources

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would have been asked of the person, and then told to the service."""

    request: AcceptedRequest
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    refreshes: bool
    """Whether the service could come back later without the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBeRefused:
    """Why the request would not have passed."""

    error: OAuthError
    by_redirect: bool
    """Whether the service would have been told; else the person sees our error page."""


class Rehearsal:
    """Rehearses requests."""

    def __init__(
        self,
        *,
        database: Database,
        objects: RequestObjects,
        checks: Checks,
        subjects: Subjects,
        randomness: Randomness,
    ) -> None:
        """objects, checks: those of the authorization endpoint. subjects: of whom something may be known."""
        self._database = database
        self._subjects = subjects
        self._objects = objects
        self._checks = checks
        self._randomness = randomness

    def like(self, client: Client, *, redirect_uri: str, scope: str, authorization_details: str = "") -> Pairs:
        """The parameters that a good library would send for a service. authorization_details: JSON, or empty."""
        asked = {
            "client_id": client.client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": new_secret(self._randomness),
            "nonce": new_secret(self._randomness),
            "code_challenge": new_secret(self._randomness),  # as long as the SHA-256 of a verifier, and never redeemed
            "code_challenge_method": "S256",
            "authorization_details": authorization_details,
        }
        if client.demands.signed_responses:
            asked["response_mode"] = "jwt"
        return [(name, value) for name, value in asked.items() if value]

    def rehearse(self, client: Client, pairs: Pairs, *, as_sent: bool) -> Rehearsed | WouldBeRefused:
        """What the authorization endpoint would make of these parameters of this client.

        as_sent: they stood in an address; else they are those of `like`, which the service would push or sign if it
        must.
        """
        told = False
        try:
            parameters, resources = with_resources(pairs)
            if as_sent:
                if parameters.get("request_uri", "").startswith(PUSHED):
                    raise InvalidRequest("a pushed request is opened once, by the person's browser", redirectable=False)
                parameters, resources = self._objects.opened(client, parameters, resources)
            redirect_uri.accept(client, parameters.get("redirect_uri"))
            told = True
            if as_sent and client.require_pushed_authorization_requests:
                raise InvalidRequest("this client must push its requests")
            request = self._checks.check(client, parameters, resources)
        except OAuthError as error:
            return WouldBeRefused(error=error, by_redirect=told and error.redirectable)
        return Rehearsed(
            request=request,
            id_token_claims=claims.names_for((), request.id_token_claims),
            userinfo_claims=claims.names_for(request.scope, request.userinfo_claims),
            refreshes=client.check_grant_type("refresh_token")
            and ("offline_access" in request.scope or bool(request.authorization_details)),
        )

    def known(self, subject: SubjectId, names: Collection[str]) -> frozenset[str]:
        """Which of these claims the house could tell of a person; none is opened."""
        with self._database.reading() as tx:
            return self._subjects.read(tx, subject, names).names
