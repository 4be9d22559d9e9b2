"""Who is this client? Exactly one method, the registered one (RFC 6749 §2.3, OpenID Connect Core §9).

Used by every endpoint that clients call: token, revocation, pushed authorization requests. Checking a secret or an
assertion needs no transaction; using up an assertion's `jti` does, hence the two steps.
"""

from __future__ import annotations

from oidc.client_authentication.authentication import AuthenticatedClient, ClientAuthentication
from oidc.client_authentication.presented import ClientRequest

__all__ = ["AuthenticatedClient", "ClientAuthentication", "ClientRequest"]
