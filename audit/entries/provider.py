"""Entries about what clients were granted and told, about clients and keys."""

from __future__ import annotations

from dataclasses import dataclass

from audit.entries.entry import Entry, Term, clear, kind, sealed


@kind("grant_made", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMade(Entry):
    """The citizen let a client know claims, or read papers (`document_lent` says which)."""

    client: str = clear()
    scope: str = clear()
    purpose: str = clear()
    grant: str = sealed()


@kind("grant_refused", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRefused(Entry):
    """The citizen said no."""

    client: str = clear()
    scope: str = clear()
    purpose: str = clear()


@kind("grant_taken_back", Term.EXCHANGE, ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTakenBack(Entry):
    """The grant, its tokens and its lendings are over."""

    client: str = clear()
    grant: str = sealed()


@kind("claims_released", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsReleased(Entry):
    """Data about the person went to a client: names of claims, never values."""

    client: str = clear()
    claims: str = clear()
    grant: str = sealed()


@kind("access_handed_on", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccessHandedOn(Entry):
    """A client handed part of what it was granted to `receiver`, a back end of its own. `token`: the new one's jti."""

    client: str = clear()
    receiver: str = clear()
    scope: str = clear()
    grant: str = sealed()
    token: str = sealed()


@kind("authorization_revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(Entry):
    """One code's family of tokens ended: `reason` is code_replay, refresh_reuse, revocation, sign_out."""

    client: str = clear()
    reason: str = clear()
    grant: str = sealed()


@kind("client_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Entry):
    """A client was imported, changed or removed (`change`)."""

    client: str = clear()
    change: str = clear()


@kind("keys_rotated")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRotated(Entry):
    """Keys of a kind (signing, root, ledger) were rotated to a version."""

    keys: str = clear()
    version: str = clear()
