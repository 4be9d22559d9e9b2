"""Entries about accounts: made, changed, closed; sign-ins, roles, takeouts."""

from __future__ import annotations

from dataclasses import dataclass

from audit.entries.entry import Entry, clear, kind, sealed


@kind("account_created")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Entry):
    """An account began."""


@kind("account_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Entry):
    """An address, attribute or credential changed: `what` names it, never its value."""

    what: str = clear()


@kind("account_closed", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(Entry):
    """An account ended; its own keys are destroyed, exchanges set aside until `exchanges_until` (seconds since 1970).

    The sealed fields are what a restore needs to close it again under the same receipt; nobody else can open them.
    """

    root_version: str = clear()
    account: str = sealed()
    code_sha256: str = sealed()
    exchanges_until: str = sealed()


@kind("signed_in")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Entry):
    """A sign-in, or an attempt that failed for a known account."""

    amr: str = clear()
    acr: str = clear()
    sign_in: str = sealed()


@kind("signed_out")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Entry):
    """A sign-in ended: `reason` is person, password_changed, operator, closed."""

    reason: str = clear()
    sign_in: str = sealed()


@kind("role_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Entry):
    """A role was proposed, confirmed or withdrawn (`change`). Two people are needed."""

    role: str = clear()
    change: str = clear()


@kind("takeout_made")
@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoutMade(Entry):
    """The person took everything home."""

    documents: str = clear()
