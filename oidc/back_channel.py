"""Back-Channel Logout 1.0: each client that a sign-in visited is told by us, server to server, that it ended.

Who is to be told is written with the end itself, as a job for each client; the worker makes the logout token and posts
it. A job that fails is tried again; the client's own refusal is final (§2.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from config.clock import Clock
from config.database import Transaction
from config.identifiers import Randomness, new_id
from config.jobs import Jobs, Payload
from config.outgoing import Outgoing
from oidc import jwts
from oidc.clients import Client, Clients
from oidc.errors import LogoutNotTaken, LogoutRefused
from oidc.keys import SigningKeys
from oidc.pairwise import Pairwise
from oidc.protocols import SubjectId
from oidc.store import sign_in_clients

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)
"""§2.4: preferably at most two minutes."""
MAX_BYTES = 65_536
"""Of an answer; nothing in it is read."""
_TAKEN = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})
"""§2.8: 200; some frameworks make 204 of it."""


@dataclass(frozen=True, slots=True)
class TellSignedOut(Payload):
    """A job: tell one client. The names are kept here because a closed account's are forgotten in the same moment."""

    kind: ClassVar[str] = "oidc.tell_signed_out"

    client_id: str
    sid: str
    sub: str


class BackChannel:
    """Tells clients that a sign-in ended."""

    def __init__(
        self,
        *,
        clients: Clients,
        pairwise: Pairwise,
        signing_keys: SigningKeys,
        outgoing: Outgoing,
        jobs: Jobs,
        issuer: str,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """issuer: our public address."""
        self._clients = clients
        self._pairwise = pairwise
        self._signing_keys = signing_keys
        self._outgoing = outgoing
        self._jobs = jobs
        self._issuer = issuer
        self._clock = clock
        self._randomness = randomness

    def ended(self, tx: Transaction, sign_in: str) -> None:
        """Ask for a job for each client that the sign-in visited and that wants to be told."""
        for visit in sign_in_clients.visited(tx, sign_in):
            client = self._clients.get(visit.client_id, tx)
            if client is not None and client.backchannel_logout_uri:
                sub = self._pairwise.sub(tx, SubjectId(visit.subject), client)
                self._jobs.enqueue(tx, TellSignedOut(client.client_id, visit.sid, sub))

    def deliver(self, job: TellSignedOut) -> None:
        """Post the logout token (§2.5). Twice does no harm: the second ends nothing more.

        Raises `LogoutRefused` when the client says 400, `LogoutNotTaken` for any other answer than 200 and
        `config.errors.OutgoingError` when there was none.
        """
        client = self._clients.get(job.client_id)
        if client is None or not client.backchannel_logout_uri:  # removed, or asks for it no longer
            return
        body = urlencode({"logout_token": self._token(client, job)}).encode("ascii")
        answer = self._outgoing.post(
            client.backchannel_logout_uri, body, media_type="application/x-www-form-urlencoded", max_bytes=MAX_BYTES
        )
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise LogoutRefused(client.client_id)
        if answer.status not in _TAKEN:
            raise LogoutNotTaken(f"{client.client_id}: {answer.status}")

    def _token(self, client: Client, job: TellSignedOut) -> str:
        now = int(self._clock.now().timestamp())
        # §2.4. Both sub and sid, so backchannel_logout_session_required always has what it asks for; never a nonce.
        claims: Mapping[str, Any] = {
            "iss": self._issuer,
            "sub": job.sub,
            "aud": client.client_id,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "jti": new_id(self._randomness),
            "sid": job.sid,
            "events": {EVENT: {}},
        }
        return self._signing_keys.sign(claims, alg=client.id_token_signed_response_alg, typ=jwts.LOGOUT_TOKEN)
