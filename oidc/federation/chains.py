"""Trust chains: from an entity up to a trust anchor of ours, statement by statement (OpenID Federation 1.0 §4, §10).

Every address on the way was written by somebody else: each is fetched through `config.outgoing`, and a search ends
after `MAX_FETCHES` requests, `MAX_SECONDS`, `MAX_INTERMEDIATES` steps, whatever the statements say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from joserfc import jwk

from config.clock import Clock
from config.errors import OutgoingError
from config.outgoing import Outgoing
from oidc import jwts
from oidc.errors import TrustChainRefused
from oidc.federation import constraints
from oidc.federation.statements import TYPE, Statement, is_entity_id, read, verify

WELL_KNOWN: Final = "/.well-known/openid-federation"
MEDIA_TYPE: Final = f"application/{TYPE}"
MAX_INTERMEDIATES: Final = 3
"""Between the entity and the anchor."""
MAX_HINTS: Final = 8
"""Superiors that one entity may name."""
MAX_FETCHES: Final = 16
MAX_SECONDS: Final = 15.0
"""After so long no further request begins."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A valid chain."""

    leaf: Statement
    """What the entity says of itself."""
    superiors: tuple[Statement, ...]
    """About the entity first, the trust anchor's last."""

    @property
    def expires_at(self) -> datetime:
        """When the first of its statements ends (§10.4)."""
        return min(statement.expires_at for statement in (self.leaf, *self.superiors))


class Chains:
    """Finds and checks chains."""

    def __init__(self, anchors: Mapping[str, Sequence[jwk.Key]], outgoing: Outgoing, clock: Clock) -> None:
        """anchors: entity id -> keys, as the operator knows them."""
        self._anchors = anchors
        self._outgoing = outgoing
        self._clock = clock

    def find(self, entity_id: str, kind: str) -> Chain:
        """The first valid chain of an entity. kind: the entity type that is wanted of it. Outside any transaction.

        Raises `TrustChainRefused`: the reason why its most direct way up is none.
        """
        return _Search(self._anchors, self._outgoing, self._clock, kind).chain(entity_id)


class _Search:
    def __init__(self, anchors: Mapping[str, Sequence[jwk.Key]], outgoing: Outgoing, clock: Clock, kind: str) -> None:
        self._anchors = anchors
        self._outgoing = outgoing
        self._clock = clock
        self._kind = kind
        self._now = clock.now()
        self._ends_at = clock.monotonic() + MAX_SECONDS
        self._left = MAX_FETCHES

    def chain(self, entity_id: str) -> Chain:
        leaf = self._configuration(entity_id)
        return Chain(leaf, self._up(leaf, ()))

    def _up(self, below: Statement, so_far: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The statements from here to an anchor. below: the configuration of the entity whose superior is wanted."""
        hints = below.claims.get("authority_hints")
        if not isinstance(hints, list) or not hints or not all(isinstance(one, str) for one in hints):
            raise TrustChainRefused(f"{below.subject}: no authority_hints, and no trust anchor of ours")
        refusal = TrustChainRefused(f"{below.subject}: too many authority_hints")
        for count, hint in enumerate(sorted(hints[:MAX_HINTS], key=lambda hint: hint not in self._anchors)):
            try:
                return self._by(hint, below, so_far)
            except TrustChainRefused as error:
                refusal = error if count == 0 else refusal
        raise refusal

    def _by(self, hint: str, below: Statement, so_far: tuple[Statement, ...]) -> tuple[Statement, ...]:
        if not is_entity_id(hint):
            raise TrustChainRefused(f"{below.subject}: authority_hints are entity identifiers")
        if hint == below.subject or hint in {statement.subject for statement in so_far}:
            raise TrustChainRefused(f"{hint}: stands above itself")
        if hint not in self._anchors and len(so_far) >= MAX_INTERMEDIATES:
            raise TrustChainRefused(f"more than {MAX_INTERMEDIATES} intermediates")
        superior = self._configuration(hint)
        statement = self._subordinate(superior, below.subject)
        # §10.2: what it says, of itself and of who is below, counts once a superior knows the key that it said it with.
        for said in (below, *so_far[-1:]):
            verify(said.text, statement.keys, below.subject)
        statements = (*so_far, statement)
        if hint not in self._anchors:
            return self._up(superior, statements)
        constraints.check(statements, self._kind)
        return statements

    def _configuration(self, entity_id: str) -> Statement:
        """§9. An anchor's is signed by the keys that we know, everybody else's by those that it names."""
        text = self._fetched(f"{entity_id.rstrip('/')}{WELL_KNOWN}")
        return read(text, issuer=entity_id, subject=entity_id, keys=self._anchors.get(entity_id), now=self._now)

    def _subordinate(self, superior: Statement, subject: str) -> Statement:
        """§8.1."""
        endpoint = superior.member("metadata", "federation_entity").get("federation_fetch_endpoint")
        if not isinstance(endpoint, str) or not endpoint.startswith("https://"):
            raise TrustChainRefused(f"{superior.subject}: no federation_fetch_endpoint")
        text = self._fetched(f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}sub={quote(subject, safe='')}")
        keys = self._anchors.get(superior.subject, superior.keys)
        return read(text, issuer=superior.subject, subject=subject, keys=keys, now=self._now)

    def _fetched(self, url: str) -> str:
        self._left -= 1
        if self._left < 0 or self._clock.monotonic() >= self._ends_at:
            raise TrustChainRefused("the chain takes too many requests")
        try:
            answer = self._outgoing.get(url, accept=MEDIA_TYPE, max_bytes=jwts.MAX_CHARS)
            text = answer.body.decode("ascii").strip()
        except (OutgoingError, ValueError) as error:
            raise TrustChainRefused(f"{url[:200]}: gave no statement", detail=str(error)) from error
        if answer.status != HTTPStatus.OK:
            raise TrustChainRefused(f"{url[:200]}: gave no statement", detail=f"status {answer.status}")
        return text
