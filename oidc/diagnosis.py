"""Diagnosis: why the last requests of a client were refused, kept for the operator (docs/decisions/1601).

Of a refused request nothing else is stored, and of this only words of ours: the endpoint, the error code, our sentence,
a cause, when, how often. No parameter, no token, no person. It is written after the refused transaction is over, and
bounded: kinds for each client, days, and how often a flood writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from threading import Lock
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from config.clock import Clock
from config.database import Database
from config.logs import get_logger
from oidc.clients import Clients
from oidc.errors import TAKEN_BACK, TRUST_CHAIN, AccessDenied, AuthorizationPending, OAuthError, UseDpopNonce
from oidc.store import refusals
from oidc.store.refusals import RefusalRow

__all__ = ["UNREGISTERED", "Diagnosis", "RefusalRow"]

log = get_logger(__name__)

UNREGISTERED: Final = ""
"""Whose refusals those are that name no client of ours: counted together, or anybody could fill the table."""
MOST: Final = 20
"""Kinds of refusal that are kept for a client, the newest."""
EACH: Final = 8
"""So many of a kind are written down one by one within a minute; then the 16th, the 32nd, the 64th."""
_MINUTE: Final = 60.0
_MOST_COUNTED: Final = 10_000
_ORDINARY: Final = (AuthorizationPending, UseDpopNonce, AccessDenied)
"""Steps of a protocol, and what the person decided: nothing to mend. Their subclasses are refusals."""


class Diagnosis:
    """Keeps refusals, by client and kind."""

    def __init__(self, *, database: Database, clients: Clients, clock: Clock, kept: timedelta) -> None:
        """kept: how long after it was seen last."""
        self._database = database
        self._clients = clients
        self._clock = clock
        self._kept = kept
        self._counted: dict[tuple[str, bytes], tuple[float, int, int]] = {}
        self._lock = Lock()

    def note(self, endpoint: str, error: OAuthError, *, client_id: str, correlation: str) -> None:
        """Keep why a request was refused. Outside any transaction; it never fails, at worst nothing is kept.

        client_id: whom the request named, proven or not; empty keeps nothing. correlation: of this answer.
        """
        if not client_id or type(error) in _ORDINARY:
            return
        known = self._clients.get(client_id) is not None
        # A date of a person's decision, or what was sent, is nothing to keep: the cause says enough.
        taken_back = error.description.startswith(TAKEN_BACK)
        description = "" if error.quotes or taken_back or not known else error.description
        cause = "taken_back" if taken_back else error.cause if known or error.cause == TRUST_CHAIN else "unregistered"
        kind = hashlib.sha256(f"{endpoint} {error.code} {cause} {description}".encode()).digest()
        whose = client_id if known else UNREGISTERED
        times = self._due((whose, kind))
        if not times:
            return
        now = self._clock.now()
        row = RefusalRow(
            client_id=whose,
            kind_hash=kind,
            endpoint=endpoint,
            error=error.code,
            cause=cause,
            description=description,
            first_at=now,
            last_at=now,
            times=times,
            correlation=correlation,
        )
        try:
            with self._database.transaction() as tx:
                if refusals.add(tx, row):
                    refusals.trim(tx, whose, MOST)
        except SQLAlchemyError as failure:  # a refusal stays a refusal when the database is busy or full
            log.warning("refusal_not_kept", error=type(failure).__name__)

    def of(self, client_id: str) -> Sequence[RefusalRow]:
        """Those of a client, the newest first; `UNREGISTERED` for those that named none of ours."""
        with self._database.reading() as tx:
            return refusals.of_client(tx, client_id)

    def sweep(self) -> None:
        """Forget those that weren't seen again."""
        with self._database.transaction() as tx:
            refusals.forget(tx, self._clock.now() - self._kept)

    def _due(self, key: tuple[str, bytes]) -> int:
        """How many of this kind to write down now, with those of a flood that were not; 0 while it goes on."""
        now = self._clock.monotonic()
        with self._lock:
            began, seen, unwritten = self._counted.get(key, (now, 0, 0))
            if now - began >= _MINUTE:
                began, seen = now, 0
            seen, unwritten = seen + 1, unwritten + 1
            due = unwritten if seen <= EACH or seen & (seen - 1) == 0 else 0
            if len(self._counted) >= _MOST_COUNTED and key not in self._counted:
                self._counted.clear()
            self._counted[key] = (began, seen, unwritten - due)
        return due
