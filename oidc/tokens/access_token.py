"""Access tokens: JWTs of RFC 9068 that live five minutes at most, and whether one still stands.

A client's own resources need no row of ours; at our own each use asks whether the family stands and the `jti` isn't
revoked, in one query, so that what was taken back stops the very next fetch.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from config.clock import Clock
from config.database import Transaction
from config.identifiers import Randomness, new_id
from oidc import jwts
from oidc.errors import ApprovalTakenBack, InvalidDpopProof, InvalidToken, JwtRefused, OAuthError, UseDpopNonce
from oidc.keys import SigningKeys
from oidc.store import authorizations, revoked_tokens
from oidc.store.authorizations import TAKEN_BACK, AuthorizationRow
from oidc.tokens.binding import ALGORITHMS, Binding, Proof, Proofs, thumbprint

LONGEST = timedelta(minutes=5)
FAMILY = "fam"
"""Our private claim: the authorization that the token came from; random, known to this client only."""
ACTOR = "act"
"""Who acts with what another client was granted (RFC 8693 §4.1)."""
ORIGIN = "org"
"""Our private claim, beside `act`: the `jti` of the token that it was exchanged for, with which it ends."""
SIGNED_BY = "ES256"
"""RFC 9068 §2.1 wants RS256 to be understood by resources; ours are the only ones, so the shorter one signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAccessToken:
    """A token that stands, rightly presented at one of our resources."""

    client_id: str
    sub: str
    subject: str
    """Internal: never leaves the house."""
    grant: str
    jti: str
    scope: tuple[str, ...]
    lendings: tuple[str, ...]
    family: AuthorizationRow
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChallenge:
    """Why a presentation isn't enough: for the response's status and headers."""

    status: int
    www_authenticate: str
    """The complete header value (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1)."""
    code: str
    """The error code; empty when no token was presented (RFC 6750 §3.1)."""
    dpop_nonce: str = ""
    taken_back_at: datetime | None = None
    """When the person took back what the token stood for; None for any other reason."""
    refused: OAuthError | None = field(default=None, repr=False)
    """The refusal of a token that was presented, for the log and the operator's diagnosis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A token whose signature, times, audience and binding hold; whether it still stands is in the database."""

    claims: Mapping[str, Any]
    proof: Proof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What somebody showed at an endpoint of ours that takes access tokens."""

    method: str
    path: str
    authorization: Sequence[str] = field(repr=False)
    """Every Authorization header."""
    dpop: Sequence[str]
    client_certificate: bytes | None
    """The one of the TLS connection, DER."""


class AccessTokens:
    """Makes and judges access tokens."""

    def __init__(
        self,
        *,
        signing_keys: SigningKeys,
        proofs: Proofs,
        issuer: str,
        clock: Clock,
        randomness: Randomness,
        lifetime: timedelta = LONGEST,
    ) -> None:
        """issuer: our public address, also the audience of userinfo. lifetime: five minutes at most."""
        self._signing_keys = signing_keys
        self._proofs = proofs
        self._issuer = issuer
        self._clock = clock
        self._randomness = randomness
        self.lifetime = min(lifetime, LONGEST)

    def make(
        self,
        family: AuthorizationRow,
        *,
        scope: Sequence[str],
        audience: Sequence[str],
        authorization_details: Sequence[Mapping[str, Any]],
        binding: Binding,
        ends_at: datetime | None = None,
    ) -> tuple[str, timedelta]:
        """A token and how long it lives: with its family, or until ends_at. No row is written."""
        claims: dict[str, Any] = {
            "sub": family.sub,
            "aud": list(audience),
            "client_id": family.client_id,
            "scope": " ".join(scope),
            "auth_time": int(family.auth_time.timestamp()),
            "acr": family.acr,
            FAMILY: family.id,
        }
        if authorization_details:
            claims["authorization_details"] = list(authorization_details)
        return self._signed(claims, binding=binding, ends_at=min(family.ends_at, ends_at or family.ends_at))

    def make_alone(
        self,
        told: Mapping[str, Any],
        *,
        audience: Sequence[str],
        authorization_details: Sequence[Mapping[str, Any]],
        binding: Binding,
        ends_at: datetime | None,
    ) -> tuple[str, timedelta]:
        """A token without a family of its own, and how long it lives. No row is written.

        told: its other claims: about the client itself, or of a token that it was exchanged for.
        """
        claims: dict[str, Any] = {"aud": list(audience), **told}
        if authorization_details:
            claims["authorization_details"] = list(authorization_details)
        return self._signed(claims, binding=binding, ends_at=ends_at)

    def new_jti(self) -> str:
        """For a token that must be known before it is made."""
        return new_id(self._randomness)

    def _signed(self, told: Mapping[str, Any], *, binding: Binding, ends_at: datetime | None) -> tuple[str, timedelta]:
        now = self._clock.now()
        expires_at = now + self.lifetime if ends_at is None else min(now + self.lifetime, ends_at)
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": new_id(self._randomness),
            **told,
        }
        if binding.confirmation:
            claims["cnf"] = binding.confirmation
        return self._signing_keys.sign(claims, alg=SIGNED_BY, typ=jwts.ACCESS_TOKEN), expires_at - now

    def judge_here(self, shown: Presentation) -> Presented:
        """`judge` of what was shown at an endpoint of the provider itself."""
        return self.judge(
            shown.method,
            f"{self._issuer}{shown.path}",
            shown.authorization,
            shown.dpop,
            client_certificate=shown.client_certificate,
            audience=self._issuer,
        )

    def judge(
        self,
        method: str,
        url: str,
        authorization: Sequence[str],
        dpop: Sequence[str],
        *,
        client_certificate: bytes | None,
        audience: str,
    ) -> Presented:
        """Everything that needs no database; `standing` says the rest, in the transaction of what the token is for.

        url: public origin and path. authorization, dpop: every header of that name.
        client_certificate: the one of the TLS connection, DER.
        Raises `InvalidToken`, `InvalidDpopProof` or `UseDpopNonce`.
        """
        if len(authorization) != 1:
            raise InvalidToken("exactly one Authorization header")
        unverified = authorization[0].partition(" ")[2]
        claims = self.claims_of(unverified.strip(), audience=audience)
        try:
            proof = self._rightly_shown(claims, method, url, authorization[0], dpop, client_certificate)
        except OAuthError as error:
            error.of(claims["client_id"])
            raise
        return Presented(claims=claims, proof=proof)

    def _rightly_shown(
        self,
        claims: Mapping[str, Any],
        method: str,
        url: str,
        authorization: str,
        dpop: Sequence[str],
        client_certificate: bytes | None,
    ) -> Proof | None:
        """The proof of a token bound by DPoP; None for one that is bound otherwise or not at all."""
        scheme, _, unverified = authorization.partition(" ")
        confirmation = claims.get("cnf", {})
        _check_certificate(confirmation.get("x5t#S256"), client_certificate)
        jkt = confirmation.get("jkt")
        if scheme.lower() == "bearer":
            if jkt is not None:
                raise InvalidToken("a bound token needs the scheme DPoP")
            if dpop:
                raise InvalidToken("a proof with the scheme Bearer")
            return None
        if scheme.lower() != "dpop" or jkt is None:
            raise InvalidToken("the scheme is Bearer, or DPoP for a bound token")
        proof = self._proofs.check(dpop, method=method, url=url, access_token=unverified.strip())
        if proof.jkt != jkt:
            raise InvalidDpopProof("not the token's key")
        return proof

    def claims_of(self, unverified_token: str, *, audience: str | None) -> Mapping[str, Any]:
        """The claims of one of our access tokens within its time. audience: None for any. Raises `InvalidToken`."""
        try:
            claims = self._signing_keys.verify_own(unverified_token, typ=jwts.ACCESS_TOKEN)
        except JwtRefused as error:
            raise InvalidToken("not an access token", detail=error.detail) from error
        if claims["iss"] != self._issuer or claims["exp"] <= self._clock.now().timestamp():
            raise InvalidToken("expired").of(claims["client_id"])
        if audience is not None and audience not in claims["aud"]:
            raise InvalidToken("for another audience").of(claims["client_id"])
        return claims

    @staticmethod
    def stands(tx: Transaction, claims: Mapping[str, Any]) -> bool:
        """Whether a token of ours still stands, whoever holds it: its family, if it has one, and the token itself."""
        if FAMILY not in claims:
            return not revoked_tokens.is_revoked(tx, claims["jti"])
        origin, holder = claims.get(ORIGIN, ""), claims["client_id"]
        return revoked_tokens.stands(tx, claims[FAMILY], claims["jti"], origin=origin, holder=holder)

    @staticmethod
    def family_of(tx: Transaction, claims: Mapping[str, Any]) -> AuthorizationRow | None:
        """The family of a token that stands, else None: one query.

        An exchanged token ends with its origin and with the client that holds it, too.
        """
        origin, holder = claims.get(ORIGIN, ""), claims["client_id"]
        return revoked_tokens.standing_family(tx, claims[FAMILY], claims["jti"], origin=origin, holder=holder)

    def standing_alone(self, tx: Transaction, presented: Presented) -> Mapping[str, Any]:
        """The claims of a token about the client itself, if it isn't revoked. Uses up the proof if there is one.

        Raises `InvalidToken`, also for one that stands for a person, or `InvalidDpopProof`.
        """
        claims = presented.claims
        if presented.proof is not None:
            self._proofs.use_once(tx, presented.proof)
        if FAMILY in claims:
            raise InvalidToken("it stands for a person, not for the client").of(claims["client_id"])
        if revoked_tokens.is_revoked(tx, claims["jti"]):
            raise InvalidToken("revoked").of(claims["client_id"])
        return claims

    def standing(self, tx: Transaction, presented: Presented) -> VerifiedAccessToken:
        """Whether its family stands and its `jti` isn't revoked: one query. Uses up the proof if there is one.

        Raises `InvalidToken` or `InvalidDpopProof`.
        """
        claims = presented.claims
        if presented.proof is not None:
            self._proofs.use_once(tx, presented.proof)
        if FAMILY not in claims:
            raise InvalidToken("it stands for no person").of(claims["client_id"])
        family = self.family_of(tx, claims)
        if family is None:
            raise self._why_not(tx, claims).of(claims["client_id"])
        return VerifiedAccessToken(
            client_id=family.client_id,
            sub=family.sub,
            subject=family.subject,
            grant=family.grant_id,
            jti=claims["jti"],
            scope=tuple(claims["scope"].split()),
            lendings=_handed_on(claims) if ACTOR in claims else family.lendings,
            family=family,
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )

    @staticmethod
    def _why_not(tx: Transaction, claims: Mapping[str, Any]) -> InvalidToken:
        """Why a token of ours stands no more. Asked only for one that was rightly shown: nobody else learns it."""
        family = authorizations.get(tx, claims[FAMILY])
        if family is None or family.ended_at is None or family.ended_reason != TAKEN_BACK:
            return InvalidToken("revoked")
        if revoked_tokens.is_revoked(tx, claims["jti"]):  # by the client itself: whoever shows it now isn't the client
            return InvalidToken("revoked")
        return ApprovalTakenBack(family.ended_at)


def _handed_on(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The lendings that an exchanged token reaches: some of its family's."""
    details = claims.get("authorization_details", ())
    return tuple(str(document["lending"]) for detail in details for document in detail["documents"])


def _check_certificate(x5t_s256: str | None, shown: bytes | None) -> None:
    """RFC 8705 §3: the token's certificate is that of the connection. Which scheme it comes by doesn't matter."""
    if x5t_s256 is None:
        return
    if shown is None or not hmac.compare_digest(thumbprint(shown), x5t_s256):
        raise InvalidToken("not the token's certificate")


def challenge(error: OAuthError, *, has_token: bool, resource_metadata: str = "") -> TokenChallenge:
    """The answer to a presentation that isn't enough.

    Both schemes are offered; the error stands with the scheme that it is about.
    """
    about_dpop = isinstance(error, InvalidDpopProof | UseDpopNonce)
    told = [f'{name}="{value}"' for name, value in error.parameters().items()] if has_token else []
    where = [f'resource_metadata="{resource_metadata}"'] if resource_metadata else []
    bearer = ", ".join([*where, *([] if about_dpop else told)])
    proof = ", ".join([*(told if about_dpop else []), f'algs="{" ".join(ALGORITHMS)}"'])
    return TokenChallenge(
        status=401 if about_dpop else int(error.status),
        www_authenticate=", ".join(filter(None, [f"Bearer {bearer}".strip(), f"DPoP {proof}"])),
        code=error.code if has_token else "",
        dpop_nonce=error.nonce if isinstance(error, UseDpopNonce) else "",
        taken_back_at=error.at if isinstance(error, ApprovalTakenBack) else None,
        refused=error if has_token else None,
    )
