"""Requests under way: each has a handle of 256 bits, bound to one browser; only hashes are kept.

A pushed request, or one that came by POST, is kept before any browser showed itself: the first that opens it binds it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_secret
from oidc.consent import hashed
from oidc.errors import InvalidRequestUri, UnknownInteraction
from oidc.request.accepted import AcceptedRequest
from oidc.store import interactions

PUSHED = "urn:ietf:params:oauth:request_uri:"
"""How a pushed request's handle is written (RFC 9126 §2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request under way at one browser."""

    handle: str = field(repr=False)
    row: interactions.InteractionRow
    request: AcceptedRequest


class Interactions:
    """Keeps, binds and finds requests under way."""

    def __init__(
        self,
        *,
        database: Database,
        lifetime: timedelta,
        pushed_lifetime: timedelta,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """lifetime: from the first page to the decision. pushed_lifetime: until a pushed or posted one is opened."""
        self._database = database
        self._lifetime = lifetime
        self._pushed_lifetime = pushed_lifetime
        self._clock = clock
        self._randomness = randomness

    def push(self, request: AcceptedRequest, first: Callable[[Transaction], None]) -> tuple[str, int]:
        """Keep a pushed request; its request_uri and lifetime in seconds (RFC 9126 §2.2).

        first: done before, in the same transaction (using up assertion and proof); when it raises, nothing is kept.
        """
        handle = self._keep(request, None, None, self._pushed_lifetime, pushed=True, first=first)
        return PUSHED + handle, int(self._pushed_lifetime.total_seconds())

    def keep(self, request: AcceptedRequest) -> str:
        """Keep a request that came by POST, for the GET that follows at once; its handle.

        A cross-site POST brings no Lax cookie: to bind it now would give the browser a new value, and take from it
        every other request that it has under way.
        """
        return self._keep(request, None, None, self._pushed_lifetime)

    def begin(
        self, request: AcceptedRequest, browser: str, sign_in: str | None, lifetime: timedelta | None = None
    ) -> str:
        """Keep a request of this browser; its handle. lifetime: when its client waits less long than pages do."""
        return self._keep(request, browser, sign_in, self._lifetime if lifetime is None else lifetime)

    def open_pushed(self, request_uri: str, client_id: str, browser: str, sign_in: str | None) -> Interaction:
        """Open a pushed request for this client.

        The first browser binds it; a reload there works until the request is answered, any other browser is refused
        (RFC 9126 §4). Raises `InvalidRequestUri`.
        """
        handle = request_uri.removeprefix(PUSHED)
        row = self._row(handle)
        if row is not None and row.pushed and row.client_id == client_id and row.browser_hash is None:
            row = self._bound(handle, browser, sign_in)
        if row is None or not row.pushed or not _is(row.browser_hash, browser) or row.done_at is not None:
            raise InvalidRequestUri("the request_uri is unknown, used or expired", redirectable=False)
        if row.client_id != client_id:
            raise InvalidRequestUri("the request_uri is another client's", redirectable=False)
        return Interaction(handle=handle, row=row, request=AcceptedRequest.from_json(row.request))

    def find(self, handle: str, browser: str, sign_in: str | None) -> Interaction:
        """A request of this browser that isn't answered yet. Raises `UnknownInteraction`.

        sign_in: who is signed in now, which is remembered when this is the GET that follows a POST.
        """
        row = self._row(handle)
        if row is not None and not row.pushed and row.browser_hash is None:
            row = self._bound(handle, browser, sign_in)
        if row is None or not _is(row.browser_hash, browser) or row.done_at is not None:
            raise UnknownInteraction
        return Interaction(handle=handle, row=row, request=AcceptedRequest.from_json(row.request))

    def sweep(self) -> None:
        """Remove what is over."""
        now = self._clock.now()
        self._database.in_batches(lambda tx, limit: interactions.sweep(tx, now, limit))

    def _row(self, handle: str) -> interactions.InteractionRow | None:
        with self._database.reading() as tx:
            return interactions.by_hash(tx, hashed(handle), self._clock.now())

    def _bound(self, handle: str, browser: str, sign_in: str | None) -> interactions.InteractionRow | None:
        """Bind it unless another browser was quicker; the row as it is then."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            interactions.bind(tx, hashed(handle), hashed(browser), sign_in, now + self._lifetime)
            return interactions.by_hash(tx, hashed(handle), now)

    def _keep(
        self,
        request: AcceptedRequest,
        browser: str | None,
        sign_in: str | None,
        lifetime: timedelta,
        *,
        pushed: bool = False,
        first: Callable[[Transaction], None] | None = None,
    ) -> str:
        handle = new_secret(self._randomness)
        now = self._clock.now()
        row = interactions.InteractionRow(
            handle_hash=hashed(handle),
            client_id=request.client_id,
            request=request.to_json(),
            pushed=pushed,
            browser_hash=hashed(browser) if browser is not None else None,
            made_at=now,
            expires_at=now + lifetime,
            sign_in_before=sign_in,
        )
        with self._database.transaction() as tx:
            if first is not None:
                first(tx)
            interactions.add(tx, row)
        return handle


def _is(browser_hash: bytes | None, browser: str) -> bool:
    return browser_hash is not None and hmac.compare_digest(browser_hash, hashed(browser))
