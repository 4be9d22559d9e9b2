"""From a grant to an authorization, from a code or refresh token to tokens: in one transaction, signed after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from audit.entries import ActorKind, ClaimsReleased, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from oidc import claims, response_types, single_use
from oidc.client_authentication import AuthenticatedClient, ClientAuthentication, ClientRequest
from oidc.clients import Client
from oidc.errors import InvalidDpopProof, InvalidGrant, InvalidRequest, InvalidTarget, InvalidToken, OAuthError
from oidc.grants import (
    AccessDraft,
    AuthorizationCode,
    BackchannelRequest,
    ClientCredentials,
    CodeVerifier,
    DeviceCode,
    RefreshToken,
    TokenDraft,
    TokenExchange,
    TokenRequest,
    TokenServer,
)
from oidc.issuing.details import enriched, in_token
from oidc.pairwise import Pairwise
from oidc.protocols import Evidence, GrantId, SignedIn, SubjectId, Subjects
from oidc.request import AcceptedRequest
from oidc.store import (
    authorizations,
    grants,
    polled_requests,
    refresh_tokens,
    revoked_tokens,
    sign_in_clients,
    used_identifiers,
)
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.binding import Binding, Proof, Proofs
from oidc.tokens.families import Families
from oidc.tokens.id_token import IdTokens
from oidc.tokens.refresh_token import RefreshTokens

LONGEST_REFRESH = timedelta(days=366)
"""Of a grant without an end date: then the client sends the person by once more, which the grant answers silently."""
SIGN_IN_KEPT = timedelta(days=30)
"""How long a hint of an old ID token still finds the sign-in it means; no sign-in lasts that long."""
FAMILIES = 100
"""Swept in one transaction, each with its refresh tokens."""
POLLED_KEPT = timedelta(hours=1)
"""How long a client that asks too late still hears that it is too late."""
OFFLINE_ACCESS = "offline_access"
OPENID = "openid"
GRANT_TYPES: Sequence[tuple[type[Any], Sequence[Any]]] = (
    (AuthorizationCode, (CodeVerifier(required=True),)),
    (RefreshToken, ()),
    (ClientCredentials, ()),
    (TokenExchange, ()),
    (DeviceCode, ()),
    (BackchannelRequest, ()),
)
"""The grant types and their extensions."""


class Issuing:
    """Makes codes and redeems what clients present."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        rotation: RefreshTokens,
        proofs: Proofs,
        families: Families,
        pairwise: Pairwise,
        evidence: Evidence,
        subjects: Subjects,
        ledger: Ledger,
        issuer: str,
        clock: Clock,
        randomness: Randomness,
        grant_types: Sequence[tuple[type[Any], Sequence[Any]]] = GRANT_TYPES,
    ) -> None:
        """issuer: our public address: the audience of userinfo; the vault's is `<issuer>/vault`.

        grant_types: what the token endpoint takes, each with its extensions.
        """
        self._database = database
        self._client_authentication = client_authentication
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._rotation = rotation
        self._proofs = proofs
        self._families = families
        self._pairwise = pairwise
        self._evidence = evidence
        self._subjects = subjects
        self._ledger = ledger
        self._issuer = issuer
        self._vault = f"{issuer}/vault"
        self._clock = clock
        self._randomness = randomness
        self._server = TokenServer(
            families=families,
            refresh_tokens=rotation,
            access_tokens=access_tokens,
            ledger=ledger,
            issuer=issuer,
            clock=clock,
        )
        for grant, extensions in grant_types:
            self._server.register_grant(grant, extensions)

    def authorize(
        self,
        tx: Transaction,
        *,
        client: Client,
        signed_in: SignedIn,
        grant: grants.GrantRow | None,
        request: AcceptedRequest,
        code_hash: bytes,
        code_expires_at: datetime,
    ) -> AuthorizationRow:
        """The authorization for a request that the grant covers.

        grant: as it is in this transaction. code_hash: of what redeems it, until code_expires_at; where the response
        type has no code it is redeemed already. Raises `InvalidGrant` when the grant is gone, over or someone else's.
        """
        now = self._clock.now()
        if grant is None or not grant.stands(now) or grant.subject != signed_in.subject:
            raise InvalidGrant("the grant is over")
        # A sign-in that asks for no papers reaches none, though the grant that answers it may have lent some.
        lendings = grant.lendings if request.authorization_details else ()
        scope = tuple(name for name in request.scope if name in grant.scope)
        outlives_token = grant.until is None or grant.until > now + self._access_tokens.lifetime
        has_code = response_types.gives(request.response_type, response_types.CODE)
        refreshes = has_code and client.check_grant_type("refresh_token")
        refreshes = refreshes and (outlives_token or OFFLINE_ACCESS in scope)
        until = grant.until or now + LONGEST_REFRESH
        row = AuthorizationRow(
            id=new_id(self._randomness),
            client_id=client.client_id,
            subject=signed_in.subject,
            sub=self._pairwise.sub(tx, signed_in.subject, client),
            grant_id=grant.id,
            sign_in=signed_in.sign_in,
            sid=self._sid(tx, signed_in, client),
            scope=scope,
            audience=self._audience(scope, lendings, request.resource),
            lendings=lendings,
            userinfo_claims=tuple(name for name in request.userinfo_claims if name in grant.userinfo_claims),
            id_token_claims=tuple(name for name in request.id_token_claims if name in grant.id_token_claims),
            nonce=request.nonce,
            auth_time=signed_in.auth_time,
            amr=signed_in.amr,
            acr=signed_in.acr,
            jkt=request.dpop_jkt,
            x5t_s256=None,
            code_hash=code_hash,
            redirect_uri=request.redirect_uri if request.redirect_uri_given else "",
            code_challenge=request.code_challenge,
            code_expires_at=code_expires_at,
            redeemed_at=None if has_code else now,
            refreshes_until=until if refreshes else None,
            tells_grant=request.tells_grant,
            # OpenID Connect Core §11 and DESIGN: papers and offline access are for when the person is away.
            outlives_sign_in=OFFLINE_ACCESS in scope or bool(lendings),
            made_at=now,
            # Until the code is redeemed; then `refreshes_until` counts.
            ends_at=min(code_expires_at + self._access_tokens.lifetime, until),
            ended_at=None,
            ended_reason=None,
        )
        authorizations.add(tx, row)
        return row

    def answer(self, presented: ClientRequest) -> Mapping[str, Any]:
        """Answer a token request (RFC 6749 §3.2): the members of the JSON response.

        1. client authentication, 2. proof of possession, 3. one transaction: what can be used once is used up, tokens
        are decided, what they tell of the person is read and written down, 4. papers are looked up, 5. they are signed.
        Of a token about a client itself nothing is kept, so that 3. is left out unless there is something to use up.
        Raises `OAuthError`. A replayed code or a reused refresh token has ended its family by then.
        """
        authenticated = self._client_authentication.authenticate(presented)
        proof = self._proof(presented, authenticated)
        _check_certificate(presented, authenticated.client)
        if not presented.form.get("grant_type"):
            raise InvalidRequest("grant_type is missing")
        request = TokenRequest(presented, authenticated, proof)
        if _keeps_nothing(request):
            draft = self._server.create_token_response(request)
            return self._access_alone(draft, self._narrowed(draft.audience, presented.resources))
        request.subject_claims = self._subject_claims(presented)
        self._rotation.prepare()
        with single_use.used_up_anyway(self._database, authenticated, proof), self._database.transaction() as tx:
            request.tx = tx
            single_use.use(tx, authenticated, proof)
            outcome = self._server.create_token_response(request)
            if isinstance(outcome, AccessDraft):
                audience = self._narrowed(outcome.audience, presented.resources)
            if isinstance(outcome, TokenDraft):
                audience = self._narrowed(outcome.family.audience, presented.resources)
                known = self.release(tx, outcome.family, outcome.scope)
        if isinstance(outcome, OAuthError):
            raise outcome
        if isinstance(outcome, AccessDraft):
            return self._access_alone(outcome, audience)
        return self._response(outcome, audience, claims.chosen(known(), outcome.family.id_token_claims))

    def release(
        self, tx: Transaction, family: AuthorizationRow, scope: Collection[str]
    ) -> Callable[[], Mapping[str, Any]]:
        """Write down which claims the ID token tells, and read them; see `Subjects.read`."""
        if not family.id_token_claims or OPENID not in scope:
            return dict
        found = self._subjects.read(tx, SubjectId(family.subject), family.id_token_claims)
        entry = ClaimsReleased(
            actor_kind=ActorKind.SERVICE,
            persons=(PersonId(family.subject),),
            client=family.client_id,
            claims=" ".join(sorted(found.names.intersection(family.id_token_claims))),
            grant=family.grant_id,
        )
        self._ledger.append(tx, entry)
        return found.open

    def end_authorizations_of_grant(self, tx: Transaction, grant: GrantId) -> int:
        """End every family of a grant that ends; how many. The grant's own entry tells of it."""
        return self._families.end_of_grant(tx, grant)

    def end_for_sign_in(self, tx: Transaction, sign_in: str) -> int:
        """End the families of a sign-in that ends, save those for when the person is away; how many."""
        return len(self._families.end_of_sign_in(tx, sign_in))

    def end_for_subject(self, tx: Transaction, subject: SubjectId) -> int:
        """End every family of a person whose account closes or is disabled; how many."""
        return self._families.end_of_subject(tx, subject)

    def forget_subject(self, tx: Transaction, subject: SubjectId) -> None:
        """Erase a person: families, `sid`s and pairwise subjects. The grants are `Consent.end_all`'s."""
        refresh_tokens.forget_subject(tx, subject)
        authorizations.forget_subject(tx, subject)
        polled_requests.forget_subject(tx, subject)
        sign_in_clients.forget_subject(tx, subject)
        self._pairwise.unlink(tx, subject)

    def forget_expired(self) -> None:
        """Delete what can no longer matter: families, tokens and identifiers past their time, in batches."""
        now = self._clock.now()
        for forget, before in (
            (refresh_tokens.forget, now),
            (revoked_tokens.forget, now),
            (polled_requests.forget, now - POLLED_KEPT),
            (used_identifiers.forget, now),
            (sign_in_clients.forget, now - SIGN_IN_KEPT),
        ):
            self._database.in_batches(partial(_forget, forget, before))
        self._database.in_batches(partial(_forget, _forget_families, now), FAMILIES)

    def _proof(self, presented: ClientRequest, authenticated: AuthenticatedClient) -> Proof | None:
        if authenticated.client.dpop_bound_access_tokens and not presented.dpop:
            raise InvalidDpopProof("this client's tokens are bound: a proof is needed")
        return self._proofs.shown(presented.dpop, method=presented.method, path=presented.path)

    def _access_alone(self, draft: AccessDraft, audience: Sequence[str]) -> Mapping[str, Any]:
        details = list(draft.authorization_details) if self._vault in audience else []
        token, lifetime = self._access_tokens.make_alone(
            draft.claims, audience=audience, authorization_details=details, binding=draft.binding, ends_at=draft.ends_at
        )
        answer = _members(token, lifetime, draft.binding, draft.claims["scope"], details)
        if draft.issued_token_type:
            answer["issued_token_type"] = draft.issued_token_type
        return answer

    def _subject_claims(self, presented: ClientRequest) -> Mapping[str, Any] | None:
        """RFC 8693: what the token to be exchanged says, read before the transaction; None when it is none of ours."""
        token = presented.form.get("subject_token")
        if token is None or presented.form.get("grant_type") != TokenExchange.GRANT_TYPE:
            return None
        try:
            return self._access_tokens.claims_of(token, audience=None)
        except InvalidToken:
            return None

    def _response(self, draft: TokenDraft, audience: Sequence[str], released: Mapping[str, Any]) -> Mapping[str, Any]:
        family = draft.family
        lent = self._evidence.described(family.lendings) if family.lendings and self._vault in audience else ()
        details = enriched(lent, self._vault)
        access_token, lifetime = self._access_tokens.make(
            family, scope=draft.scope, audience=audience, authorization_details=in_token(details), binding=draft.binding
        )
        answer = _members(access_token, lifetime, draft.binding, " ".join(draft.scope), details)
        if draft.refresh_token is not None:
            answer["refresh_token"] = draft.refresh_token
        if family.tells_grant:
            answer["grant_id"] = family.grant_id  # Grant Management §5
        if OPENID in draft.scope:
            answer["id_token"] = self._id_tokens.make(
                family,
                draft.client,
                access_token=access_token,
                with_nonce=draft.from_code,
                released=released,
            )
        return answer

    def _audience(self, scope: Collection[str], lendings: Sequence[str], resources: Sequence[str]) -> tuple[str, ...]:
        whole = [self._issuer] if OPENID in scope else []
        if lendings:
            whole.append(self._vault)
        return self._narrowed(whole or [self._issuer], resources)

    @staticmethod
    def _narrowed(audience: Sequence[str], resources: Sequence[str]) -> tuple[str, ...]:
        """RFC 8707 §2.2: some of what was granted, never more."""
        if any(resource not in audience for resource in resources):
            raise InvalidTarget("resource is none of those granted")
        return tuple(one for one in audience if one in resources) if resources else tuple(audience)

    def _sid(self, tx: Transaction, signed_in: SignedIn, client: Client) -> str:
        found = sign_in_clients.find(tx, signed_in.sign_in, client.client_id)
        if found is not None:
            return found
        made = new_id(self._randomness)
        sign_in_clients.add(
            tx,
            sign_in=signed_in.sign_in,
            client_id=client.client_id,
            sid=made,
            subject=signed_in.subject,
            now=self._clock.now(),
        )
        return sign_in_clients.find(tx, signed_in.sign_in, client.client_id) or made


def _forget(forget: Callable[[Transaction, datetime, int], int], before: datetime, tx: Transaction, limit: int) -> int:
    return forget(tx, before, limit)


def _forget_families(tx: Transaction, before: datetime, limit: int) -> int:
    ids = authorizations.over(tx, before, limit)
    refresh_tokens.forget_families(tx, ids)
    return authorizations.forget(tx, ids)


def _keeps_nothing(request: TokenRequest) -> bool:
    """Whether no row is written or read for it: a client's own token, with nothing shown that works only once."""
    is_own = request.form["grant_type"] == ClientCredentials.GRANT_TYPE
    return is_own and request.proof is None and request.authenticated.assertion is None


def _check_certificate(presented: ClientRequest, client: Client) -> None:
    """RFC 8705 §3: a client whose tokens are bound to certificates shows one, however it authenticates."""
    if client.tls_client_certificate_bound_access_tokens and presented.client_certificate is None:
        raise InvalidRequest("this client's tokens are bound: a certificate is needed")


def _members(
    access_token: str, lifetime: timedelta, binding: Binding, scope: str, details: Sequence[Any]
) -> dict[str, Any]:
    """Of a response that gives an access token (RFC 6749 §5.1, RFC 9396 §7)."""
    members: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "DPoP" if binding.jkt else "Bearer",
        "expires_in": int(lifetime.total_seconds()),
        "scope": scope,
    }
    return {**members, "authorization_details": details} if details else members
