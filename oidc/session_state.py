"""Session Management 1.0: a client's page learns by a hidden frame of ours that the sign-in at the browser changed.

`session_state` goes back with the code: a hash of the client, its origin and a value that our frame reads from a cookie
of its own. The cookie opens nothing; whoever forges it only makes a client ask again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from config.identifiers import Randomness, new_id
from oidc import jwts
from oidc.clients import redirect_uris
from oidc.protocols import SignIn


class SessionStates:
    """Makes `session_state`, where the operator offers it."""

    def __init__(self, *, sign_in: SignIn, randomness: Randomness, is_offered: bool) -> None:
        """sign_in: who is at the browser of the current request. is_offered: `provider.session_management`."""
        self._sign_in = sign_in
        self._randomness = randomness
        self.is_offered = is_offered

    def members(self, client_id: str, redirect_uri: str) -> Mapping[str, str]:
        """What a successful answer tells beside its code (§2); nothing where it isn't offered."""
        if not self.is_offered:
            return {}
        salt = new_id(self._randomness)
        origin = redirect_uris.origin(redirect_uri)
        hashed = hashlib.sha256(f"{client_id} {origin} {self._sign_in.browser_state()} {salt}".encode()).digest()
        return {"session_state": f"{jwts.encode(hashed)}.{salt}"}
