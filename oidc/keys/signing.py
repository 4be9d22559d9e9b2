"""Signing keys: next -> active -> retired, for each algorithm, rotated by command without a failed request.

The next key is always published before it signs. A retired one loses its private half at once (nodes that still hold
it sign for at most five seconds more) and stays published until the last token that it signed has expired.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwk
from sqlalchemy.exc import IntegrityError

from audit.entries import ActorKind, KeysRotated
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database
from config.errors import ConfigurationError
from config.identifiers import Randomness, new_id
from config.key_ring import KeyRing
from oidc import jwts
from oidc.errors import JwtRefused, RotationTooSoon
from oidc.keys.kept import Kept
from oidc.keys.opening import Opening, wrap
from oidc.store import signing_keys
from oidc.store.signing_keys import ACTIVE, NEXT, RETIRED, SigningKeyRow

_KIND = "signing"
RSA_BITS = 2048
LONGEST_TOKEN = timedelta(minutes=5)
"""Access and ID tokens live no longer (DESIGN.md), so a retired key is needed no longer than this and a margin."""
MARGIN = timedelta(minutes=5)
"""For caches, clocks and slow relying parties."""
_UNKNOWN_KID_SECONDS = 1.0
"""A kid that this node doesn't know makes it look again, at most so often."""


@dataclass(frozen=True, slots=True)
class _Known:
    row: SigningKeyRow
    private: jwts.PrivateKey | None = field(repr=False)
    public: jwts.PublicKey


@dataclass(frozen=True, slots=True)
class _Opened:
    by_kid: Mapping[str, _Known]
    active: Mapping[str, _Known]


class SigningKeys:
    """Signs our JWTs, verifies them, publishes the public halves."""

    def __init__(
        self,
        *,
        database: Database,
        key_ring: KeyRing,
        ledger: Ledger,
        clock: Clock,
        randomness: Randomness,
        jwks_max_age: timedelta = timedelta(minutes=5),
    ) -> None:
        """key_ring: the ring "provider". jwks_max_age: how long relying parties may keep our keys."""
        self._database = database
        self._key_ring = key_ring
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self.jwks_max_age = jwks_max_age
        self._kept = Kept(self._load, clock)

    def ensure(self) -> None:
        """Make an active and a next key for each algorithm where they are missing: at set-up. Repeatable."""
        for alg in jwts.OWN_ALGORITHMS:
            for state in (ACTIVE, NEXT):
                self._make_missing(alg, state)

    def sign(self, claims: Mapping[str, Any], *, alg: str, typ: str) -> str:
        """A compact JWS by the active key. alg: one of `jwts.OWN_ALGORITHMS`."""
        known = self._kept.get().active[alg]
        header = jwts.header_of(alg=alg, kid=known.row.kid, typ=typ)
        return jwts.sign(header, claims, cast("jwts.PrivateKey", known.private), alg)

    def verify_own(self, unverified_jwt: str, *, typ: str) -> Mapping[str, Any]:
        """The claims of a JWT that we signed with that type. Its times are the caller's business.

        Raises `JwtRefused`: not a compact JWS, another type, an unknown key, another algorithm than the key's, a
        wrong signature.
        """
        jwt = jwts.parse_without_verifying(unverified_jwt)
        kid = jwt.header.get("kid")
        if not isinstance(kid, str) or not jwts.is_type(jwt.header, typ):
            raise JwtRefused("not of this type")
        known = self._kept.get().by_kid.get(kid)
        if known is None:
            known = self._kept.get(max_age_seconds=_UNKNOWN_KID_SECONDS).by_kid.get(kid)
        if known is None or jwt.header.get("alg") != known.row.alg:
            raise JwtRefused("not one of our keys")
        jwts.check_own(jwt, known.public, known.row.alg)
        return jwt.claims

    def public_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The JWK Set: active first, then next, then those retired whose tokens may still be about."""
        order = {ACTIVE: 0, NEXT: 1, RETIRED: 2}
        rows = [known.row for known in self._kept.get().by_kid.values() if self._is_published(known.row)]
        return {"keys": [json.loads(row.public_jwk) for row in sorted(rows, key=lambda row: order[row.state])]}

    def version(self) -> object | None:
        """The same object as long as this node doesn't look at the keys anew; None when it has to at the next use."""
        return self._kept.fresh()

    def rotate(self, *, now: bool, actor: str = "") -> Mapping[str, str]:
        """Activate the next key of each algorithm, retire the active one, make a new next. New active kid by alg.

        now: even if the next key was published less than a JWKS max-age ago; relying parties that meet its kid fetch
        our keys again. actor: the operating-system user, for the ledger.
        Raises `RotationTooSoon` otherwise; nothing is changed then.
        """
        made = {alg: self._new(alg, NEXT) for alg in jwts.OWN_ALGORITHMS}
        activated = {}
        moment = self._clock.now()
        with self._database.transaction() as tx:
            following = {row.alg: row for row in signing_keys.every(tx) if row.state == NEXT}
            for alg, row in made.items():
                if not now and following[alg].made_at + self.jwks_max_age > moment:
                    raise RotationTooSoon(alg)
                signing_keys.retire(tx, alg, moment)
                signing_keys.activate(tx, following[alg].kid)
                signing_keys.add(tx, row)
                activated[alg] = following[alg].kid
            version = " ".join(activated[alg] for alg in jwts.OWN_ALGORITHMS)
            self._ledger.append(
                tx, KeysRotated(actor_kind=ActorKind.OPERATOR, actor=actor, keys="signing", version=version)
            )
        self._kept.forget()
        return activated

    def states(self) -> Sequence[SigningKeyRow]:
        """Every key with its state, for `keys list`; wrapped halves left out of its repr."""
        with self._database.reading() as tx:
            return signing_keys.every(tx)

    def rewrap_all(self) -> int:
        """Wrap every private half under the ring's current root version; how many were changed. Repeatable."""
        opening = Opening(self._database, self._key_ring, self._ledger)
        changed = 0
        for row in self.states():
            if row.wrapped is None:
                continue
            again = wrap(self._key_ring, opening.open(row.wrapped, kind=_KIND, key=row.kid), kind=_KIND, key=row.kid)
            with self._database.transaction() as tx:
                changed += signing_keys.rewrap(tx, row.kid, row.wrapped, again)
        return changed

    def _is_published(self, row: SigningKeyRow) -> bool:
        last_use = row.retired_at
        return last_use is None or self._clock.now() < last_use + LONGEST_TOKEN + MARGIN

    def _load(self, before: _Opened | None) -> _Opened:
        opening = Opening(self._database, self._key_ring, self._ledger)
        held = before.by_kid if before else {}
        by_kid = {row.kid: self._known(row, held.get(row.kid), opening) for row in self.states()}
        active = {known.row.alg: known for known in by_kid.values() if known.row.state == ACTIVE}
        if any(alg not in active for alg in jwts.OWN_ALGORITHMS):
            message = "The provider has no signing key. Run `citizen-account migrate` to make one."
            raise ConfigurationError(message)
        return _Opened(by_kid, active)

    @staticmethod
    def _known(row: SigningKeyRow, held: _Known | None, opening: Opening) -> _Known:
        if held is not None and (held.private is not None or row.state != ACTIVE):
            return _Known(row, held.private if row.state != RETIRED else None, held.public)
        public = cast("jwts.PublicKey", jwk.import_key(json.loads(row.public_jwk)).get_op_key("verify"))
        if row.wrapped is None:
            return _Known(row, None, public)
        opened = opening.open(row.wrapped, kind=_KIND, key=row.kid)
        return _Known(row, cast("jwts.PrivateKey", serialization.load_der_private_key(opened, None)), public)

    def _make_missing(self, alg: str, state: str) -> None:
        if any(row.alg == alg and row.state == state for row in self.states()):
            return
        row = self._new(alg, state)
        try:
            with self._database.transaction() as tx:
                signing_keys.add(tx, row)
        except IntegrityError:
            return  # another process was first

    def _new(self, alg: str, state: str) -> SigningKeyRow:
        kid = new_id(self._randomness)
        private: jwts.PrivateKey
        if alg in {"RS256", "PS256"}:
            private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        elif alg == "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        else:
            private = ec.generate_private_key(ec.SECP256R1())
        der = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return SigningKeyRow(
            kid=kid,
            alg=alg,
            state=state,
            public_jwk=json.dumps(_public_jwk(private.public_key(), kid, alg)),
            wrapped=wrap(self._key_ring, der, kind=_KIND, key=kid),
            made_at=self._clock.now(),
            retired_at=None,
        )


def _public_jwk(key: jwts.PublicKey, kid: str, alg: str) -> dict[str, str]:
    named = {"kid": kid, "alg": alg, "use": "sig"}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e), **named}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": jwts.encode(key.public_bytes_raw()), **named}
    point = key.public_numbers()
    x, y = (jwts.encode(part.to_bytes(32, "big")) for part in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **named}


def _integer(value: int) -> str:
    return jwts.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
