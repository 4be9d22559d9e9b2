"""What an authorization gives at once: a code, and to old clients tokens by the browser.

OpenID Connect Core §3.1.2.5, §3.2.2.5, §3.3.2.5.

Authlib's grants for these sign where they decide, log what they signed, and make a token that `id_token` then drops;
so only their names for the response types are taken (`oidc.response_types`), and the order here is that of the token
endpoint: decided in the transaction, signed after it (docs/decisions/1501).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from config.clock import Clock
from config.database import Transaction
from config.identifiers import Randomness, new_secret
from oidc import claims, response_types
from oidc.clients import Client
from oidc.issuing.tokens import Issuing
from oidc.protocols import SignedIn
from oidc.request import AcceptedRequest
from oidc.store import grants
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.binding import Binding
from oidc.tokens.id_token import IdTokens
from oidc.tokens.refresh_token import token_hash

TOKEN_LIFETIME: Final = timedelta(seconds=60)
"""Of an access token that the browser carries: no longer than a code, which goes the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDraft:
    """What the answer will give, decided in the transaction."""

    family: AuthorizationRow
    client: Client
    response_type: str
    code: str = field(repr=False)
    """Redeems the authorization; told only where the response type has one."""
    known: Callable[[], Mapping[str, Any]] = field(repr=False)
    """What the ID token tells of the person."""

    def gives(self, part: str) -> bool:
        """Whether `code`, `id_token` or `token` is asked for."""
        return response_types.gives(self.response_type, part)


class Authorizing:
    """From a grant that covers a request to the members of its answer."""

    def __init__(
        self,
        *,
        issuing: Issuing,
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        issuer: str,
        clock: Clock,
        randomness: Randomness,
        code_lifetime: timedelta = timedelta(seconds=60),
    ) -> None:
        """issuing: keeps the authorization. issuer: the only audience of tokens that the browser carries."""
        self._issuing = issuing
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._issuer = issuer
        self._clock = clock
        self._randomness = randomness
        self._code_lifetime = code_lifetime

    def decide(
        self,
        tx: Transaction,
        *,
        client: Client,
        signed_in: SignedIn,
        grant: grants.GrantRow | None,
        request: AcceptedRequest,
    ) -> AuthorizationDraft:
        """The authorization for a request that the grant covers, and its code, of which only the hash is kept.

        grant: as it is in this transaction. Raises `InvalidGrant` when the grant is gone, over or someone else's.
        """
        code = new_secret(self._randomness)
        family = self._issuing.authorize(
            tx,
            client=client,
            signed_in=signed_in,
            grant=grant,
            request=request,
            code_hash=token_hash(code),
            code_expires_at=self._clock.now() + self._code_lifetime,
        )
        # Core §3.3.3.6: with a code, what was asked about the person comes by the token endpoint alone.
        by_browser = not response_types.gives(request.response_type, response_types.CODE)
        known = self._issuing.release(tx, family, family.scope) if by_browser else dict
        return AuthorizationDraft(
            family=family, client=client, response_type=request.response_type, code=code, known=known
        )

    def give(self, draft: AuthorizationDraft) -> dict[str, str]:
        """The members of the answer, signed. Outside any transaction. Raises `InvalidClient`: no key to encrypt to."""
        family, members = draft.family, {"code": draft.code} if draft.gives(response_types.CODE) else {}
        if draft.gives(response_types.TOKEN):
            members |= self._access_token(family)
        if draft.gives(response_types.ID_TOKEN):
            members["id_token"] = self._id_tokens.make(
                family,
                draft.client,
                access_token=members.get("access_token", ""),
                code=members.get("code", ""),
                with_nonce=True,
                released=claims.chosen(draft.known(), family.id_token_claims),
            )
        return members

    def _access_token(self, family: AuthorizationRow) -> dict[str, str]:
        """A token for userinfo alone (RFC 6749 §4.2.2): of no paper, and with no refresh token beside it."""
        binding = Binding(jkt=family.jkt)
        token, lifetime = self._access_tokens.make(
            family,
            scope=family.scope,
            audience=(self._issuer,),
            authorization_details=(),
            binding=binding,
            ends_at=self._clock.now() + TOKEN_LIFETIME,
        )
        return {
            "access_token": token,
            "token_type": "DPoP" if binding.jkt else "Bearer",
            "expires_in": str(int(lifetime.total_seconds())),
            "scope": " ".join(family.scope),
        }
