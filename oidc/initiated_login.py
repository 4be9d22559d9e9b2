"""Third-party initiated login (OpenID Connect Core §4): a page of ours leads to a service, signed in on arrival."""

from __future__ import annotations

from oidc.clients import Client, redirect_uris
from oidc.request.redirect_uri import with_parameters


def address(client: Client, issuer: str) -> str:
    """Where a person opens the service: where its sign-in begins, else its first page; empty when it has neither.

    `target_link_uri` is its first page, when that is of the same origin: the service must check it, or it would send
    people anywhere. Never a `login_hint`: addresses are kept in many places, and this one would say whose it is.
    """
    begins, first_page = client.initiate_login_uri, client.client_uri
    if not begins:
        return first_page
    parameters = {"iss": issuer}
    if first_page and redirect_uris.origin(first_page) == redirect_uris.origin(begins):
        parameters["target_link_uri"] = first_page
    return with_parameters(begins, parameters)
