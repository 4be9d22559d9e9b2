"""The provider's own keys: those that sign tokens, and the secret ones behind MACs and seals."""

from __future__ import annotations

from oidc.keys.secret import SecretKeys
from oidc.keys.signing import SigningKeys

__all__ = ["SecretKeys", "SigningKeys"]
