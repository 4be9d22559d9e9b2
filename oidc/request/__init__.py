"""The checks of an authorization request, in order. Compare `check` with the specifications line by line.

The client, and then its redirect_uri, come before everything (`oidc.authorization`): until both are known, nothing
may be redirected (docs/decisions/0501). What passes is an `AcceptedRequest`; nobody looks at the raw parameters again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oidc import response_types
from oidc.clients import Client
from oidc.errors import InvalidRequest
from oidc.protocols import Evidence
from oidc.request import (
    authorization_details,
    dpop,
    grant_management,
    hybrid,
    openid,
    pkce,
    redirect_uri,
    resource,
    response,
    scope,
)
from oidc.request.accepted import AcceptedRequest

__all__ = ["AcceptedRequest", "Checks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What the checks need to know of the house."""

    evidence: Evidence
    hints: openid.Hints
    issuer: str
    vault: str
    hybrid_and_implicit: bool = False
    """Whether the operator turned those response types on (`oidc.response_types`)."""

    def mode_of_error(self, client: Client, parameters: Mapping[str, str]) -> str:
        """How a refusal of `check` travels to the client."""
        return response.response_mode_of_error(client, parameters, hybrid_and_implicit=self.hybrid_and_implicit)

    def check(
        self,
        client: Client,
        parameters: Mapping[str, str],
        resources: Sequence[str] = (),
    ) -> AcceptedRequest:
        """The accepted request, or the first refusal of the table below.

        parameters: each name once, without `resource`.
        """
        redirect = redirect_uri.accept(client, parameters.get("redirect_uri"))  # RFC 9700 §2.1, RFC 8252 §7.3
        state = response.state(parameters)  # RFC 6749 §4.1.1
        response.not_taken(parameters)  # Core §7.2.1
        response_type = response.response_type(  # RFC 6749 §3.1.1
            client, parameters, hybrid_and_implicit=self.hybrid_and_implicit
        )
        response_mode = response.response_mode(client, parameters, response_type)  # OAuth 2.0 Form Post, JARM §2.3
        nonce = response.nonce(parameters, response_type)  # Core §3.1.2.1, §3.2.2.1
        has_code = response_types.gives(response_type, response_types.CODE)
        challenge = pkce.code_challenge(client, parameters) if has_code else None  # RFC 7636 §4.3, RFC 9700 §2.1.1
        scopes, shorthand = scope.accept(client, self.evidence, parameters)  # RFC 6749 §3.3
        details = authorization_details.accept(client, self.evidence, parameters, self.vault)  # RFC 9396 §5
        resources = resource.accept(resources, (self.issuer, self.vault))  # RFC 8707 §2
        prompts = openid.prompt(parameters)  # Core §3.1.2.1
        max_age = openid.max_age(parameters)  # Core §3.1.2.1
        asked = openid.claims(parameters)  # Core §5.5
        hinted_sub = openid.hinted_sub(client, self.hints, parameters)  # Core §3.1.2.1
        if "openid" in scopes and "redirect_uri" not in parameters:  # Core §3.1.2.1: required
            raise InvalidRequest("redirect_uri is missing", redirectable=False)
        if hinted_sub and asked.sub and hinted_sub != asked.sub:
            raise InvalidRequest("id_token_hint and claims name different persons")
        if not scopes and not details and not shorthand:
            raise InvalidRequest("nothing is asked")
        accepted = AcceptedRequest(
            client_id=client.client_id,
            redirect_uri=redirect,
            redirect_uri_given="redirect_uri" in parameters,
            response_type=response_type,
            response_mode=response_mode,
            scope=scopes,
            state=state,
            nonce=nonce,
            code_challenge=challenge,
            authorization_details=authorization_details.each_once((*details, *shorthand), self.vault),
            resource=tuple(resources),
            userinfo_claims=asked.userinfo,
            id_token_claims=asked.id_token,
            prompt=prompts,
            max_age=max_age,
            acr_values=openid.acr_values(parameters),
            essential_acr=asked.essential_acr,
            expected_sub=hinted_sub or asked.sub,
            login_hint=response.opaque(parameters, "login_hint"),
            ui_locales=openid.ui_locales(parameters),
            dpop_jkt=dpop.thumbprint(parameters),  # RFC 9449 §10
            tells_grant=grant_management.creates(client, parameters),  # Grant Management §5
        )
        return hybrid.accept(accepted)  # Core §3.2.2.1, §3.3.2.1

    def check_polled(
        self,
        client: Client,
        parameters: Mapping[str, str],
        resources: Sequence[str],
        polled: str,
    ) -> AcceptedRequest:
        """The same for a request whose answer its client asks for: no browser carries it, so nothing is redirected.

        polled: the id under which the answer is kept. The person is always asked, whatever stands: what is approved
        here works on another device, which may be a stranger's (RFC 8628 §5.4).
        """
        scopes, shorthand = scope.accept(client, self.evidence, parameters)  # RFC 8628 §3.1, CIBA §7.1
        details = authorization_details.accept(client, self.evidence, parameters, self.vault)  # RFC 9396 §1
        resources = resource.accept(resources, (self.issuer, self.vault))  # RFC 8707 §2
        max_age = openid.max_age(parameters)  # Core §3.1.2.1
        asked = openid.claims(parameters)  # Core §5.5
        if not scopes and not details and not shorthand:
            raise InvalidRequest("nothing is asked")
        return AcceptedRequest(
            client_id=client.client_id,
            redirect_uri="",
            redirect_uri_given=False,
            scope=scopes,
            authorization_details=authorization_details.each_once((*details, *shorthand), self.vault),
            resource=tuple(resources),
            userinfo_claims=asked.userinfo,
            id_token_claims=asked.id_token,
            prompt=("consent",),
            max_age=max_age,
            acr_values=openid.acr_values(parameters),
            essential_acr=asked.essential_acr,
            expected_sub=asked.sub,
            ui_locales=openid.ui_locales(parameters),
            dpop_jkt=dpop.thumbprint(parameters),  # RFC 9449 §10
            tells_grant=grant_management.creates(client, parameters),  # Grant Management §5
            polled=polled,
        )
