"""Token exchange (RFC 8693): a service hands on part of what a person granted it to a back end of its own.

Whoever asks authenticates as the acting client: the service that the token was given to, or a client whose contract
says that it acts for that service. What comes out is never wider and never longer than what went in, stands and falls
with the same family, and is bound to the key of whoever asks. `sub` stays that of the service the person dealt with:
the back end works in its name, and learns no name of its own for the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from audit.entries import AccessHandedOn, ActorKind, PersonId
from oidc.clients import Client
from oidc.clients.metadata import TOKEN_EXCHANGE
from oidc.errors import InvalidAuthorizationDetails, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient
from oidc.grants.server import AccessDraft, TokenRequest
from oidc.request import strict_json
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.access_token import ACTOR, FAMILY, ORIGIN

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 -- a type's name
_KEPT: Final = ("sub", "auth_time", "acr", FAMILY)
MAX_DETAILS = 16


class TokenExchange(BaseGrant, TokenEndpointMixin):  # type: ignore[misc] # Authlib has no types, and no such grant
    """One access token for another, narrower one."""

    GRANT_TYPE = TOKEN_EXCHANGE
    request: TokenRequest

    def validate_token_request(self) -> None:
        """RFC 8693 §2.1. Raises `UnauthorizedClient`, `InvalidRequest`, `InvalidTarget`."""
        client, form = self.request.client, self.request.form
        if client.is_public or not client.check_grant_type(TOKEN_EXCHANGE):
            raise UnauthorizedClient("not registered for it, or doesn't authenticate")
        if "subject_token" not in form:
            raise InvalidRequest("subject_token is missing")
        if form.get("subject_token_type") != ACCESS_TOKEN:
            raise InvalidRequest("subject_token_type: an access token is what can be exchanged")
        if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequest("requested_token_type: an access token is what can be had")
        if "actor_token" in form or "actor_token_type" in form:
            raise InvalidRequest("actor_token: the client that authenticates is the one that acts")
        if "audience" in form:
            raise InvalidTarget("audience: name the resource instead")

    def create_token_response(self) -> tuple[int, AccessDraft, Sequence[tuple[str, str]]]:
        """Draft the token and write down who got what.

        Raises `InvalidRequest`, `InvalidScope`, `InvalidAuthorizationDetails`.
        """
        request = self.request
        claims, family = self._subject(request.client)
        scope = _narrowed_scope(claims["scope"].split(), request.form.get("scope"))
        details = _narrowed_details(claims.get("authorization_details", []), request.form.get("authorization_details"))
        told = {name: claims[name] for name in _KEPT}
        told |= {
            "client_id": request.client.client_id,
            "scope": " ".join(scope),
            "jti": self.server.access_tokens.new_jti(),
            ORIGIN: claims["jti"],
            ACTOR: {"sub": request.client.client_id},  # RFC 8693 §4.1
        }
        self.server.ledger.append(
            request.tx,
            AccessHandedOn(
                actor_kind=ActorKind.SERVICE,
                persons=(PersonId(family.subject),),
                client=family.client_id,
                receiver=request.client.client_id,
                scope=" ".join(scope),
                grant=family.grant_id,
                token=told["jti"],
            ),
        )
        draft = AccessDraft(
            claims=told,
            authorization_details=details,
            audience=tuple(claims["aud"]),
            binding=request.binding,
            ends_at=datetime.fromtimestamp(claims["exp"], UTC),
            issued_token_type=ACCESS_TOKEN,
        )
        return 200, draft, self.TOKEN_RESPONSE_HEADER

    def _subject(self, client: Client) -> tuple[Mapping[str, Any], AuthorizationRow]:
        """The subject token's claims and family. One refusal for all reasons: a stranger learns nothing from it."""
        request = self.request
        claims = request.subject_claims
        if claims is None or FAMILY not in claims or ACTOR in claims:  # it is handed on once
            raise InvalidRequest("subject_token is no token that this client can exchange")
        family = self.server.access_tokens.family_of(request.tx, claims)
        if family is None or family.client_id not in {client.client_id, *client.contract.get("acts_for", ())}:
            raise InvalidRequest("subject_token is no token that this client can exchange")
        if "cnf" in claims and not request.binding.confirmation:  # what was bound never becomes a bearer token
            raise InvalidRequest("subject_token is bound to a key: show one of the client's own")
        return claims, family


def _narrowed_scope(granted: Sequence[str], asked: str | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(asked.split(" "))) if asked is not None else tuple(granted)
    if not set(wanted) <= set(granted):
        raise InvalidScope("wider than the subject token's")
    return wanted


def _narrowed_details(granted: Sequence[Mapping[str, Any]], asked: str | None) -> tuple[Mapping[str, Any], ...]:
    """RFC 9396 §6: some of the papers, all of them when nothing is asked. Papers are named by their lendings."""
    if asked is None:
        return tuple(granted)
    try:
        wanted = strict_json.parse(asked)
    except ValueError:
        raise InvalidAuthorizationDetails("authorization_details is not JSON") from None
    if not isinstance(wanted, list) or not 0 < len(wanted) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails("authorization_details must be an array of 1 to 16 objects")
    return tuple(_narrowed_detail(granted, detail) for detail in wanted)


def _narrowed_detail(granted: Sequence[Mapping[str, Any]], wanted: object) -> Mapping[str, Any]:
    for detail in granted:
        if (
            isinstance(wanted, dict)
            and "type" in wanted
            and all(_is_within(detail, name, wanted[name]) for name in wanted)
            and ("documents" in wanted or _has_every_type(detail, wanted))
        ):
            return {**detail, **wanted}
    raise InvalidAuthorizationDetails("wider than the subject token's")


def _has_every_type(detail: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """A token doesn't say of which type each paper is: of fewer types alone, every paper would be handed on."""
    return set(wanted.get("document_types", detail["document_types"])) == set(detail["document_types"])


def _is_within(detail: Mapping[str, Any], name: str, value: object) -> bool:
    """Of a list some members, of anything else the same."""
    known = detail.get(name)
    if isinstance(known, list):
        return isinstance(value, list) and bool(value) and all(member in known for member in value)
    return name in detail and value == known
