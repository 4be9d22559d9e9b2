"""response_type, response_mode, state, and what this provider does not take (RFC 6749 §4.1.1, Core §3.1.2, §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oidc.clients import Client
from oidc.errors import (
    InvalidRequest,
    RegistrationNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)

RESPONSE_TYPES = ("code",)
RESPONSE_MODES = ("query", "form_post", "query.jwt", "form_post.jwt", "jwt")
"""`jwt` stands for query.jwt, the signed form of what code answers by (JARM §2.3.4)."""
MAX_VALUE = 2_048
"""Characters of state or nonce: they travel through URLs and cookies."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def not_taken(parameters: Mapping[str, str]) -> None:
    """Refuse registration inside the request. Request objects are opened by then (`oidc.request.objects`)."""
    if "registration" in parameters:
        raise RegistrationNotSupported


def response_type(client: Client, parameters: Mapping[str, str]) -> str:
    """The response type: `code`, if the client is registered for it."""
    asked = parameters.get("response_type")
    if asked is None:
        raise InvalidRequest("response_type is missing")
    if asked not in RESPONSE_TYPES:
        raise UnsupportedResponseType
    if not client.check_response_type(asked) or not client.check_grant_type("authorization_code"):
        raise UnauthorizedClient("the client is not registered for this response_type")
    return asked


def response_mode(client: Client, parameters: Mapping[str, str]) -> str:
    """How the answer travels: query (the default for code) or form_post, plain or signed."""
    asked = parameters.get("response_mode", "jwt" if client.demands.signed_responses else "query")
    if asked not in RESPONSE_MODES:
        raise InvalidRequest("response_mode is unknown or not allowed for this response_type")
    if client.demands.signed_responses and not asked.endswith("jwt"):
        raise InvalidRequest("this client's answers are signed: response_mode jwt")
    return asked


def response_mode_of_error(client: Client, parameters: Mapping[str, str]) -> str:
    """How a refusal travels, whatever else the request says."""
    try:
        return response_mode(client, parameters)
    except InvalidRequest:
        return "jwt" if client.demands.signed_responses else "query"


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
