"""What we say of ourselves in a federation: our entity configuration (OpenID Federation 1.0 §3, §9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from config.clock import Clock
from oidc.federation.statements import TYPE
from oidc.keys import SigningKeys

LIFETIME: Final = timedelta(hours=24)
ALG: Final = "ES256"


class Configuration:
    """Makes it, signed by our signing keys."""

    def __init__(
        self,
        *,
        signing_keys: SigningKeys,
        issuer: str,
        superiors: Sequence[str],
        organization: str,
        clock: Clock,
    ) -> None:
        """superiors: `authority_hints`. organization: the city's name."""
        self._signing_keys = signing_keys
        self._issuer = issuer
        self._superiors = list(superiors)
        self._organization = organization
        self._clock = clock

    def statement(self, metadata: Mapping[str, Any]) -> str:
        """A compact JWS. metadata: what discovery says."""
        now = self._clock.now()
        claims = {
            "iss": self._issuer,
            "sub": self._issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "jwks": self._signing_keys.public_jwks(),
            "authority_hints": self._superiors,
            "metadata": {
                "federation_entity": {"organization_name": self._organization},
                "openid_provider": dict(metadata),
            },
        }
        return self._signing_keys.sign(claims, alg=ALG, typ=TYPE)
