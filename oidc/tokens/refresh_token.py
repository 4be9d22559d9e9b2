"""Refresh tokens rotate (RFC 9700 §4.14.2). Only hashes are kept, and yet a lost response can be retried.

The successor is an HMAC of the token that was presented, under a ring key, so that presenting it again within the
grace derives the same one. Whoever reads the database can neither use nor derive any.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from config.clock import Clock
from config.database import Transaction
from config.identifiers import Randomness, new_secret
from oidc import jwts
from oidc.keys import SecretKeys
from oidc.store import refresh_tokens
from oidc.store.authorizations import AuthorizationRow
from oidc.store.refresh_tokens import RefreshTokenRow

_PURPOSE = "refresh-successor"
MAX_CHARS = 512


class RefreshTokens:
    """Issues, rotates and recognises refresh tokens."""

    def __init__(
        self,
        *,
        secret_keys: SecretKeys,
        clock: Clock,
        randomness: Randomness,
        retry: timedelta = timedelta(seconds=10),
    ) -> None:
        """retry: how long a token that was used may be presented again and gets the same successor."""
        self._secret_keys = secret_keys
        self._clock = clock
        self._randomness = randomness
        self._retry = retry

    def prepare(self) -> None:
        """Open the keys that a transaction may need: the key ring can't be called while one is open."""
        self._secret_keys.current  # noqa: B018 -- asked for its effect

    def issue(self, tx: Transaction, family: AuthorizationRow) -> str:
        """The first token of a family: 256 bits of randomness."""
        token = new_secret(self._randomness)
        self._keep(tx, token, family.id, family.ends_at)
        return token

    def rotate(self, tx: Transaction, token: str, row: RefreshTokenRow) -> str | None:
        """The successor of a token that `find` found, the same at a retry; None when it was reused: end the family."""
        successor = jwts.encode(self._secret_keys.mac(_PURPOSE, token.encode(), key=row.secret_key))
        if refresh_tokens.use(tx, row.token_hash, self._clock.now()):
            self._keep(tx, successor, row.authorization_id, row.expires_at)
            return successor
        return successor if self._is_retry(tx, row.token_hash, successor) else None

    def find(self, tx: Transaction, unverified_token: str) -> tuple[RefreshTokenRow, AuthorizationRow] | None:
        """A token that we issued and that hasn't expired, with its family, which may have ended."""
        if len(unverified_token) > MAX_CHARS:
            return None
        found = refresh_tokens.find(tx, token_hash(unverified_token))
        return found if found and found[0].expires_at > self._clock.now() else None

    def _is_retry(self, tx: Transaction, presented: bytes, successor: str) -> bool:
        # Read again: a parallel request may have used it since `find`. Once the successor was used the client has it,
        # and the old one comes from somebody else.
        used_at = refresh_tokens.used_at(tx, presented)
        in_time = used_at is not None and self._clock.now() - used_at <= self._retry
        return in_time and refresh_tokens.is_unused(tx, token_hash(successor))

    def _keep(self, tx: Transaction, token: str, authorization: str, expires_at: datetime) -> None:
        row = RefreshTokenRow(
            token_hash=token_hash(token),
            authorization_id=authorization,
            secret_key=self._secret_keys.current,
            made_at=self._clock.now(),
            expires_at=expires_at,
            used_at=None,
        )
        refresh_tokens.add(tx, row)


def token_hash(token: str) -> bytes:
    """What is kept of a token: SHA-256 of its text; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()
