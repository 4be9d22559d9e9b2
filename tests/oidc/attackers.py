"""The parties of the FAPI 2.0 Attacker Model: browsers, honest clients that do all they must, and the attacker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from werkzeug.test import TestResponse

from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.clients import Client
from oidc.protocols import SignedIn, SubjectId
from tests.oidc.asking import approve
from tests.oidc.certified import Certified
from tests.oidc.provider_house import ISSUER, ClientKey, House, metadata

EVIL = "https://evil.example"
"""The attacker's site, and the issuer of the attacker's own provider (A1a)."""
FAPI: dict[str, Any] = {"profile": "fapi2", "client_secret": None}


@dataclass(frozen=True)
class Browser:
    """One person's, signed in at the provider."""

    value: str
    there: SignedIn

    @property
    def person(self) -> SubjectId:
        return self.there.subject

    def open(self, house: House, query: Mapping[str, str]) -> dict[str, str]:
        """Open an authorization request and approve what is asked: the parameters that went to the client, or none."""
        house.sign_in.value, house.sign_in.there = self.value, self.there
        response = house.http.get("/authorize", query_string=query)
        if response.status_code == 303 and response.location.startswith("/release/"):
            handle = response.location.rpartition("/")[2]
            approve(house, handle)
            response = house.http.get(f"/authorize/{handle}")
        return dict(parse_qsl(urlsplit(response.location).query)) if response.status_code == 303 else {}


@dataclass(frozen=True)
class Session:
    """What a client keeps for a browser between request and answer."""

    issuer: str
    state: str
    verifier: str
    nonce: str | None


@dataclass(frozen=True)
class Login:
    """Who a browser is at a client now."""

    person: SubjectId | None
    access_token: str


@dataclass(frozen=True)
class Sent:
    """What a client sent to a provider: whoever runs that, or reads along, has it."""

    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class HonestClient:
    """A client of profile fapi2, with a key of DPoP and of assertions, or a certificate for both."""

    house: House
    client: Client
    key: ClientKey
    certificate: Certified | None = None
    with_nonce: bool = True
    """Without it the code is protected by PKCE alone."""
    sessions: dict[tuple[Browser, str], Session] = field(default_factory=dict)
    """By browser and state: people have several tabs."""
    logins: dict[Browser, Login] = field(default_factory=dict)
    count: int = 0

    def begin(self, browser: Browser, issuer: str) -> Sent:
        """Begin a sign-in at one of the providers it knows: what is pushed there."""
        self.count += 1
        name = f"{self.client.client_id}-{self.count}"
        session = Session(issuer, f"state-{name}", f"verifier-{name}".ljust(43, "v"), f"nonce-{name}")
        self.sessions[browser, session.state] = session
        asked = {
            "response_type": "code",
            "redirect_uri": self.client.redirect_uris[0],
            "scope": "openid profile",
            "state": session.state,
            "code_challenge": create_s256_code_challenge(session.verifier),
            "code_challenge_method": "S256",
            **({"nonce": session.nonce} if self.with_nonce and session.nonce else {}),
        }
        return self._authenticated(asked, issuer)

    def finish(self, browser: Browser, answer: Mapping[str, str]) -> Sent | None:
        """Take an answer that came by this browser. What it sends to a token endpoint that isn't ours is returned."""
        session = self.sessions.get((browser, answer.get("state", "")))
        if session is None or "code" not in answer:
            return None
        if answer.get("iss") != session.issuer:  # RFC 9207 §2.4
            return None
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": session.verifier,
        }
        sent = self._authenticated(form, session.issuer, proof_for="/token")
        if session.issuer == EVIL:
            return sent
        told = self.house.http.post("/token", data=sent.form, headers=sent.headers)
        if told.status_code == 200:
            self._log_in(browser, session, told.get_json())
        return None

    def use(self, browser: Browser) -> tuple[Sent, TestResponse]:
        """Ask for what the person behind this browser has; the request as it can be read afterwards (A5)."""
        token = self.logins[browser].access_token
        if self.certificate:
            sent = Sent({}, {"Authorization": f"Bearer {token}", **self.certificate.headers()})
        else:
            proof = self.key.proof("GET", "/userinfo", token=token)
            sent = Sent({}, {"Authorization": f"DPoP {token}", "DPoP": proof})
        return sent, self.house.http.get("/userinfo", headers=sent.headers)

    def _authenticated(self, form: Mapping[str, str], issuer: str, *, proof_for: str = "") -> Sent:
        own = {**form, "client_id": self.client.client_id}
        if self.certificate:
            return Sent(own, self.certificate.headers() if issuer == ISSUER else {})
        shown = self.key.assertion(self.client.client_id, aud=issuer)
        proof = {"DPoP": self.key.proof("POST", proof_for, htu=f"{issuer}{proof_for}")} if proof_for else {}
        return Sent({**own, "client_assertion_type": ASSERTION_TYPE, "client_assertion": shown}, proof)

    def _log_in(self, browser: Browser, session: Session, told: Mapping[str, Any]) -> None:
        keys = jwk.KeySet.import_key_set(json.loads(self.house.http.get("/jwks").data))
        try:
            claims = jwt.decode(told["id_token"], keys, algorithms=["ES256"]).claims
        except JoseError:
            return
        expected = (ISSUER, self.client.client_id, session.nonce if self.with_nonce else None)
        if (claims["iss"], claims["aud"], claims.get("nonce")) == expected:
            del self.sessions[browser, session.state]
            self.logins[browser] = Login(person_of(self.house, self.client, claims["sub"]), told["access_token"])


@dataclass
class Attacker:
    """A client, a provider and a person of its own, and everything that it has read."""

    house: House
    client: Client
    key: ClientKey
    certificate: Certified
    browser: Browser
    codes: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    verifiers: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    resource_requests: list[Sent] = field(default_factory=list)
    gained: list[str] = field(default_factory=list)
    """What it got that it must never get."""

    def reads(self, answer: Mapping[str, str]) -> None:
        """An authorization answer: its own browser's, or one that leaked (A3b)."""
        self.codes += [answer["code"]] if "code" in answer else []
        self.states += [answer["state"]] if "state" in answer else []

    def gets(self, sent: Sent) -> None:
        """What a client sent to the attacker's provider (A1a)."""
        everything = {**sent.form, **sent.headers}
        for name, known in (
            ("code", self.codes),
            ("state", self.states),
            ("code_verifier", self.verifiers),
            ("client_assertion", self.assertions),
            ("DPoP", self.proofs),
        ):
            known.extend([everything[name]] if name in everything else [])

    def own_assertion(self) -> dict[str, str]:
        return self.shown(self.key.assertion(self.client.client_id))

    def shown(self, assertion: str) -> dict[str, str]:
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def as_itself(self) -> Sent:
        return Sent({"client_id": self.client.client_id, **self.own_assertion()}, {})

    def as_another(self, victim: HonestClient) -> list[Sent]:
        """Every way that it has to authenticate for a victim: with what it has seen, and with keys of its own."""
        name = victim.client.client_id
        stolen = [Sent({"client_id": name, **self.shown(assertion)}, {}) for assertion in self.assertions[-2:]]
        forged = Sent({"client_id": name, **self.shown(self.key.assertion(name))}, {})
        return [*stolen, Sent({"client_id": name}, self.certificate.headers()) if victim.certificate else forged]

    def by_token(self, token: str, method: str, seen: Sent) -> list[dict[str, str]]:
        """Every way that it has to present a token that it has read."""
        own = self.key.proof(method, "/userinfo", token=token)
        ways = [{"Authorization": f"Bearer {token}"}, {"Authorization": f"DPoP {token}", "DPoP": own}]
        ways += [{"Authorization": f"Bearer {token}", **self.certificate.headers()}]
        ways += [{"Authorization": f"DPoP {token}", "DPoP": proof} for proof in self.proofs[-1:]]
        return ways + ([dict(seen.headers)] if "DPoP" in seen.headers else [])


def person_of(house: House, client: Client, sub: str) -> SubjectId | None:
    with house.database.reading() as tx:
        return house.pairwise.subject_of(tx, client, sub)


def parties(house: House) -> tuple[list[HonestClient], tuple[Client, ClientKey, Certified]]:
    """Register two honest clients, one for each way to bind tokens, and the attacker's."""
    key, own, evil = ClientKey(house.clock), Certified(), ClientKey(house.clock)
    by_key = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.public]}}
    by_certificate = {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "tls_client_certificate_bound_access_tokens": True,
        "jwks": {"keys": [own.jwk(x5c=own.x5c)]},
    }
    at_evil = {**by_key, "jwks": {"keys": [evil.public]}, "redirect_uris": [f"{EVIL}/callback"]}

    def add(name: str, **members: Any) -> Client:
        return house.clients.add(metadata(name, **{**FAPI, **members}), actor="tests")[0]

    honest = [
        HonestClient(house, add("school", **by_key), key),
        HonestClient(house, add("library", **by_certificate), key, own, with_nonce=False),
    ]
    return honest, (add("evil", **at_evil), evil, Certified())
