"""How an answer goes back to the client: by query, fragment or form, plain or as one signed JWT (JARM)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from config.clock import Clock
from oidc.clients import Client
from oidc.errors import OAuthError
from oidc.keys import SigningKeys
from oidc.request import redirect_uri

JWT: Final = "JWT"
LIFETIME: Final = timedelta(minutes=10)
"""Of a signed answer; JARM §2.1 recommends ten minutes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Parameters for the client, by redirect or by a form that posts itself."""

    redirect_uri: str
    by_form: bool
    by_fragment: bool
    parameters: Mapping[str, str] = field(repr=False)
    refused: OAuthError | None = None
    """Why, for the log and the operator's diagnosis; None when the request is granted."""

    @property
    def location(self) -> str:
        """The redirect, when it isn't a form."""
        return redirect_uri.with_parameters(self.redirect_uri, self.parameters, fragment=self.by_fragment)


class Responses:
    """Makes answers."""

    def __init__(self, *, signing_keys: SigningKeys, issuer: str, clock: Clock) -> None:
        """issuer: the `iss` of every answer (RFC 9207)."""
        self._signing_keys = signing_keys
        self._issuer = issuer
        self._clock = clock

    def error(self, client: Client, target: str, mode: str, state: str | None, error: OAuthError) -> Answer:
        """A refusal that may be redirected."""
        made = self.answer(client, target, mode, state, error.parameters())
        return replace(made, refused=error.of(client.client_id))

    def answer(
        self, client: Client, target: str, mode: str, state: str | None, parameters: Mapping[str, str]
    ) -> Answer:
        """An answer by a mode of `oidc.request.response`. Outside any transaction."""
        told = {**parameters, **({} if state is None else {"state": state}), "iss": self._issuer}  # RFC 9207 §2
        if mode.endswith("jwt"):
            told = {"response": self._signed(client, told)}
        return Answer(
            redirect_uri=target,
            by_form=mode.startswith("form_post"),
            by_fragment=mode.startswith("fragment"),
            parameters=told,
        )

    def _signed(self, client: Client, told: Mapping[str, str]) -> str:
        expires_at = int((self._clock.now() + LIFETIME).timestamp())
        claims = {**told, "aud": client.client_id, "exp": expires_at}  # JARM §2.1
        return self._signing_keys.sign(claims, alg=client.authorization_signed_response_alg, typ=JWT)
