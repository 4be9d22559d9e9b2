"""The whole provider on real parts, the rooms around it simulated; and short ways to codes, tokens, clients, keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwk, jws
from werkzeug.test import TestResponse

from audit.ledger import Ledger
from config import client_certificates
from config.database import Database
from config.identifiers import SystemRandomness, new_id
from config.jobs import Jobs
from config.key_ring.local_file import LocalFileKeyRing
from config.outgoing import Outgoing
from config.rate_limits import RateLimits
from config.settings import Outgoing as OutgoingSettings
from config.settings import Provider as ProviderSettings
from config.settings import Settings
from oidc.authorization import Authorization
from oidc.back_channel import BackChannel
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.client_authentication import ClientAuthentication
from oidc.clients import Client, ClientKeys, Clients
from oidc.clients.client import CERTIFICATE_METHODS, PUBLIC
from oidc.consent import Consent
from oidc.device_authorization import DeviceAuthorizations
from oidc.diagnosis import Diagnosis
from oidc.errors import OAuthError
from oidc.federation import Configuration, Federation
from oidc.front_channel import FrontChannel
from oidc.grant_management import GrantManagement
from oidc.interaction import Interactions
from oidc.introspection import Introspection
from oidc.issuing import Authorizing, Issuing, Userinfo
from oidc.keys import SecretKeys, SigningKeys
from oidc.logout import Logout
from oidc.pairwise import Pairwise
from oidc.polling import Polling
from oidc.protocols import GrantId, SignedIn, SubjectId
from oidc.provider import Provider
from oidc.pushing import Pushing
from oidc.registration import Policy, Registration
from oidc.request import AcceptedRequest, Checks
from oidc.request.objects import RequestObjects
from oidc.responses import Responses
from oidc.revocation import Revocation
from oidc.session_state import SessionStates
from oidc.store import grants, secret_keys, signing_keys
from oidc.tokens.access_token import AccessTokens, TokenChallenge, VerifiedAccessToken, challenge
from oidc.tokens.binding import Proofs
from oidc.tokens.encryption import Encryption
from oidc.tokens.families import Families
from oidc.tokens.id_token import IdTokens
from oidc.tokens.refresh_token import RefreshTokens
from tests.clocks import FixedClock
from tests.oidc.simulators import (
    SimulatedEvidence,
    SimulatedNotices,
    SimulatedScreens,
    SimulatedSignIn,
    SimulatedSubjects,
)

ISSUER = "https://account.example"
VAULT = f"{ISSUER}/vault"
REDIRECT = "https://school.example/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SECRET = "a-secret-of-the-school-of-48-characters-012345678"
ALICE = SubjectId("alice")
CLAIMS = {"name": "Alice Martin", "email": "alice@people.example", "email_verified": True}

IN_HEADERS: Mapping[str, Any] = {
    "client_certificate_header": "X-Client-Cert",
    "client_certificate_verified_header": "X-Client-Verify",
}
"""How the proxy in front of a house with `certificates` passes them on."""

School = Mapping[str, Any]


def metadata(client_id: str = "school", **changed: Any) -> dict[str, Any]:
    """A confidential client that may do everything; None leaves a member out."""
    members = {
        "client_id": client_id,
        "client_secret": SECRET,
        "client_name": client_id.title(),
        "redirect_uris": [REDIRECT],
        "post_logout_redirect_uris": ["https://school.example/bye"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email offline_access",
        "id_token_signed_response_alg": "ES256",
        **changed,
    }
    return {name: value for name, value in members.items() if value is not None}


@dataclass
class House:
    """One provider. `browser` is the person's, `http` anybody's."""

    database: Database
    folder: Path
    clock: FixedClock
    sign_in: SimulatedSignIn = field(default_factory=SimulatedSignIn)
    subjects: SimulatedSubjects = field(default_factory=lambda: SimulatedSubjects({ALICE: dict(CLAIMS)}))
    evidence: SimulatedEvidence = field(default_factory=SimulatedEvidence)
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(OutgoingSettings()))
    policy: Policy = field(default_factory=lambda: Policy(mode="off", profile="baseline"))
    certificates: bool = False
    """Behind a proxy that passes clients' certificates on, in `IN_HEADERS`."""
    mutual_tls_url: str = ""
    hybrid_and_implicit: bool = False
    anchors: Mapping[str, Sequence[jwk.Key]] = field(default_factory=dict)
    """Of federations; without any the house is in none."""
    used: list[str] = field(default_factory=list)
    """What clients presented, for tests that must not present it again."""

    def __post_init__(self) -> None:
        time, chance = self.clock, SystemRandomness()
        self.ledger = Ledger(time, chance)
        copied = _copy_keys(self.database, self.folder)
        self.key_ring = LocalFileKeyRing.open_or_create(self.folder, "provider", time, chance)
        keys = {"database": self.database, "key_ring": self.key_ring, "ledger": self.ledger}
        self.secret_keys = SecretKeys(**keys, clock=time, randomness=chance)  # type: ignore[arg-type]
        self.secret_keys.ensure()
        self.signing_keys = SigningKeys(**keys, clock=time, randomness=chance)  # type: ignore[arg-type]
        self.signing_keys.ensure()
        if not copied:
            _remember_keys(self.database, self.folder)
        self.families = Families(ledger=self.ledger, clock=time)
        self.federation = (
            Federation(anchors=self.anchors, profile="baseline", outgoing=self.outgoing, clock=time)
            if self.anchors
            else None
        )
        self.clients = Clients(
            database=self.database,
            secret_keys=self.secret_keys,
            ledger=self.ledger,
            outgoing=self.outgoing,
            end_authorizations=self.families.end_of_client,
            clock=time,
            randomness=chance,
            takes_certificates=self.certificates,
            hybrid_and_implicit=self.hybrid_and_implicit,
            federation=self.federation,
        )
        self.pairwise = Pairwise(randomness=chance)
        self.proofs = Proofs(
            secret_keys=self.secret_keys, issuer=ISSUER, mutual_tls_url=self.mutual_tls_url, clock=time
        )
        self.client_keys = ClientKeys(self.outgoing, time)
        self.authentication = ClientAuthentication(
            clients=self.clients, client_keys=self.client_keys, issuer=ISSUER, clock=time
        )
        self.access_tokens = AccessTokens(
            signing_keys=self.signing_keys,
            proofs=self.proofs,
            issuer=ISSUER,
            clock=time,
            randomness=chance,
        )
        self.id_tokens = IdTokens(
            signing_keys=self.signing_keys,
            encryption=Encryption(self.client_keys),
            issuer=ISSUER,
            clock=time,
            randomness=chance,
        )
        self.rotation = RefreshTokens(secret_keys=self.secret_keys, clock=time, randomness=chance)
        self.issuing = Issuing(
            database=self.database,
            client_authentication=self.authentication,
            access_tokens=self.access_tokens,
            id_tokens=self.id_tokens,
            rotation=self.rotation,
            proofs=self.proofs,
            families=self.families,
            pairwise=self.pairwise,
            evidence=self.evidence,
            subjects=self.subjects,
            ledger=self.ledger,
            issuer=ISSUER,
            clock=time,
            randomness=chance,
        )
        self.authorizing = Authorizing(
            issuing=self.issuing,
            access_tokens=self.access_tokens,
            id_tokens=self.id_tokens,
            issuer=ISSUER,
            clock=time,
            randomness=chance,
        )
        self.interactions = Interactions(
            database=self.database,
            lifetime=timedelta(hours=1),
            pushed_lifetime=timedelta(seconds=60),
            clock=time,
            randomness=chance,
        )
        self.notices = SimulatedNotices()
        self.consent = Consent(
            database=self.database,
            clients=self.clients,
            evidence=self.evidence,
            notices=self.notices,
            ledger=self.ledger,
            clock=time,
            randomness=chance,
        )
        self.jobs = Jobs(self.database, time, chance)
        self.back_channel = BackChannel(
            clients=self.clients,
            pairwise=self.pairwise,
            signing_keys=self.signing_keys,
            outgoing=self.outgoing,
            jobs=self.jobs,
            issuer=ISSUER,
            clock=time,
            randomness=chance,
        )
        self.app = self._app()
        self.bare = self.app.wsgi_app
        self.trust(int(self.certificates))

    def _app(self) -> Flask:
        app = Flask("provider")
        checks = Checks(
            evidence=self.evidence,
            hints=self.id_tokens,
            issuer=ISSUER,
            vault=VAULT,
            hybrid_and_implicit=self.hybrid_and_implicit,
        )
        objects = RequestObjects(
            database=self.database,
            client_keys=self.client_keys,
            outgoing=self.outgoing,
            issuer=ISSUER,
            clock=self.clock,
        )
        self.devices = DeviceAuthorizations(
            database=self.database,
            client_authentication=self.authentication,
            checks=checks,
            interactions=self.interactions,
            proofs=self.proofs,
            secret_keys=self.secret_keys,
            rate_limits=RateLimits(self.database, self.clock),
            clock=self.clock,
            randomness=SystemRandomness(),
        )
        self.diagnosis = Diagnosis(
            database=self.database, clients=self.clients, clock=self.clock, kept=timedelta(days=14)
        )
        states = SessionStates(sign_in=self.sign_in, randomness=SystemRandomness(), is_offered=False)
        self.backchannel = BackchannelAuthentication(
            database=self.database,
            client_authentication=self.authentication,
            clients=self.clients,
            checks=checks,
            interactions=self.interactions,
            proofs=self.proofs,
            subjects=self.subjects,
            notices=self.notices,
            pairwise=self.pairwise,
            secret_keys=self.secret_keys,
            rate_limits=RateLimits(self.database, self.clock),
            outgoing=self.outgoing,
            clock=self.clock,
            randomness=SystemRandomness(),
        )
        provider = Provider(
            issuer=ISSUER,
            clients=self.clients,
            authorization=Authorization(
                database=self.database,
                clients=self.clients,
                objects=objects,
                checks=checks,
                responses=Responses(signing_keys=self.signing_keys, issuer=ISSUER, clock=self.clock),
                interactions=self.interactions,
                consent=self.consent,
                authorizing=self.authorizing,
                polling=Polling(issuing=self.issuing, jobs=self.jobs, clock=self.clock),
                pairwise=self.pairwise,
                session_states=states,
                sign_in=self.sign_in,
                clock=self.clock,
            ),
            pushing=Pushing(
                database=self.database,
                client_authentication=self.authentication,
                objects=objects,
                checks=checks,
                interactions=self.interactions,
                proofs=self.proofs,
            ),
            devices=self.devices,
            backchannel=self.backchannel,
            issuing=self.issuing,
            userinfo=Userinfo(
                database=self.database,
                access_tokens=self.access_tokens,
                clients=self.clients,
                signing_keys=self.signing_keys,
                encryption=Encryption(self.client_keys),
                subjects=self.subjects,
                ledger=self.ledger,
                issuer=ISSUER,
                clock=self.clock,
            ),
            introspection=Introspection(
                database=self.database,
                client_authentication=self.authentication,
                access_tokens=self.access_tokens,
                refresh_tokens=self.rotation,
                signing_keys=self.signing_keys,
                issuer=ISSUER,
                clock=self.clock,
            ),
            registration=Registration(
                clients=self.clients, policy=self.policy, issuer=ISSUER, randomness=SystemRandomness()
            ),
            revocation=Revocation(
                database=self.database,
                client_authentication=self.authentication,
                access_tokens=self.access_tokens,
                refresh_tokens=self.rotation,
                families=self.families,
            ),
            grant_management=GrantManagement(
                database=self.database,
                access_tokens=self.access_tokens,
                clients=self.clients,
                consent=self.consent,
                evidence=self.evidence,
                issuer=ISSUER,
            ),
            logout=Logout(
                database=self.database,
                clients=self.clients,
                id_tokens=self.id_tokens,
                families=self.families,
                front_channel=FrontChannel(database=self.database, clients=self.clients, issuer=ISSUER),
                secret_keys=self.secret_keys,
                sign_in=self.sign_in,
                clock=self.clock,
            ),
            signing_keys=self.signing_keys,
            session_states=states,
            diagnosis=self.diagnosis,
            screens=SimulatedScreens(),
            randomness=SystemRandomness(),
            certificates=self.certificates,
            mutual_tls_url=self.mutual_tls_url,
            hybrid_and_implicit=self.hybrid_and_implicit,
            federation=Configuration(
                signing_keys=self.signing_keys,
                issuer=ISSUER,
                superiors=list(self.anchors),
                organization="Testville",
                clock=self.clock,
            )
            if self.anchors
            else None,
        )
        for blueprint in provider.blueprints():
            app.register_blueprint(blueprint)
        return app

    def trust(self, proxies: int) -> None:
        """Stand behind so many trusted proxies: of none a header is believed."""
        settings = Settings(trusted_proxies=proxies, provider=ProviderSettings(**IN_HEADERS))
        wsgi = client_certificates.installed(self.bare, settings)
        self.app.wsgi_app = wsgi  # type: ignore[method-assign,assignment]

    @property
    def http(self) -> FlaskClient:
        return self.app.test_client()

    def add(self, client_id: str = "school", **changed: Any) -> Client:
        return self.clients.add(metadata(client_id, **changed), actor="tests")[0]

    def signed_in(self, subject: str = ALICE, sign_in: str = "sign-in-1") -> SignedIn:
        return SignedIn(
            subject=SubjectId(subject), sign_in=sign_in, auth_time=self.clock.now(), amr=("pwd",), acr="eidas1"
        )

    def code(
        self,
        client: Client,
        *,
        scope: tuple[str, ...] = ("openid", "profile"),
        lendings: tuple[str, ...] = (),
        until: timedelta | None = None,
        subject: str = ALICE,
        sign_in: str = "sign-in-1",
        **asked: Any,
    ) -> str:
        """A code for a grant that covers just this."""
        there = self.signed_in(subject, sign_in)
        request = AcceptedRequest(
            client_id=client.client_id,
            redirect_uri=client.redirect_uris[0],
            scope=scope,
            **{"nonce": "n-1", "code_challenge": CHALLENGE, "authorization_details": _asked_for(lendings), **asked},
        )
        grant = GrantId(new_id(SystemRandomness()))
        with self.database.transaction() as tx:
            row = grants.GrantRow(
                id=grant,
                subject=there.subject,
                client_id=client.client_id,
                scope=scope,
                userinfo_claims=request.userinfo_claims,
                id_token_claims=request.id_token_claims,
                details=(),
                lendings=lendings,
                entry="",
                made_at=self.clock.now(),
                until=self.clock.now() + until if until else None,
            )
            grants.add(tx, row)
            self.evidence.lent |= dict.fromkeys(lendings, True)
            decided = self.authorizing.decide(tx, client=client, signed_in=there, grant=row, request=request)
            return decided.code

    def redeem(self, client: Client, code: str, /, **changed: Any) -> TestResponse:
        """POST /token with a code. A changed parameter of None is left out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uris[0],
            "code_verifier": VERIFIER,
        }
        return self.post("/token", client, form, **changed)

    def refresh(self, client: Client, token: str, /, **changed: Any) -> TestResponse:
        return self.post("/token", client, {"grant_type": "refresh_token", "refresh_token": token}, **changed)

    def post(
        self,
        path: str,
        client: Client,
        form: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        secret: str = SECRET,
        **changed: Any,
    ) -> TestResponse:
        """POST a form, authenticated as the client is registered (secret or none)."""
        sent: dict[str, Any] = dict(headers or {})
        body = dict(form)
        if client.token_endpoint_auth_method == "client_secret_basic":
            sent.setdefault("Authorization", basic(client.client_id, secret))
        elif client.token_endpoint_auth_method == "client_secret_post":
            body |= {"client_id": client.client_id, "client_secret": secret}
        elif client.token_endpoint_auth_method in {PUBLIC, *CERTIFICATE_METHODS}:
            body["client_id"] = client.client_id
        body = {name: value for name, value in {**body, **changed}.items() if value is not None}
        return self.http.post(path, data=body, headers=sent)

    def tokens(self, client: Client, **how: Any) -> dict[str, Any]:
        """The members of a successful token response."""
        return json_of(self.redeem(client, self.code(client, **how)))

    def userinfo(self, token: str, **changed: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", **changed}
        return self.http.get("/userinfo", headers=headers)

    def verified(
        self,
        method: str,
        url: str,
        authorization: Sequence[str],
        dpop: Sequence[str],
        *,
        audience: str,
        client_certificate: bytes | None = None,
        resource_metadata: str = "",
    ) -> VerifiedAccessToken | TokenChallenge:
        """What a resource of ours learns of a presentation: judged first, then held against the database."""
        try:
            presented = self.access_tokens.judge(
                method, url, authorization, dpop, client_certificate=client_certificate, audience=audience
            )
            with self.database.transaction() as tx:
                return self.access_tokens.standing(tx, presented)
        except OAuthError as error:
            return challenge(error, has_token=bool(authorization), resource_metadata=resource_metadata)


def _asked_for(lendings: tuple[str, ...]) -> tuple[Mapping[str, Any], ...]:
    return ({"type": "document"},) if lendings else ()


_MADE: dict[str, Any] = {}
"""Keys made by the first house of this run: RSA keys take a second, and no test minds whose they are."""


def _remember_keys(database: Database, folder: Path) -> None:
    with database.reading() as tx:
        _MADE["secret"], _MADE["signing"] = secret_keys.every(tx), signing_keys.every(tx)
    _MADE["files"] = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _copy_keys(database: Database, folder: Path) -> bool:
    if not _MADE:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _MADE["files"].items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    with database.transaction() as tx:
        for secret in _MADE["secret"]:
            secret_keys.add(tx, secret)
        for signing in _MADE["signing"]:
            signing_keys.add(tx, signing)
    return True


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def json_of(response: TestResponse, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    members = response.get_json()
    assert isinstance(members, dict)
    return members


def error_of(response: TestResponse) -> str:
    assert response.status_code >= 400, response.get_data(as_text=True)
    return str(json.loads(response.get_data())["error"])


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims."""
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, claims


@dataclass
class ClientKey:
    """A client's own key: assertions and DPoP proofs."""

    clock: FixedClock
    private: jwk.ECKey = field(
        default_factory=lambda: jwk.ECKey.import_key(ec.generate_private_key(ec.SECP256R1()), {"kid": "k1"})
    )
    count: int = 0

    @property
    def public(self) -> dict[str, Any]:
        return dict(self.private.as_dict(private=False))

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        head = {name: value for name, value in header.items() if value is not None}
        body = {name: value for name, value in claims.items() if value is not None}
        return jws.serialize_compact(head, json.dumps(body), self.private, algorithms=["ES256"])

    def assertion(self, client_id: str, *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        self.count += 1
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": f"a{self.count}",
            **changed,
        }
        return self.sign({"alg": "ES256", "kid": "k1", **(header or {})}, claims)

    def proof(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        header: Mapping[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        self.count += 1
        claims = {
            "jti": f"p{self.count}",
            "htm": method,
            "htu": f"{ISSUER}{path}",
            "iat": int(self.clock.now().timestamp()),
            "ath": base64url(hashlib.sha256(token.encode()).digest()) if token else None,
            **changed,
        }
        return self.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.public, **(header or {})}, claims)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
