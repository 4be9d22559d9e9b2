"""Whether whoever is at the browser may answer a request as they are, or must sign in first (Core §3.1.2.1, §5.5.1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from config.clock import Clock
from config.database import Database
from oidc.clients import Client
from oidc.errors import LoginRequired, UnmetAuthenticationRequirements
from oidc.pairwise import Pairwise
from oidc.protocols import SignedIn, SignIn
from oidc.request import AcceptedRequest
from oidc.request.openid import ACRS, reached

WANT_A_SIGN_IN = frozenset({"login", "select_account", "create"})
"""Prompts that a sign-in from before the request doesn't meet."""


class Presence:
    """Holds a sign-in against a request."""

    def __init__(self, *, database: Database, pairwise: Pairwise, sign_in: SignIn, clock: Clock) -> None:
        """pairwise: who is behind the `sub` that a client expects. sign_in: what somebody could reach."""
        self._database = database
        self._pairwise = pairwise
        self._sign_in = sign_in
        self._clock = clock

    def suffices(self, client: Client, request: AcceptedRequest, there: SignedIn, *, fresh: bool) -> bool:
        """Whether this sign-in will do; False when the person must sign in (again).

        fresh: whether they signed in during this request, all that prompt, max_age and acr can ask for: another
        round would end the same way. Raises `LoginRequired` when it is the wrong person who did, or when nobody can be
        the right one, and `UnmetAuthenticationRequirements` when an essential acr isn't reached.
        """
        if not fresh and (WANT_A_SIGN_IN & set(request.prompt) or self._is_too_old(request, there)):
            return False
        if not self._is_strong_enough(request, there, fresh=fresh):
            return False
        if request.expected_sub is None or self._is_expected(client, request.expected_sub, there):
            return True
        if fresh:
            raise LoginRequired("another person signed in")
        return False

    def stated(self, request: AcceptedRequest, there: SignedIn) -> SignedIn:
        """The sign-in as this client is told of it: an essential acr comes back as one of the values that were named.

        Core §5.5.1.1. Who reached more reached less, too; nothing else is changed.
        """
        met = [value for value in ACRS if value in request.essential_acr and _meets(there.acr, {value})]
        return replace(there, acr=met[-1]) if met else there

    def _is_strong_enough(self, request: AcceptedRequest, there: SignedIn, *, fresh: bool) -> bool:
        wanted = request.essential_acr or request.acr_values
        if not wanted or _meets(there.acr, wanted):
            return True
        if not fresh and _meets(self._sign_in.reachable_acr(there.subject), wanted):
            return False
        if request.essential_acr:
            raise UnmetAuthenticationRequirements("the essential acr is not reached")
        return True  # Core §3.1.2.1: acr_values are a wish

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


def _meets(acr: str, wanted: Collection[str]) -> bool:
    """Whether this acr is one of those wanted, or includes one."""
    return any(value in wanted for value in reached(acr))
