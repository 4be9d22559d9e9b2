"""response_type, response_mode, state, and what this provider does not take (RFC 6749 §4.1.1, Core §3.1.2, §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oidc import response_types
from oidc.clients import Client
from oidc.errors import (
    InvalidRequest,
    RegistrationNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)

RESPONSE_MODES = ("query", "form_post", "query.jwt", "form_post.jwt", "jwt")
"""Of code. `jwt` stands for query.jwt, the signed form of what code answers by (JARM §2.3.4)."""
TOKEN_RESPONSE_MODES = ("fragment", "form_post", "fragment.jwt", "form_post.jwt", "jwt")
"""Of every other type: tokens never stand in a query (OAuth 2.0 Multiple Response Types §5). `jwt`: fragment.jwt."""
MAX_VALUE = 2_048
"""Characters of state or nonce: they travel through URLs and cookies."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def not_taken(parameters: Mapping[str, str]) -> None:
    """Refuse registration inside the request. Request objects are opened by then (`oidc.request.objects`)."""
    if "registration" in parameters:
        raise RegistrationNotSupported


def response_type(client: Client, parameters: Mapping[str, str], *, hybrid_and_implicit: bool) -> str:
    """The response type, in its canonical order, if the client is registered for it.

    hybrid_and_implicit: whether the operator turned those on; they are for clients of a profile that has them.
    """
    if "response_type" not in parameters:
        raise InvalidRequest("response_type is missing")
    asked = response_types.canonical(parameters["response_type"])
    if asked not in (response_types.EVERY if hybrid_and_implicit else (response_types.CODE,)):
        raise UnsupportedResponseType
    if asked != response_types.CODE and not client.demands.hybrid_and_implicit:
        raise UnauthorizedClient("not for a client of this profile")
    if not client.check_response_type(asked) or not response_types.grant_types(asked) <= client.grant_types:
        raise UnauthorizedClient("the client is not registered for this response_type")
    return asked


def response_mode(client: Client, parameters: Mapping[str, str], response_type: str) -> str:
    """How the answer travels: query (the default for code), fragment (for the others) or form_post, plain or signed."""
    is_code = response_type == response_types.CODE
    plain = "query" if is_code else "fragment"
    asked = parameters.get("response_mode", "jwt" if client.demands.signed_responses else plain)
    if asked not in (RESPONSE_MODES if is_code else TOKEN_RESPONSE_MODES):
        raise InvalidRequest("response_mode is unknown or not allowed for this response_type")
    if client.demands.signed_responses and not asked.endswith("jwt"):
        raise InvalidRequest("this client's answers are signed: response_mode jwt")
    return f"{plain}.jwt" if asked == "jwt" else asked


def response_mode_of_error(client: Client, parameters: Mapping[str, str], *, hybrid_and_implicit: bool) -> str:
    """How a refusal travels, whatever else the request says: where tokens would have come, so does the refusal.

    Core §3.2.2.6, §3.3.2.6.
    """
    asked = response_types.canonical(parameters.get("response_type", ""))
    offered = hybrid_and_implicit and asked in response_types.EVERY
    asked = asked if offered else response_types.CODE
    try:
        return response_mode(client, parameters, asked)
    except InvalidRequest:
        return response_mode(client, {}, asked)


def nonce(parameters: Mapping[str, str], response_type: str) -> str | None:
    """The nonce; needed for an ID token that comes by the browser (Core §3.2.2.1, §3.3.2.11)."""
    value = opaque(parameters, "nonce")
    if value is None and response_types.gives(response_type, response_types.ID_TOKEN):
        raise InvalidRequest("nonce is missing")
    return value


def state(parameters: Mapping[str, str]) -> str | None:
    """The state, handed back unchanged.

    One that can't be handed back is told here, by no redirect: an answer without it, or with part of it, is one that
    its client must not believe (RFC 6749 §10.12).
    """
    try:
        return opaque(parameters, "state")
    except InvalidRequest as error:
        raise InvalidRequest(error.description, redirectable=False) from None


def opaque(parameters: Mapping[str, str], name: str) -> str | None:
    """A value that means nothing to us (RFC 6749 A.5); refused when it is too long or has control characters."""
    value = parameters.get(name)
    if value is not None and (len(value) > MAX_VALUE or _CONTROL.search(value)):
        raise InvalidRequest(f"{name} is too long or has control characters")
    return value
