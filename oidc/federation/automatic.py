"""Automatic registration: an entity identifier as client_id, and a chain instead of a registration (§12.1)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from joserfc import jwk

from config.clock import Clock
from config.outgoing import Outgoing
from oidc.clients.federated import Vouched
from oidc.clients.metadata import is_client_id
from oidc.errors import TrustChainRefused
from oidc.federation import policy
from oidc.federation.chains import Chain, Chains
from oidc.federation.statements import is_entity_id

RELYING_PARTY: Final = "openid_relying_party"
LONGEST: Final = timedelta(hours=6)
"""A chain is looked at again after so long at the latest: an entity that was put out of its federation is out here."""
REFUSED_SECONDS: Final = 60.0
"""A refusal is repeated so long without asking anybody again."""
AT_ONCE: Final = 2
"""Searches of one process at the same moment; each holds a thread while others answer slowly."""
METHOD: Final = "private_key_jwt"
GRANT_TYPES: Final = ("authorization_code", "refresh_token")
_WITH_DEFAULT: Final = frozenset({"grant_types", "response_types", "scope"})
_MOST_KEPT: Final = 1_000
_OPERATORS: Final = frozenset({"client_id", "client_secret", "contract", "profile", "require_pkce"})
"""Members that only the operator decides."""


class Federation:
    """Vouches for clients that come by a chain."""

    def __init__(
        self,
        *,
        anchors: Mapping[str, Sequence[jwk.Key]],
        profile: str,
        outgoing: Outgoing,
        clock: Clock,
    ) -> None:
        """anchors: entity id -> keys (`oidc.federation.anchors`). profile: of every client that comes so."""
        self._chains = Chains(anchors, outgoing, clock)
        self._profile = profile
        self._clock = clock
        self._at_once = threading.BoundedSemaphore(AT_ONCE)
        self._refused: dict[str, tuple[float, TrustChainRefused]] = {}

    def vouch(self, entity_id: str) -> Vouched:
        """The metadata of a client, shaped by its superiors, and until when they count. Outside any transaction.

        Raises `TrustChainRefused`.
        """
        if not is_client_id(entity_id) or not is_entity_id(entity_id):
            raise TrustChainRefused("client_id is no entity identifier")
        at, refusal = self._refused.get(entity_id, (float("-inf"), None))
        if refusal is not None and self._clock.monotonic() - at < REFUSED_SECONDS:
            raise TrustChainRefused(refusal.description, detail=refusal.detail)
        if not self._at_once.acquire(blocking=False):
            raise TrustChainRefused("too many chains at once: try again")
        try:
            return self._vouched(entity_id)
        except TrustChainRefused as error:
            if len(self._refused) >= _MOST_KEPT:
                self._refused.clear()
            self._refused[entity_id] = (self._clock.monotonic(), error)
            raise
        finally:
            self._at_once.release()

    def _vouched(self, entity_id: str) -> Vouched:
        chain = self._chains.find(entity_id, RELYING_PARTY)
        told = _shaped(chain)
        types = told.get("client_registration_types", ["automatic"])
        if not isinstance(types, list) or "automatic" not in types:
            raise TrustChainRefused("client_registration_types lacks automatic")
        if told.get("token_endpoint_auth_method") != METHOD:
            raise TrustChainRefused(f"token_endpoint_auth_method is {METHOD}")
        asked = told.get("grant_types", list(GRANT_TYPES[:1]))
        if isinstance(asked, list):
            told["grant_types"] = [name for name in GRANT_TYPES if name in asked]
        for name in _WITH_DEFAULT & told.keys():
            if not told[name]:  # the default would come back in the place of what was taken away
                raise TrustChainRefused(f"nothing of its {name} is left")
        kept = {name: value for name, value in told.items() if name not in _OPERATORS}
        return Vouched(
            metadata={**kept, "client_id": entity_id, "profile": self._profile},
            until=min(chain.expires_at, self._clock.now() + LONGEST),
        )


def _shaped(chain: Chain) -> dict[str, Any]:
    """§6.1.4: what the entity says, what its immediate superior says instead, what all their policies make of it."""
    if RELYING_PARTY not in chain.leaf.member("metadata"):
        raise TrustChainRefused(f"{chain.leaf.subject}: no metadata of an {RELYING_PARTY}")
    told = {
        **chain.leaf.member("metadata", RELYING_PARTY),
        **chain.superiors[0].member("metadata", RELYING_PARTY),
    }
    policies = [statement.member("metadata_policy", RELYING_PARTY) for statement in reversed(chain.superiors)]
    return policy.applied(policy.merged(policies), told)
