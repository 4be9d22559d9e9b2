"""Front-Channel Logout 1.0: the signed-out page holds a hidden frame for each client that the sign-in visited.

The person's own browser opens it there, with the client's cookies where the browser still sends them from a frame.
It is a second way beside `oidc.back_channel`, which needs no browser and waits for nobody.
"""

from __future__ import annotations

from config.database import Database
from oidc.clients import Clients
from oidc.request.redirect_uri import with_parameters
from oidc.store import sign_in_clients


class FrontChannel:
    """Knows which frames a signed-out page needs."""

    def __init__(self, *, database: Database, clients: Clients, issuer: str) -> None:
        """issuer: our public address."""
        self._database = database
        self._clients = clients
        self._issuer = issuer

    def frames(self, sign_in: str) -> tuple[str, ...]:
        """The addresses to open, by client; ask before the account closes, which forgets where it was.

        `iss` and `sid` always stand there (§2), so frontchannel_logout_session_required always has what it asks for.
        """
        with self._database.reading() as tx:
            visits = sign_in_clients.visited(tx, sign_in)
        found = [(self._clients.get(visit.client_id), visit.sid) for visit in visits]
        return tuple(
            with_parameters(client.frontchannel_logout_uri, {"iss": self._issuer, "sid": sid})
            for client, sid in found
            if client is not None and client.frontchannel_logout_uri
        )
