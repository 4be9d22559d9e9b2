"""The device authorization request (RFC 8628): a device without a keyboard shows a code, a person types it elsewhere.

Who has typed it at one browser is the only one who can answer: at any other the code is unknown from then on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id, new_secret
from config.rate_limits import RateLimits, TooManyRequests
from oidc import single_use
from oidc.client_authentication import ClientAuthentication, ClientRequest
from oidc.clients import Client
from oidc.consent import hashed
from oidc.errors import AskedTooOften, UnauthorizedClient, UnknownUserCode
from oidc.grants.device_code import KIND, DeviceCode
from oidc.interaction import Interactions
from oidc.keys import SecretKeys
from oidc.protocols import SignedIn
from oidc.request import AcceptedRequest, Checks, dpop
from oidc.store import polled_requests
from oidc.store.polled_requests import PolledRequestRow
from oidc.tokens.binding import Proofs
from oidc.tokens.refresh_token import token_hash

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)
"""Between two polls (RFC 8628 §3.2)."""
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of a user code: no vowels, hence no words, no figures to take for letters (RFC 8628 §6.1)."""
LENGTH = 8
"""20^8, about 34 bits: with the limits below and 100 codes waiting, a guess hits in 10 minutes once in 250,000."""
WINDOW = timedelta(minutes=10)
TRIES_ACCOUNT = 10
TRIES_NETWORK = 30
"""A town hall's kiosks share an address."""
MOST_BEGUN = 100
"""Codes of one client in a window: the fewer wait, the longer a guesser needs."""
TRIES_ALL = 1_000
"""Of everybody together, so that many accounts don't help (RFC 8628 §5.1)."""
_USER_CODE = re.compile(f"[{LETTERS}]{{{LENGTH}}}")


class DeviceAuthorizations:
    """Gives out codes, and opens the request of a code that a person types."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        checks: Checks,
        interactions: Interactions,
        proofs: Proofs,
        secret_keys: SecretKeys,
        rate_limits: RateLimits,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """secret_keys: make the MAC by which a user code is found. rate_limits: count those who guess."""
        self._database = database
        self._client_authentication = client_authentication
        self._checks = checks
        self._interactions = interactions
        self._proofs = proofs
        self._secret_keys = secret_keys
        self._rate_limits = rate_limits
        self._clock = clock
        self._randomness = randomness

    def answer(self, presented: ClientRequest) -> Mapping[str, Any]:
        """Begin a device's request: the members of the JSON response (RFC 8628 §3.2).

        Raises `OAuthError`, `AskedTooOften` among them: nothing is kept then, but assertion and proof are used up.
        """
        authenticated = self._client_authentication.authenticate(presented)
        proof = self._proofs.shown(presented.dpop, method=presented.method, path=presented.path)
        with single_use.used_up_anyway(self._database, authenticated, proof):
            # A proof binds the answer here as it binds a code at the pushing (RFC 9449 §10.1).
            request = dpop.bound(self._checked(authenticated.client, presented), proof)
            device_code, user_code = self._keep(request, lambda tx: single_use.use(tx, authenticated, proof))
        return {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": f"{self._checks.issuer}/device",
            "verification_uri_complete": f"{self._checks.issuer}/device?user_code={user_code}",
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": int(INTERVAL.total_seconds()),
        }

    def open(self, typed: str, *, there: SignedIn, browser: str, network: str) -> str:
        """Open the request of a typed code at this browser; the handle of the interaction that asks the person.

        network: the address that the person comes from, for the count of tries.
        Raises `UnknownUserCode`; `config.rate_limits.TooManyRequests` before the code is looked at.
        """
        self._count(there, network)
        code = plain(typed)
        if not _USER_CODE.fullmatch(code):
            raise UnknownUserCode
        mac, now = self._mac(code), self._clock.now()
        with self._database.transaction() as tx:
            row = polled_requests.by_user_code(tx, mac, now)
            if row is None or polled_requests.open_at(tx, row.id, hashed(browser), now) != 1:
                raise UnknownUserCode
        request = AcceptedRequest.from_json(row.request)
        return self._interactions.begin(request, browser, there.sign_in, row.expires_at - now)

    def _checked(self, client: Client, presented: ClientRequest) -> AcceptedRequest:
        if not client.check_grant_type(DeviceCode.GRANT_TYPE):
            raise UnauthorizedClient("the client is not registered for this grant type")
        request = self._checks.check_polled(client, presented.form, presented.resources, new_id(self._randomness))
        try:
            self._rate_limits.check("device-client", client.client_id, MOST_BEGUN, WINDOW)
        except TooManyRequests as error:
            raise AskedTooOften("this client shows too many codes at once") from error
        return request

    def _keep(self, request: AcceptedRequest, use: Callable[[Transaction], None]) -> tuple[str, str]:
        """Keep the request under new codes; with the one in a million that is taken, under others.

        use: uses up what the client showed, in the same transaction.
        """
        while True:
            device_code, user_code = new_secret(self._randomness), new_user_code(self._randomness)
            row = self._row(request, device_code, self._mac(user_code))
            with self._database.transaction() as tx:
                if polled_requests.add(tx, row):
                    use(tx)
                    return device_code, f"{user_code[:4]}-{user_code[4:]}"

    def _row(self, request: AcceptedRequest, device_code: str, user_code_mac: bytes) -> PolledRequestRow:
        now = self._clock.now()
        return PolledRequestRow(
            id=request.polled,
            kind=KIND,
            secret_hash=token_hash(device_code),
            user_code_mac=user_code_mac,
            client_id=request.client_id,
            request=request.to_json(),
            made_at=now,
            expires_at=now + LIFETIME,
            interval_seconds=int(INTERVAL.total_seconds()),
        )

    def _count(self, there: SignedIn, network: str) -> None:
        self._rate_limits.check("user-code-account", there.subject, TRIES_ACCOUNT, WINDOW)
        self._rate_limits.check("user-code-network", network, TRIES_NETWORK, WINDOW)
        self._rate_limits.check("user-code-all", "", TRIES_ALL, WINDOW)

    def _mac(self, code: str) -> bytes:
        # A plain hash of 34 bits would be read back in a minute by whoever sees the table.
        return self._secret_keys.mac("user-code", code.encode())


def plain(typed: str) -> str:
    """A user code without what people put into it: case, spaces, dashes (RFC 8628 §6.1)."""
    return "".join(character for character in typed[:64].upper() if character.isalnum())


def new_user_code(randomness: Randomness) -> str:
    """A user code, each letter as likely as any other."""
    fair = len(LETTERS) * (256 // len(LETTERS))
    letters = ""
    while len(letters) < LENGTH:
        letters += "".join(LETTERS[byte % len(LETTERS)] for byte in randomness.bytes(LENGTH) if byte < fair)
    return letters[:LENGTH]
