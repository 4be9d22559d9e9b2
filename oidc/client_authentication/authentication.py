"""The choice of method: what was presented must be one method, and the registered one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from joserfc import jwk

from config.clock import Clock
from oidc.client_authentication import mutual_tls, private_key, secret
from oidc.client_authentication.presented import ClientRequest
from oidc.client_authentication.private_key import ASSERTION_TYPE, Assertion
from oidc.clients import Client, ClientKeys, Clients
from oidc.clients.client import ASSERTION_METHODS, CERTIFICATE_METHODS, HMAC_METHODS, PUBLIC
from oidc.errors import InvalidClient, InvalidRequest

NOT_PROVEN, OTHER_METHOD, WRONG_SECRET = "not_proven", "other_method", "wrong_secret"
"""Causes that the operator's diagnosis tells apart; the client learns only that it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatedClient:
    """A client that proved itself by its registered method, or a public one that only named itself."""

    client: Client
    method: str
    assertion: Assertion | None = None


class ClientAuthentication:
    """Authenticates clients at the endpoints."""

    def __init__(self, *, clients: Clients, client_keys: ClientKeys, issuer: str, clock: Clock) -> None:
        """client_keys: for private_key_jwt and self_signed_tls_client_auth.

        issuer: also what the token endpoint's address begins with.
        """
        self._clients = clients
        self._client_keys = client_keys
        self._issuer = issuer
        self._clock = clock

    def authenticate(self, request: ClientRequest) -> AuthenticatedClient:
        """Who sent it. Call `oidc.single_use.use` in the transaction of the request's effect.

        Raises `InvalidRequest` when more than one method is presented (RFC 6749 §5.2) or two client ids, and
        `InvalidClient` for everything else; the description never tells whether the client exists.
        """
        method = _presented_method(request)
        if method == "client_secret_basic":
            return self._by_secret(secret.read_basic(request.authorization[0]), method, request.form)
        named = request.form.get("client_id", "")
        if method == "client_secret_post":
            return self._by_secret(secret.Credentials(named, request.form["client_secret"]), method, request.form)
        if method == "assertion":
            return self._by_assertion(request)
        return self._by_name(named, request)

    def _by_name(self, named: str, request: ClientRequest) -> AuthenticatedClient:
        """RFC 8705 §2: client_id says whose certificate it should be. Public clients only name themselves."""
        client = self._clients.get(named) if named else None
        if client is None:
            raise InvalidClient("client authentication failed")
        method = client.token_endpoint_auth_method
        if method in CERTIFICATE_METHODS:
            mutual_tls.verify(client, request.client_certificate, self._client_keys)
        elif not client.is_public:
            raise InvalidClient("client authentication failed", cause=NOT_PROVEN)
        return AuthenticatedClient(client=client, method=method)

    def _by_secret(self, given: secret.Credentials, method: str, form: Mapping[str, str]) -> AuthenticatedClient:
        _check_same(form, given.client_id)
        client = self._clients.get(given.client_id) if len(given.secret) <= secret.MAX_CHARS else None
        # The secret is checked even if the method is wrong, so that neither answer comes sooner.
        right = client is not None and self._clients.check_secret(client, given.secret)
        if client is None or not right or client.token_endpoint_auth_method != method:
            other = client is not None and client.token_endpoint_auth_method != method
            raise InvalidClient("client authentication failed", cause=OTHER_METHOD if other else WRONG_SECRET)
        return AuthenticatedClient(client=client, method=method)

    def _by_assertion(self, request: ClientRequest) -> AuthenticatedClient:
        if request.form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in request.form:
            raise InvalidClient("client assertion or its type is missing")
        unverified = request.form["client_assertion"]
        client_id, kid = private_key.unverified_claim(unverified)
        _check_same(request.form, client_id)
        client = self._clients.arriving(client_id)
        if client is None or client.token_endpoint_auth_method not in ASSERTION_METHODS:
            raise InvalidClient("client authentication failed", cause=OTHER_METHOD)
        assertion = private_key.verify(
            unverified,
            client,
            keys=self._keys_of(client, kid),
            audiences=self._audiences(client, request.path),
            now=self._clock.now(),
        )
        return AuthenticatedClient(client=client, method=client.token_endpoint_auth_method, assertion=assertion)

    def _audiences(self, client: Client, path: str) -> str | frozenset[str]:
        if client.demands.issuer_is_audience:
            return self._issuer
        # RFC 9126 §2: an assertion for another endpoint than the token endpoint may name that endpoint.
        return frozenset({self._issuer, f"{self._issuer}/token", f"{self._issuer}{path}"})

    def _keys_of(self, client: Client, kid: object) -> Sequence[jwk.Key]:
        if client.token_endpoint_auth_method in HMAC_METHODS:
            secret = self._clients.secret_of(client)
            return [jwk.OctKey.import_key(secret)] if secret else []
        return self._client_keys.of(client, kid)


def _presented_method(request: ClientRequest) -> str:
    presented = []
    if len(request.authorization) > 1:
        raise InvalidRequest("two Authorization headers")
    if request.authorization:
        presented.append("client_secret_basic")
    if "client_secret" in request.form:
        presented.append("client_secret_post")
    if "client_assertion" in request.form or "client_assertion_type" in request.form:
        presented.append("assertion")
    if len(presented) > 1:
        raise InvalidRequest("more than one method of client authentication")
    return presented[0] if presented else PUBLIC


def _check_same(form: Mapping[str, str], client_id: str) -> None:
    if form.get("client_id", client_id) != client_id:
        raise InvalidRequest("client_id differs from the authenticated client")
