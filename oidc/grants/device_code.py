"""The device code grant (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

from typing import ClassVar

from oidc.clients.metadata import DEVICE_CODE
from oidc.grants.polled import PolledGrant

KIND = "device"


class DeviceCode(PolledGrant):
    """A device asks whether its person approved elsewhere."""

    GRANT_TYPE = DEVICE_CODE
    KIND: ClassVar[str] = KIND
    PARAMETER: ClassVar[str] = "device_code"
