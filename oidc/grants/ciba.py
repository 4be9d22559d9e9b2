"""The CIBA grant: OpenID Connect Client-Initiated Backchannel Authentication 1.0 §10.1, §11."""

from __future__ import annotations

from typing import ClassVar

from oidc.clients.metadata import CIBA
from oidc.grants.polled import PolledGrant

KIND = "ciba"


class BackchannelRequest(PolledGrant):
    """A service asks whether the person approved what it asked of them."""

    GRANT_TYPE = CIBA
    KIND: ClassVar[str] = KIND
    PARAMETER: ClassVar[str] = "auth_req_id"
