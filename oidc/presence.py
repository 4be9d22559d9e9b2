"""Whether whoever is at the browser may answer a request as they are, or must sign in first (Core §3.1.2.1, §5.5.1)."""

from __future__ import annotations

from datetime import timedelta

from config.clock import Clock
from config.database import Database
from oidc.clients import Client
from oidc.errors import LoginRequired, UnmetAuthenticationRequirements
from oidc.pairwise import Pairwise
from oidc.protocols import SignedIn
from oidc.request import AcceptedRequest

WANT_A_SIGN_IN = frozenset({"login", "select_account", "create"})
"""Prompts that a sign-in from before the request doesn't meet."""


class Presence:
    """Holds a sign-in against a request."""

    def __init__(self, *, database: Database, pairwise: Pairwise, clock: Clock) -> None:
        """pairwise: who is behind the `sub` that a client expects."""
        self._database = database
        self._pairwise = pairwise
        self._clock = clock

    def suffices(self, client: Client, request: AcceptedRequest, there: SignedIn, *, fresh: bool) -> bool:
        """Whether this sign-in will do; False when the person must sign in (again).

        fresh: whether they signed in during this request, which is all that prompt and max_age can ask for: another
        round would end the same way. Raises `LoginRequired` when it is the wrong person who did, or when nobody can be
        the right one, and `UnmetAuthenticationRequirements` when an essential acr isn't reached.
        """
        if not fresh and (WANT_A_SIGN_IN & set(request.prompt) or self._is_too_old(request, there)):
            return False
        if request.essential_acr and there.acr not in request.essential_acr:
            raise UnmetAuthenticationRequirements("the essential acr is not reached")
        if request.expected_sub is None or self._is_expected(client, request.expected_sub, there):
            return True
        if fresh:
            raise LoginRequired("another person signed in")
        return False

    def _is_too_old(self, request: AcceptedRequest, there: SignedIn) -> bool:
        if request.max_age is None:
            return False
        # Core §3.1.2.1: max_age=0 means as prompt=login.
        return request.max_age == 0 or self._clock.now() - there.auth_time > timedelta(seconds=request.max_age)

    def _is_expected(self, client: Client, sub: str, there: SignedIn) -> bool:
        with self._database.reading() as tx:
            expected = self._pairwise.subject_of(tx, client, sub)
        if expected is None:
            raise LoginRequired("the expected person is not known (any more)")
        return expected == there.subject
