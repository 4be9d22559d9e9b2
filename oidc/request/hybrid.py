"""What the hybrid and implicit response types demand beyond code's checks (Core §3.2.2.1, §3.3.2.1)."""

from __future__ import annotations

from dataclasses import replace

from oidc import claims, response_types
from oidc.errors import InvalidRequest, InvalidScope
from oidc.request.accepted import AcceptedRequest


def accept(request: AcceptedRequest) -> AcceptedRequest:
    """The request as it is for its response type; the same one for code. Raises `InvalidScope`, `InvalidRequest`."""
    if request.response_type == response_types.CODE:
        return request
    if "openid" not in request.scope:
        raise InvalidScope("this response_type needs the scope openid")
    if request.authorization_details:  # what came by the browser must not reach papers (docs/decisions/1501)
        raise InvalidRequest("papers are asked for by the response_type code alone")
    if request.response_type == response_types.ID_TOKEN:  # Core §5.4: no userinfo will tell what the scopes ask for
        request = replace(request, id_token_claims=claims.names_for(request.scope, request.id_token_claims))
    if response_types.gives(request.response_type, response_types.CODE):
        return request
    if request.tells_grant:  # Grant Management §5.4 tells it at the token endpoint
        raise InvalidRequest("grant_management_action needs a response_type with a code")
    # Core §11: without a code there is nothing for when the person is away.
    return replace(request, scope=tuple(name for name in request.scope if name != "offline_access"))
