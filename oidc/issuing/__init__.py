"""Issuing: codes for the authorization endpoint, tokens for the token endpoint, claims for userinfo."""

from __future__ import annotations

from oidc.issuing.authorizing import AuthorizationDraft, Authorizing
from oidc.issuing.tokens import Issuing
from oidc.issuing.userinfo import Userinfo

__all__ = ["AuthorizationDraft", "Authorizing", "Issuing", "Userinfo"]
