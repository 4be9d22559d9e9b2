"""Client metadata: from the JSON of RFC 7591 and OpenID Connect Registration to a `Client`, each member checked.

Members that we don't know are ignored (RFC 7591 §2); those that ask for a protection that we don't have are refused,
because ignoring them would weaken what the client counts on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from oidc import response_types
from oidc.clients import certificate_names, contract, key_sets, redirect_uris
from oidc.clients.client import (
    AUTHENTICATION_METHODS,
    CERTIFICATE_METHODS,
    PUBLIC,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    Client,
)
from oidc.errors import InvalidClientMetadata, InvalidRedirectUri
from oidc.jwts import ENCRYPTION_ALGORITHMS, ENCRYPTION_ENCODINGS, FOREIGN_ALGORITHMS, OWN_ALGORITHMS
from oidc.profiles import DEFAULT, PROFILES, Profile

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 -- a grant type
POLLED_GRANT_TYPES = frozenset({DEVICE_CODE, CIBA})
"""Their requests are neither pushed nor signed."""
CONFIDENTIAL_GRANT_TYPES = frozenset({"client_credentials", TOKEN_EXCHANGE, CIBA})
"""Only for clients that authenticate (RFC 6749 §4.4, RFC 8693 §5, CIBA §7.1)."""
IMPLICIT = response_types.IMPLICIT
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", TOKEN_EXCHANGE, DEVICE_CODE, CIBA)
"""In the order in which discovery names them; `implicit` follows where it is turned on."""
POLL, PING = "poll", "ping"
DELIVERY_MODES = (POLL, PING)
"""How a client learns that there is an answer (CIBA §5); tokens are never pushed."""
HMAC_ALGORITHMS = frozenset({"HS256"})
PUBLIC_SECTOR = "public:"
"""The sector of clients with subject_type public; a host never has a colon."""
_NOT_DESCRIBED = frozenset({"name", "names", "scopes", "sector", "contract", "profile", "require_pkce", "federated"})
"""Of a client's fields: those with another name, and the operator's own."""
MIN_SECRET_CHARS = 32
MAX_SECRET_CHARS = 512
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SECRET = re.compile(r"[\x20-\x7e]+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_UNSUPPORTED = (
    "authorization_encrypted_response_alg",
    "backchannel_authentication_request_signing_alg",
    "backchannel_user_code_parameter",
    "introspection_encrypted_response_alg",
    "request_object_encryption_alg",
)


def parse(metadata: Mapping[str, Any], *, client_id: str, default_alg: str) -> Client:
    """A client of checked metadata.

    client_id: used when the metadata name none. default_alg: of ID tokens when the metadata name none.
    Raises `InvalidClientMetadata` or `InvalidRedirectUri`, naming the member.
    """
    for name in _UNSUPPORTED:
        if metadata.get(name):
            raise InvalidClientMetadata(f"{name} is not supported here")
    given_id = _text(metadata, "client_id") or client_id
    if not is_client_id(given_id):
        raise InvalidClientMetadata("client_id: 1 to 128 visible ASCII characters")
    profile = PROFILES[_one_of(metadata, "profile", PROFILES.keys(), DEFAULT)]
    # RFC 7591 §2: client_secret_basic is what a registration means that names none.
    methods = AUTHENTICATION_METHODS | CERTIFICATE_METHODS
    method = _one_of(metadata, "token_endpoint_auth_method", methods, "client_secret_basic")
    if method not in profile.authentication:
        raise InvalidClientMetadata(f"token_endpoint_auth_method: not for a client of profile {profile.name}")
    grant_types = _some_of(metadata, "grant_types", (*GRANT_TYPES, IMPLICIT), ["authorization_code"])
    if method == PUBLIC and grant_types & CONFIDENTIAL_GRANT_TYPES:
        raise InvalidClientMetadata("grant_types: only for a client that authenticates")
    native = _one_of(metadata, "application_type", {"web", "native"}, "web") == "native"
    uris = tuple(redirect_uris.check(uri, native=native) for uri in _list(metadata, "redirect_uris"))
    if profile.pushed_requests and grant_types & POLLED_GRANT_TYPES:
        raise InvalidClientMetadata(f"grant_types: not for a client of profile {profile.name}")
    if grant_types & {"authorization_code", IMPLICIT} and not uris:
        raise InvalidRedirectUri("redirect_uris: at least one is needed")
    if IMPLICIT in grant_types and not native and not all(map(_is_web, uris)):
        raise InvalidRedirectUri("redirect_uris: https and not localhost, for tokens by the browser")
    by_certificate = _flag(metadata, "tls_client_certificate_bound_access_tokens")
    default_alg = default_alg if default_alg in profile.signing_algorithms else "ES256"
    client = Client(
        client_id=given_id,
        name=_text(metadata, "client_name") or given_id,
        names={key.partition("#")[2]: _text(metadata, key) for key in metadata if key.startswith("client_name#")},
        **{name: _web_address(metadata, name) for name in ("logo_uri", "policy_uri", "tos_uri", "client_uri")},
        redirect_uris=uris,
        post_logout_redirect_uris=tuple(
            redirect_uris.check(uri, native=native) for uri in _list(metadata, "post_logout_redirect_uris")
        ),
        application_type="native" if native else "web",
        token_endpoint_auth_method=method,
        token_endpoint_auth_signing_alg=_signing_alg(metadata, method),
        **certificate_names.check(metadata, method),
        grant_types=grant_types,
        response_types=_response_types(metadata, grant_types),
        scopes=_scopes(metadata),
        subject_type=_one_of(metadata, "subject_type", {"pairwise", "public"}, "pairwise"),
        sector=_sector(metadata, given_id),
        id_token_signed_response_alg=_one_of(metadata, "id_token_signed_response_alg", OWN_ALGORITHMS, default_alg),
        userinfo_signed_response_alg=_one_of(metadata, "userinfo_signed_response_alg", OWN_ALGORITHMS, "") or None,
        **_encryption(metadata, "id_token"),
        **_encryption(metadata, "userinfo"),
        introspection_signed_response_alg=_one_of(
            metadata, "introspection_signed_response_alg", OWN_ALGORITHMS, default_alg
        ),
        authorization_signed_response_alg=_one_of(
            metadata, "authorization_signed_response_alg", OWN_ALGORITHMS, default_alg
        ),
        request_object_signing_alg=_one_of(metadata, "request_object_signing_alg", FOREIGN_ALGORITHMS, "") or None,
        require_signed_request_object=_flag(metadata, "require_signed_request_object"),
        request_uris=tuple(_list(metadata, "request_uris")),
        jwks=_jwks(metadata, method),
        jwks_uri=_text(metadata, "jwks_uri"),
        **_backchannel(metadata, grant_types),
        backchannel_logout_uri=_text(metadata, "backchannel_logout_uri"),
        backchannel_logout_session_required=_flag(metadata, "backchannel_logout_session_required"),
        frontchannel_logout_uri=_frontchannel_logout_uri(metadata, uris),
        frontchannel_logout_session_required=_flag(metadata, "frontchannel_logout_session_required"),
        initiate_login_uri=_web_address(metadata, "initiate_login_uri"),
        require_pkce=_pkce(metadata, method, profile),
        require_pushed_authorization_requests=_demanded(
            metadata, "require_pushed_authorization_requests", profile, demanded=profile.pushed_requests
        ),
        # FAPI 2.0 §5.3.2.1: by the one or by the other.
        dpop_bound_access_tokens=_demanded(
            metadata,
            "dpop_bound_access_tokens",
            profile,
            demanded=profile.sender_constrained and not by_certificate,
        ),
        tls_client_certificate_bound_access_tokens=by_certificate,
        profile=profile.name,
        contract=contract.check(metadata.get("contract", {})),
        contacts=tuple(_list(metadata, "contacts")),
        federated=False,  # by no word of its own
    )
    _check_algorithms(client, profile)
    _check_by_browser(client, profile)
    return client


def described(client: Client) -> dict[str, Any]:
    """What is registered, in the words of RFC 7591 §2 (§3.2.1: all of it is told to the client)."""
    told: dict[str, Any] = {"client_name": client.name, "scope": " ".join(sorted(client.scopes))}
    told |= {f"client_name#{language}": name for language, name in client.names.items()}
    for field in fields(client):
        value = getattr(client, field.name)
        if field.name not in _NOT_DESCRIBED and value not in (None, "", (), {}):
            told[field.name] = sorted(value) if isinstance(value, frozenset) else value
    return told


def is_client_id(text: str) -> bool:
    """Whether a client may have that id (RFC 6749 A.1, without the space)."""
    return _CLIENT_ID.fullmatch(text) is not None


def check_secret(metadata: Mapping[str, Any], client: Client) -> str | None:
    """The secret that came with the metadata, if one did and may. Raises `InvalidClientMetadata`."""
    secret = _text(metadata, "client_secret")
    if not secret:
        return None
    if client.token_endpoint_auth_method in {PUBLIC, "private_key_jwt", *CERTIFICATE_METHODS}:
        raise InvalidClientMetadata(f"client_secret: {client.token_endpoint_auth_method} uses none")
    if not MIN_SECRET_CHARS <= len(secret) <= MAX_SECRET_CHARS or not _SECRET.fullmatch(secret):
        raise InvalidClientMetadata(f"client_secret: {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} ASCII characters")
    return secret


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name, "")
    if not isinstance(value, str):
        raise InvalidClientMetadata(f"{name}: a string")
    return value


def _list(metadata: Mapping[str, Any], name: str) -> list[Any]:
    value = metadata.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidClientMetadata(f"{name}: a list of strings")
    return value


def _mapping(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = metadata.get(name, {})
    if not isinstance(value, dict):
        raise InvalidClientMetadata(f"{name}: an object")
    return value


def _flag(metadata: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = metadata.get(name, default)
    if not isinstance(value, bool):
        raise InvalidClientMetadata(f"{name}: true or false")
    return value


def _one_of(metadata: Mapping[str, Any], name: str, known: Collection[str], default: str) -> str:
    value = _text(metadata, name) or default
    if value and value not in known:
        raise InvalidClientMetadata(f"{name}: one of {' '.join(sorted(known))}")
    return value


def _some_of(metadata: Mapping[str, Any], name: str, known: Collection[str], default: list[str]) -> frozenset[str]:
    values = frozenset(_list(metadata, name) or default)
    if not values <= frozenset(known):
        raise InvalidClientMetadata(f"{name}: some of {' '.join(sorted(known))}")
    return values


def _web_address(metadata: Mapping[str, Any], name: str) -> str:
    value = _text(metadata, name)
    if value:
        try:
            redirect_uris.check(value, native=False)
        except InvalidRedirectUri as error:
            raise InvalidClientMetadata(f"{name}: {error.description}") from error
    return value


def _frontchannel_logout_uri(metadata: Mapping[str, Any], uris: Collection[str]) -> str:
    uri = _web_address(metadata, "frontchannel_logout_uri")
    # Front-Channel Logout §2: or any client could have any site opened in a person's browser.
    if uri and redirect_uris.origin(uri) not in {redirect_uris.origin(one) for one in uris}:
        raise InvalidClientMetadata("frontchannel_logout_uri: scheme, host and port of a redirect_uri")
    return uri


def _scopes(metadata: Mapping[str, Any]) -> frozenset[str]:
    scopes = (_text(metadata, "scope") or "openid").split(" ")
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise InvalidClientMetadata("scope: names separated by single spaces (RFC 6749 §3.3)")
    return frozenset(scopes)


def _is_web(uri: str) -> bool:
    """Whether a web client may get tokens there by the browser (Registration §2, application_type)."""
    parts = urlsplit(uri)
    return parts.scheme == "https" and parts.hostname != "localhost"


def _response_types(metadata: Mapping[str, Any], grant_types: frozenset[str]) -> frozenset[str]:
    named = {"response_types": [response_types.canonical(one) for one in _list(metadata, "response_types")]}
    chosen = _some_of(named, "response_types", response_types.EVERY, [response_types.CODE])
    # Registration §2: each with its grant types. `code` is what a registration means that names none, machines too.
    if any(not response_types.grant_types(one) <= grant_types for one in chosen - {response_types.CODE}):
        raise InvalidClientMetadata("response_types: grant_types lacks what these need")
    return chosen


def _check_by_browser(client: Client, profile: Profile) -> None:
    """Refuse tokens by the browser to whom they aren't for, and to whoever has all of its tokens bound."""
    if not client.gets_tokens_by_browser:
        return
    if not profile.hybrid_and_implicit:
        raise InvalidClientMetadata(f"response_types, grant_types: not for a client of profile {profile.name}")
    if client.dpop_bound_access_tokens or client.tls_client_certificate_bound_access_tokens:
        raise InvalidClientMetadata("response_types, grant_types: what the browser carries is bound to no key")


def _sector(metadata: Mapping[str, Any], client_id: str) -> str:
    # Without a sector_identifier_uri each client is a sector of its own (docs/decisions/0602).
    if metadata.get("subject_type") == "public":
        return PUBLIC_SECTOR
    uri = _web_address(metadata, "sector_identifier_uri")
    if not uri:
        return f"client:{client_id}"
    parts = urlsplit(uri)
    if parts.scheme != "https" or not parts.hostname:
        raise InvalidClientMetadata("sector_identifier_uri: an https address")
    return parts.hostname


def _signing_alg(metadata: Mapping[str, Any], method: str) -> str | None:
    known = HMAC_ALGORITHMS if method == "client_secret_jwt" else FOREIGN_ALGORITHMS
    return _one_of(metadata, "token_endpoint_auth_signing_alg", known, "") or None


def _pkce(metadata: Mapping[str, Any], method: str, profile: Profile) -> bool:
    # Without PKCE a public client's code is anybody's (RFC 9700 §2.1.1).
    required = _flag(metadata, "require_pkce", default=profile.pkce or method == PUBLIC)
    if not required and (method == PUBLIC or profile.pushed_requests):
        raise InvalidClientMetadata("require_pkce: this client can't do without")
    return required


def _demanded(metadata: Mapping[str, Any], name: str, profile: Profile, *, demanded: bool) -> bool:
    value = _flag(metadata, name, default=demanded)
    if demanded and not value:
        raise InvalidClientMetadata(f"{name}: profile {profile.name} demands it")
    return value


def _backchannel(metadata: Mapping[str, Any], grant_types: Collection[str]) -> dict[str, str]:
    mode = _one_of(metadata, "backchannel_token_delivery_mode", DELIVERY_MODES, POLL if CIBA in grant_types else "")
    endpoint = _text(metadata, "backchannel_client_notification_endpoint")
    if mode == PING and not endpoint:
        raise InvalidClientMetadata("backchannel_client_notification_endpoint: ping needs it")  # CIBA §4
    return {"backchannel_token_delivery_mode": mode, "backchannel_client_notification_endpoint": endpoint}


def _encryption(metadata: Mapping[str, Any], what: str) -> dict[str, str]:
    alg_name, enc_name = f"{what}_encrypted_response_alg", f"{what}_encrypted_response_enc"
    alg = _one_of(metadata, alg_name, ENCRYPTION_ALGORITHMS, "")
    enc = _one_of(metadata, enc_name, ENCRYPTION_ENCODINGS, ENCRYPTION_ENCODINGS[0] if alg else "")
    if enc and not alg:
        raise InvalidClientMetadata(f"{alg_name}: {enc_name} needs it")
    return {alg_name: alg, enc_name: enc}


def _check_algorithms(client: Client, profile: Profile) -> None:
    for name in (
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "introspection_signed_response_alg",
        "token_endpoint_auth_signing_alg",
        "authorization_signed_response_alg",
        "request_object_signing_alg",
    ):
        alg = getattr(client, name)
        if alg is not None and alg not in profile.signing_algorithms:
            raise InvalidClientMetadata(f"{name}: not for a client of profile {profile.name}")


def _jwks(metadata: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    jwks = key_sets.check(_mapping(metadata, "jwks"))
    if jwks and metadata.get("jwks_uri"):
        raise InvalidClientMetadata("jwks and jwks_uri exclude each other")  # RFC 7591 §2
    needs_keys = method in {"private_key_jwt", SELF_SIGNED_TLS_CLIENT_AUTH}
    if needs_keys and not jwks and not metadata.get("jwks_uri"):
        raise InvalidClientMetadata(f"jwks or jwks_uri: {method} needs a public key")
    return jwks
