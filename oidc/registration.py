"""Dynamic client registration and management (RFC 7591, RFC 7592, OpenID Connect Registration 1.0).

What the operator decides stays the operator's: a client that registers itself gets no contract, so it can ask for no
paper, and the profile that `provider.registration_profile` names. Software statements are refused: nobody's signature
on one means anything here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.identifiers import Randomness, new_secret
from oidc.clients import Client, Clients
from oidc.clients.client import PUBLIC
from oidc.clients.metadata import described
from oidc.errors import InvalidClientMetadata, InvalidToken, UnapprovedSoftwareStatement

OFF, WITH_TOKEN, OPEN = "off", "token", "open"
ACTOR: Final = "registration"
"""Who changed the client, in the ledger."""
_OURS: Final = frozenset(
    {
        "client_id",
        "client_secret",
        "contract",
        "profile",
        "require_pkce",
        "client_id_issued_at",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
    }
)
"""Members that a client can't choose (RFC 7591 §2: what it sends is a wish)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may register. mode: `off`, `token` (whoever has the initial access token), `open`."""

    mode: str
    initial_access_token: str = ""
    profile: str


class Registration:
    """Registers clients that come by themselves."""

    def __init__(self, *, clients: Clients, policy: Policy, issuer: str, randomness: Randomness) -> None:
        """issuer: what the clients' own addresses begin with."""
        self._clients = clients
        self._policy = policy
        self._issuer = issuer
        self._randomness = randomness

    @property
    def is_offered(self) -> bool:
        """Whether anybody may register."""
        return self._policy.mode != OFF

    def register(self, metadata: Mapping[str, Any], unverified_token: str | None) -> Mapping[str, Any]:
        """Register a client; the members of the answer (RFC 7591 §3.2.1). unverified_token: the initial one.

        Raises `InvalidToken`, `UnapprovedSoftwareStatement`, `InvalidClientMetadata`, `InvalidRedirectUri`.
        """
        self._check_initial(unverified_token)
        token = new_secret(self._randomness)
        client, secret = self._clients.add(self._wished(metadata), actor=ACTOR, registration_token_hash=_hash(token))
        return self._told(client, secret, token)

    def read(self, client_id: str, unverified_token: str | None) -> Mapping[str, Any]:
        """What is registered (RFC 7592 §2.1). Raises `InvalidToken`."""
        return self._told(self._own(client_id, unverified_token), None, unverified_token or "")

    def change(self, client_id: str, metadata: Mapping[str, Any], unverified_token: str | None) -> Mapping[str, Any]:
        """Replace what is registered (RFC 7592 §2.2). Raises as `register`."""
        client = self._own(client_id, unverified_token)
        if metadata.get("client_id") != client_id:
            raise InvalidClientMetadata("client_id: the one of the address")
        secret = metadata.get("client_secret")
        if secret is not None and not (isinstance(secret, str) and self._clients.check_secret(client, secret)):
            raise InvalidClientMetadata("client_secret: can't be chosen")
        changed, made = self._clients.add(
            {**self._wished(metadata), **_decided(client, metadata), "client_id": client_id},
            actor=ACTOR,
            registration_token_hash=_hash(unverified_token or ""),
        )
        return self._told(changed, made, unverified_token or "")

    def remove(self, client_id: str, unverified_token: str | None) -> None:
        """Remove the client and end its authorizations (RFC 7592 §2.3). Raises `InvalidToken`."""
        self._own(client_id, unverified_token)
        self._clients.remove(client_id, actor=ACTOR)

    def _check_initial(self, unverified_token: str | None) -> None:
        if self._policy.mode == OPEN:
            return
        wanted = self._policy.initial_access_token
        given = unverified_token or ""
        if not wanted or not hmac.compare_digest(_hash(given), _hash(wanted)):
            raise InvalidToken("the initial access token")

    def _own(self, client_id: str, unverified_token: str | None) -> Client:
        # RFC 7592 §2: whether there is such a client, or it is another's, is the same answer.
        kept = self._clients.registration_token_hash(client_id)
        client = self._clients.get(client_id)
        if client is None or kept is None or not hmac.compare_digest(_hash(unverified_token or ""), kept):
            raise InvalidToken("the registration access token")
        return client

    def _wished(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        if metadata.get("software_statement") is not None:
            raise UnapprovedSoftwareStatement("software statements aren't taken")
        wished = {name: value for name, value in metadata.items() if name not in _OURS}
        return {**wished, "profile": self._policy.profile}

    def _told(self, client: Client, secret: str | None, token: str) -> Mapping[str, Any]:
        told = {
            **described(client),
            "registration_client_uri": f"{self._issuer}/register/{client.client_id}",
            "registration_access_token": token,
        }
        if secret is not None:
            told |= {"client_secret": secret, "client_secret_expires_at": 0}  # RFC 7591 §3.2.1: 0 is never
        return told


def _decided(client: Client, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the operator may have changed since: a client's own change leaves it as it is."""
    becomes_public = metadata.get("token_endpoint_auth_method") == PUBLIC
    return {
        "profile": client.profile,
        "require_pkce": client.require_pkce or becomes_public,  # a public client is never excused
        "contract": client.contract,
    }


def _hash(token: str) -> bytes:
    """What is kept of a token of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
