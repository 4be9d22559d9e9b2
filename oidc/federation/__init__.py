"""OpenID Federation 1.0: clients that nobody registered here, vouched for by a chain up to a trust anchor of ours.

Off unless the setting names an anchor. A chain leads from the client's own statement about itself, by its superiors'
statements, to the anchor, whose keys we know by another way (§4); policies on that way shape its metadata (§6).
"""

from __future__ import annotations

from oidc.federation.automatic import Federation
from oidc.federation.configuration import Configuration

__all__ = ["Configuration", "Federation"]
