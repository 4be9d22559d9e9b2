"""Grant Management for OAuth 2.0, draft 03, §5: a client asks for an approval that it can name from then on.

An approval here is what a person decided on one page, with a receipt. A new request makes a new one and never changes
another: of the draft's actions `create` alone is offered (docs/decisions/1401).
"""

from __future__ import annotations

from collections.abc import Mapping

from oidc.clients import Client
from oidc.errors import InvalidRequest

CREATE = "create"
QUERY_SCOPE = "grant_management_query"
REVOKE_SCOPE = "grant_management_revoke"
"""What an access token of the client itself needs at the endpoint (§6)."""
ACTIONS = ("query", "revoke", CREATE)
"""As discovery announces them (§7)."""


def creates(client: Client, parameters: Mapping[str, str]) -> bool:
    """Whether the request wants an approval of its own, whose id the token responses tell.

    Raises `InvalidRequest` for another action, for a grant_id, which only the others go with, and for a client that
    doesn't authenticate, since it could never manage what it made.
    """
    action = parameters.get("grant_management_action")
    if action not in {None, CREATE}:
        raise InvalidRequest("grant_management_action: only create is offered")
    if "grant_id" in parameters:
        raise InvalidRequest("grant_id: an approval is never changed; create a new one")
    if action is not None and client.is_public:
        raise InvalidRequest("grant_management_action: for clients that authenticate")
    return action is not None
