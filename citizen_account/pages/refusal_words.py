"""Why a request of a service was refused, in plain words: what happened, then what its developers can do.

English here; pages translate, the command line doesn't. The error code and our sentence to the client stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from oidc.diagnosis import RefusalRow


def _(message: str) -> str:
    """Marks a text for the catalogues."""
    return message


@dataclass(frozen=True, slots=True)
class Explanation:
    """Two texts of the catalogues."""

    what: str
    do: str


ENDPOINTS = {
    "authorization": "/authorize",
    "pushed_authorization": "/par",
    "token": "/token",
    "userinfo": "/userinfo",
    "introspection": "/introspect",
    "revocation": "/revoke",
    "device_authorization": "/device-authorization",
    "backchannel_authentication": "/bc-authorize",
    "grant_management": "/grants",
    "registration": "/register",
    "vault_documents": "/vault/documents",
}
"""Where, by the name of the endpoint."""

_BY_CAUSE = {
    "wrong_secret": Explanation(
        _("The secret was wrong."),
        _("Copy the secret again, whole. If it is lost, give the service a new one here: the old one then ends."),
    ),
    "other_method": Explanation(
        _("It proved who it is by another method than the one registered."),
        _("Set the method in its software to the one that stands here, or change it here."),
    ),
    "not_proven": Explanation(
        _("It named itself and proved nothing."),
        _("Its software must send the secret or the signed statement that the registered method asks for."),
    ),
    "certificate": Explanation(
        _("Its certificate is missing, or is not the one registered."),
        _("Compare the certificate with what is registered, and call the address that asks for certificates."),
    ),
    "taken_back": Explanation(
        _("The person took back their approval."),
        _("Nothing is wrong. The service may ask the person again if it must."),
    ),
    "unregistered": Explanation(
        _("The request names a service that is not registered here."),
        _("Compare the client_id in its software with the list of services; it may also be one that was removed."),
    ),
    "trust_chain": Explanation(
        _("No chain of trust leads from this service to a federation that is trusted here."),
        _("Its developers look at our answer, which names the statement that broke the chain; the log has more."),
    ),
}
_BY_DESCRIPTION = {
    "redirect_uri is not registered": Explanation(
        _("The address to which people should return is not registered."),
        _("Register exactly the address that the software sends: host, port, path and final slash all count."),
    ),
    "code_challenge is missing (PKCE, S256)": Explanation(
        _("The request came without PKCE, which this service needs."),
        _("Switch PKCE with S256 on in its software. An old one that cannot: choose the profile for old software."),
    ),
    "this client must push its requests": Explanation(
        _("The profile of this service wants requests pushed first."),
        _("Switch pushed requests (PAR) on in its software, or choose another profile here."),
    ),
    "this client must sign its requests": Explanation(
        _("The profile of this service wants signed requests."),
        _("Switch request objects on in its software, or choose another profile here."),
    ),
    "a scope is unknown or not registered for this client": Explanation(
        _("It asked to know more than is registered."),
        _("Tick what it may know of a person here, or let its software ask for less."),
    ),
    "document scopes need a contract with exactly one purpose that has this type": Explanation(
        _("It asked for a paper in the short form, and its contract does not say for which purpose."),
        _("Let its software ask with authorization_details, which names the purpose."),
    ),
    "Invalid 'code' in request.": Explanation(
        _("The code was used before, is older than a minute, or was given to another service."),
        _("Each code is good once and for 60 seconds: look for a page loaded twice, or a clock that is wrong."),
    ),
    "Invalid 'redirect_uri' in request.": Explanation(
        _("The two requests of one sign-in name different addresses."),
        _("The software must send the same redirect_uri when it fetches the answer."),
    ),
    "the body is application/x-www-form-urlencoded": Explanation(
        _("The request did not come as a form."),
        _("Send application/x-www-form-urlencoded, not JSON."),
    ),
    "parameters go into the body, not into the URL": Explanation(
        _("The parameters stood in the address, where they could leak."),
        _("Send them in the body of a POST."),
    ),
    "expired": Explanation(
        _("Its access was older than five minutes."),
        _("Refresh before each use, and keep the newest; check the clock of its machine."),
    ),
    "a bound token needs the scheme DPoP": Explanation(
        _("Its access is bound to a key, and came without the proof."),
        _("Send it with the scheme DPoP and a proof."),
    ),
    "client assertion: signature": Explanation(
        _("Its signature does not fit the keys that are registered."),
        _("Compare the key in its software with those at its jwks_uri."),
    ),
    "client assertion: aud is the issuer or the token endpoint": Explanation(
        _("Its signed statement is addressed to somebody else."),
        _("Set aud to the issuer of this house, exactly as discovery spells it."),
    ),
    "client assertion: exp is missing, over, or more than 60 minutes ahead": Explanation(
        _("Its signed statement is too old, or lasts too long."),
        _("Make a new one for each request, good for a minute; check the clock of its machine."),
    ),
}
_BY_ERROR = {
    "invalid_client": Explanation(
        _("It could not prove who it is."), _("Compare method, secret or key with what is registered here.")
    ),
    "invalid_grant": Explanation(
        _("What it wanted to exchange is over, used, or was given to another service or key."),
        _("Let the person sign in again. If it comes back: each code and each refresh counts once, keep the newest."),
    ),
    "unauthorized_client": Explanation(
        _("It is not registered for this way of asking."),
        _("Import it with the grant type that it uses (citizen-account client import)."),
    ),
    "unsupported_grant_type": Explanation(
        _("There is no such grant type here."), _("Use the code flow; discovery names what there is.")
    ),
    "unsupported_response_type": Explanation(
        _("There is no such response type here."), _("Set response_type to code in its software.")
    ),
    "invalid_scope": Explanation(
        _("It asked for something that is not registered for it."),
        _("Tick what it may know of a person here, or let its software ask for less."),
    ),
    "invalid_target": Explanation(
        _("It named a resource that is not ours."), _("Leave resource out, or name an address that discovery names.")
    ),
    "invalid_authorization_details": Explanation(
        _("It asked for papers in a way that its contract does not allow."),
        _("Compare purpose, papers and duration with the contract on this page, letter by letter."),
    ),
    "login_required": Explanation(
        _("It asked silently, and nobody (or somebody else) was signed in."),
        _("Nothing is wrong: the software then asks again, with a page."),
    ),
    "consent_required": Explanation(
        _("It asked silently, and there was something to ask the person."),
        _("Nothing is wrong: the software then asks again, with a page."),
    ),
    "interaction_required": Explanation(
        _("It asked silently, and a page had to be shown."),
        _("Nothing is wrong: the software then asks again, with a page."),
    ),
    "unmet_authentication_requirements": Explanation(
        _("It asked for a surer way to sign in than the person has."),
        _("Ask for less, or send the person to set up a code or a passkey, and to show their papers at a counter."),
    ),
    "invalid_request_uri": Explanation(
        _("The pushed request was opened too late, twice, or at another browser."),
        _("Push a new request for each sign-in and open it at once."),
    ),
    "invalid_request_object": Explanation(
        _("Its signed request is not whole, not for us, or not for now."),
        _("The answer says which part: compare key, aud and exp."),
    ),
    "invalid_dpop_proof": Explanation(
        _("Its proof of the key is missing, old, used, or for another address."),
        _("Make a new proof for each request, with the very address and method; check the clock of its machine."),
    ),
    "invalid_token": Explanation(
        _("Its access is over, was taken back, or is not for this place."), _("Refresh, then try once more.")
    ),
    "insufficient_user_authentication": Explanation(
        _("The paper asks for a surer or newer sign-in."),
        _("Nothing is wrong: the software sends the person to sign in again, with the values of our answer."),
    ),
    "insufficient_scope": Explanation(
        _("Its access does not reach this far."), _("Let its software ask to sign the person in, not for papers alone.")
    ),
    "request_over": Explanation(
        _("The person came too late, answered in another tab, or changed browsers."),
        _("Nothing is wrong with the service: the person begins again there."),
    ),
    "expired_token": Explanation(
        _("Nobody answered in time, or the answer was fetched too late."), _("Begin again, and ask at the interval.")
    ),
    "slow_down": Explanation(_("It asked again too soon."), _("Wait as long as interval says, then 5 seconds more.")),
    "invalid_request": Explanation(
        _("A part of the request is missing, stands twice or is badly formed."),
        _("Our answer says which part."),
    ),
}
_OTHER = Explanation(_("The request was refused."), _("Our answer says why."))


def explained(row: RefusalRow) -> Explanation:
    """The words for a refusal that was kept."""
    return of(row.error, row.cause, row.description)


def of(error: str, cause: str, description: str) -> Explanation:
    """By its cause, else by what we answered, else by its code."""
    return _BY_CAUSE.get(cause) or _BY_DESCRIPTION.get(description) or _BY_ERROR.get(error) or _OTHER


def place(row: RefusalRow) -> str:
    """The path of the endpoint."""
    return ENDPOINTS.get(row.endpoint, row.endpoint)


def answer(error: str, description: str) -> str:
    """What the client was told: code and sentence."""
    return f"{error}: {description}" if description else error
