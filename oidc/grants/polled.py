"""What device_code and ciba have in common: the client asks until the person has answered, and once for the tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, NoReturn

from authlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc8628.errors import AuthorizationPendingError, ExpiredTokenError, SlowDownError

from audit.entries import ActorKind
from oidc.grants.server import TokenDraft, TokenRequest
from oidc.store import codes, polled_requests
from oidc.store.authorizations import AuthorizationRow
from oidc.store.polled_requests import PolledRequestRow
from oidc.tokens.families import CODE_REPLAY
from oidc.tokens.refresh_token import token_hash

SLOWER = timedelta(seconds=5)
"""What each answer of slow_down adds to the interval (RFC 8628 §3.5)."""
ROUNDING = timedelta(seconds=1)
"""Times are kept in whole seconds: a client that keeps to its interval may seem a second early."""


class PolledGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc] # Authlib has no types
    """Answers a poll. The tokens are given once, by one conditional UPDATE.

    Authlib's own class for RFC 8628 looks the user code up in clear and answers invalid_request for an unknown device
    code, where RFC 8628 §3.5 by RFC 6749 §5.2 has invalid_grant.
    """

    KIND: ClassVar[str]
    PARAMETER: ClassVar[str]

    request: TokenRequest
    family: AuthorizationRow

    def validate_token_request(self) -> None:
        """Which of the answers of RFC 8628 §3.5 (CIBA §11) it is; the good one uses the secret up."""
        request = self.request
        if not request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("the client is not registered for this grant type")
        secret = request.form.get(self.PARAMETER)
        if secret is None:
            raise InvalidRequestError(f"{self.PARAMETER} is missing")
        # Another client's is unknown, too: whether it exists is nobody else's matter.
        row = polled_requests.of_client(request.tx, self.KIND, token_hash(secret), request.client.client_id)
        if row is None:
            raise InvalidGrantError(f"the {self.PARAMETER} is unknown")
        self.family = self._family(row)

    def create_token_response(self) -> tuple[int, TokenDraft, object]:
        """The draft; see `TokenServer.first_draft`."""
        return 200, self.server.first_draft(self.request, self.family), self.TOKEN_RESPONSE_HEADER

    def _family(self, row: PolledRequestRow) -> AuthorizationRow:
        now = self.server.clock.now()
        if row.refused:
            raise AccessDeniedError("the person said no")
        if row.answered_at is None:
            self._wait(row, now)
        family = codes.redeem(self.request.tx, row.code_hash, row.client_id, now)
        return self._not_redeemed(row, now) if family is None else family

    def _wait(self, row: PolledRequestRow, now: datetime) -> NoReturn:
        if row.expires_at <= now:
            raise ExpiredTokenError("nobody answered in time")
        interval = timedelta(seconds=row.interval_seconds)
        too_soon = row.polled_at is not None and now + ROUNDING < row.polled_at + interval
        polled_requests.count_poll(self.request.tx, row.id, now, SLOWER if too_soon else timedelta())
        self.request.commits = True
        raise SlowDownError if too_soon else AuthorizationPendingError

    def _not_redeemed(self, row: PolledRequestRow, now: datetime) -> NoReturn:
        replayed = codes.redeemed(self.request.tx, row.code_hash, row.client_id)
        if replayed is not None:
            # As with a code: who holds it twice may be two, so the tokens that it gave end.
            self.request.commits = self.server.families.end(self.request.tx, replayed, CODE_REPLAY, ActorKind.SERVICE)
        elif row.expires_at <= now:
            raise ExpiredTokenError("the answer was not fetched in time")
        raise InvalidGrantError(f"the {self.PARAMETER} was used, or what was approved is over")
