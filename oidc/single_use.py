"""What a client's request shows only once: its assertion (RFC 7523 §3) and its proof of possession (RFC 9449 §11.1).

Both are used up in the transaction of the request's effect, and also when the request is refused: whoever saw them in a
refused request must not show them again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from config.database import Database, Transaction
from oidc.client_authentication import AuthenticatedClient
from oidc.errors import InvalidClient, OAuthError
from oidc.store import used_identifiers
from oidc.tokens.binding import Proof, Proofs


def use(tx: Transaction, authenticated: AuthenticatedClient, proof: Proof | None = None) -> None:
    """Use up what was shown. Raises `InvalidClient` or `InvalidDpopProof` when it was used before."""
    assertion = authenticated.assertion
    if assertion is not None:
        identifier = f"{authenticated.client.client_id} {assertion.jti}"
        if not used_identifiers.use(tx, "assertion", identifier, assertion.expires_at):
            raise InvalidClient("client assertion: jti was used")
    if proof is not None:
        Proofs.use_once(tx, proof)


@contextlib.contextmanager
def used_up_anyway(
    database: Database, authenticated: AuthenticatedClient, proof: Proof | None = None
) -> Iterator[None]:
    """Around what calls `use`: an `OAuthError` rolled that back, so each is used up again, in its own transaction."""
    try:
        yield
    except OAuthError:
        if authenticated.assertion is not None:
            with contextlib.suppress(OAuthError), database.transaction() as tx:
                use(tx, authenticated)
        if proof is not None:
            with contextlib.suppress(OAuthError), database.transaction() as tx:
                Proofs.use_once(tx, proof)
        raise
