"""The checks of an authorization request, in order. Compare the table with the specifications line by line.

Client and redirect_uri come first, in `oidc.request.client`: until they are known, nothing may be redirected.
"""

from __future__ import annotations

from oidc.request.accepted import AcceptedRequest

__all__ = ["AcceptedRequest"]
