"""Userinfo (OpenID Connect Core §5.3): claims about the person for a token that stands, each release written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.entries import ActorKind, ClaimsReleased, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from oidc import claims, jwts
from oidc.clients import Clients
from oidc.errors import InsufficientScope, InvalidToken, OAuthError
from oidc.keys import SigningKeys
from oidc.protocols import SubjectId, Subjects
from oidc.store import used_identifiers
from oidc.tokens.access_token import AccessTokens, Presentation, TokenChallenge, VerifiedAccessToken, challenge
from oidc.tokens.encryption import Encryption


class Userinfo:
    """Tells a client about the person whom its token stands for."""

    def __init__(
        self,
        *,
        database: Database,
        access_tokens: AccessTokens,
        clients: Clients,
        signing_keys: SigningKeys,
        encryption: Encryption,
        subjects: Subjects,
        ledger: Ledger,
        issuer: str,
        clock: Clock,
    ) -> None:
        """issuer: our public address."""
        self._database = database
        self._access_tokens = access_tokens
        self._clients = clients
        self._signing_keys = signing_keys
        self._encryption = encryption
        self._subjects = subjects
        self._ledger = ledger
        self._issuer = issuer
        self._clock = clock

    def tell(self, shown: Presentation) -> Mapping[str, Any] | str | TokenChallenge:
        """The claims; a JWT of them when the client registered that; or why the token isn't enough.

        The entry `claims_released`, once a token, commits before anything is told.
        Raises `InvalidClient` when the client registered to get them encrypted and has no key for it.
        """
        try:
            presented = self._access_tokens.judge_here(shown)
            with self._database.transaction() as tx:
                token = self._access_tokens.standing(tx, presented)
                if "openid" not in token.scope:
                    raise InsufficientScope("openid").of(token.client_id)
                names = claims.names_for(token.scope, token.family.userinfo_claims)
                found = self._subjects.read(tx, SubjectId(token.subject), names)
                self._write_once(tx, token, [name for name in names if name in found.names])
            client = self._clients.get(token.client_id)
            if client is None:
                raise InvalidToken("revoked")
        except OAuthError as error:
            return challenge(error, has_token=bool(shown.authorization))
        is_encrypted = bool(client.userinfo_encrypted_response_alg)
        told = claims.chosen(found.open(), names) | {"sub": token.sub}
        if client.userinfo_signed_response_alg is None:
            return self._encryption.userinfo(client, json.dumps(told), signed=False) if is_encrypted else told
        signed = told | {"iss": self._issuer, "aud": client.client_id, "iat": int(self._clock.now().timestamp())}
        jwt = self._signing_keys.sign(signed, alg=client.userinfo_signed_response_alg, typ=jwts.ID_TOKEN)
        return self._encryption.userinfo(client, jwt, signed=True)

    def _write_once(self, tx: Transaction, token: VerifiedAccessToken, names: Sequence[str]) -> None:
        if not used_identifiers.use(tx, "release", token.jti, token.expires_at):
            return
        entry = ClaimsReleased(
            actor_kind=ActorKind.SERVICE,
            persons=(PersonId(token.subject),),
            client=token.client_id,
            claims=" ".join(("sub", *names)),
            grant=token.grant,
        )
        self._ledger.append(tx, entry)
