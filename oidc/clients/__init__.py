"""Clients: what is registered about each e-service, their secrets, and a cache of at most five seconds."""

from __future__ import annotations

from oidc.clients.client import Client
from oidc.clients.key_sets import ClientKeys
from oidc.clients.registry import Clients

__all__ = ["Client", "ClientKeys", "Clients"]
