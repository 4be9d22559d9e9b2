"""What an authorization request says once every check has passed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRequest:
    """An authorization request that passed `oidc.request.check`. Kept as JSON between pages."""

    client_id: str
    redirect_uri: str
    redirect_uri_given: bool = True
    """Whether the request named it: the token request must then repeat it (RFC 6749 §4.1.3)."""
    response_type: str = "code"
    response_mode: str = "query"
    scope: tuple[str, ...] = ()
    state: str | None = field(default=None, repr=False)
    nonce: str | None = field(default=None, repr=False)
    code_challenge: str | None = None
    """S256 always; None only for a confidential client that the operator excused."""
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    resource: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    """Names asked by the claims parameter for userinfo (OpenID Connect Core §5.5)."""
    id_token_claims: tuple[str, ...] = ()
    """Names asked by the claims parameter for the ID token."""
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    """Seconds."""
    acr_values: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()
    """One of these must be reached (OpenID Connect Core §5.5.1.1); empty when none is essential."""
    expected_sub: str | None = field(default=None, repr=False)
    """The client's `sub` of the person who must answer: from id_token_hint or a sub value asked by claims."""
    login_hint: str | None = field(default=None, repr=False)
    ui_locales: tuple[str, ...] = ()
    dpop_jkt: str | None = None
    """The key that must redeem the code (RFC 9449 §10)."""
    tells_grant: bool = False
    """Whether it makes an approval of its own, which the client gets to know by its id (Grant Management §5)."""
    polled: str = ""
    """The request whose client asks for the answer (`oidc.polling`); empty when the answer goes by redirect."""

    def to_json(self) -> str:
        """For a row."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reverse."""
        values: dict[str, Any] = json.loads(text)
        parsed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**parsed)

    @property
    def asks_anew(self) -> bool:
        """Whether no approval of before answers it, however much that covers."""
        return self.tells_grant or "consent" in self.prompt

    @property
    def claim_names(self) -> frozenset[str]:
        """Every claim that the claims parameter names."""
        return frozenset((*self.userinfo_claims, *self.id_token_claims))
