"""Pushed authorization requests (RFC 9126): a client hands over its request before the browser comes by.

What that uses up and binds: docs/decisions/0506.
"""

from __future__ import annotations

from config.database import Database
from oidc import single_use
from oidc.client_authentication import AuthenticatedClient, ClientAuthentication, ClientRequest
from oidc.errors import InvalidRequest
from oidc.interaction import Interactions
from oidc.request import AcceptedRequest, Checks, dpop
from oidc.request.objects import RequestObjects
from oidc.tokens.binding import Proof, Proofs


class Pushing:
    """Takes pushed requests, checked as if they had been opened now."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        objects: RequestObjects,
        checks: Checks,
        interactions: Interactions,
        proofs: Proofs,
    ) -> None:
        """objects, checks: those of the authorization endpoint. interactions: where the request waits for a browser."""
        self._database = database
        self._client_authentication = client_authentication
        self._objects = objects
        self._checks = checks
        self._interactions = interactions
        self._proofs = proofs

    def answer(self, presented: ClientRequest) -> tuple[str, int]:
        """Keep a request for one later use; its request_uri and lifetime in seconds (RFC 9126 §2.2).

        Raises `OAuthError`: nothing is kept then, but assertion and proof are used up.
        """
        authenticated = self._client_authentication.authenticate(presented)
        proof = self._proofs.shown(presented.dpop, method=presented.method, path=presented.path)
        with single_use.used_up_anyway(self._database, authenticated, proof):
            request = self._checked(authenticated, presented, proof)
            return self._interactions.push(request, lambda tx: single_use.use(tx, authenticated, proof))

    def _checked(
        self, authenticated: AuthenticatedClient, presented: ClientRequest, proof: Proof | None
    ) -> AcceptedRequest:
        if "request_uri" in presented.form:  # RFC 9126 §2.1
            raise InvalidRequest("request_uri in a pushed request")
        parameters, resources = self._objects.opened(
            authenticated.client, presented.form, presented.resources, pushed=True
        )
        request = self._checks.check(authenticated.client, parameters, resources)
        return dpop.bound(request, proof)
