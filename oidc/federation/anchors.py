"""Trust anchors: who they are and which keys are theirs, as the operator was told by another way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from joserfc import jwk

from config.errors import ConfigurationError
from config.settings import Federation as Settings
from oidc.clients import key_sets


def read(settings: Settings) -> Mapping[str, Sequence[jwk.Key]]:
    """Entity id -> keys. Raises `ConfigurationError` naming the file that holds none."""
    return {anchor.entity_id: _keys(anchor.entity_id, anchor.jwks.read_text()) for anchor in settings.trust_anchors}


def _keys(entity_id: str, text: str) -> Sequence[jwk.Key]:
    try:
        keys = key_sets.readable(json.loads(text))
    except ValueError:
        keys = ()
    if not keys:
        message = f"The file of the trust anchor {entity_id} holds no JWK Set: ask the federation's operator for it."
        raise ConfigurationError(message)
    return keys
