"""The closed list of entry kinds: what the ledger can say, and nothing else.

Each kind is one frozen dataclass. Its fields in their order of declaration are the catalogue order in which the leaf
commits them. A field is `clear()` (a search column, auditors read it) or `sealed()` (only the persons concerned
read it, each under their own ledger key). None holds free text: values are ids, codes, counts and hashes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, NewType, TypeVar

EntryId = NewType("EntryId", str)
PersonId = NewType("PersonId", str)
"""Whom an entry concerns: an account id, or the owner id of a safe without an account of its own."""

_E = TypeVar("_E", bound="Entry")


class Outcome(StrEnum):
    """How the act ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class ActorKind(StrEnum):
    """In which capacity someone acted."""

    CITIZEN = "citizen"
    SERVICE = "service"
    FACILITATOR = "facilitator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    JOB = "job"


class Term(StrEnum):
    """Which of a person's two ledger keys seals the entry, hence how long they can read it."""

    EXCHANGE = "exchange"
    """36 months (CRPA R114-9-7)."""
    ACCOUNT = "account"
    """Until the account closes, and no longer than an exchange."""


def clear() -> Any:
    """A search column: time, kind, outcome and these are what auditors see."""
    return field(default="", metadata={"clear": True})


def sealed() -> Any:
    """A field for the persons concerned only."""
    return field(default="", metadata={"clear": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry says. `persons` are told and can read the sealed half.

    None for acts on the house itself: these concern whoever did them, when the ledger knows them.
    """

    kind: ClassVar[str] = ""
    term: ClassVar[Term] = Term.ACCOUNT
    ends: ClassVar[bool] = False
    """Whether it tells of something that must stay ended after a restore (`audit.endings`)."""
    actor_kind: ActorKind = field(metadata={"clear": True})
    actor: str = field(default="", metadata={"clear": False})
    outcome: Outcome = field(default=Outcome.DONE, metadata={"clear": True})
    persons: tuple[PersonId, ...] = field(default=(), metadata={"person": True})

    def values(self) -> list[tuple[str, str, bool]]:
        """(field name, canonical value, clear?) in catalogue order, `persons` left out."""
        return [
            (f.name, str(getattr(self, f.name)), bool(f.metadata["clear"]))
            for f in fields(self)
            if "person" not in f.metadata
        ]


def _kind(name: str, term: Term = Term.ACCOUNT, *, ends: bool = False) -> Callable[[type[_E]], type[_E]]:
    def register(cls: type[_E]) -> type[_E]:
        cls.kind = name
        cls.term = term
        cls.ends = ends
        CATALOGUE[name] = cls
        return cls

    return register


CATALOGUE: dict[str, type[Entry]] = {}
"""Every kind by its name."""


# Papers


@_kind("document_deposited", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeposited(Entry):
    """A version was stored. Its commitment lets `ledger verify --vault` find a row rolled back."""

    document_type: str = clear()
    document: str = sealed()
    version: str = sealed()
    length: str = sealed()
    ciphertext_sha256: str = sealed()


@_kind("document_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOpened(Entry):
    """Its owner (or who acts for them, or a job) opened a paper.

    `what` is original, preview, takeout, or descriptions: the labels and file names of all of them.
    """

    document_type: str = clear()
    what: str = clear()
    document: str = sealed()
    version: str = sealed()


@_kind("document_deleted", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeleted(Entry):
    """A paper, its keys and its description are gone here; from backups with the root version."""

    document_type: str = clear()
    document: str = sealed()
    root_version: str = sealed()


@_kind("document_lent", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLent(Entry):
    """The citizen lent one version to one client. `until` is seconds since 1970."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    legal_basis: str = clear()
    until: str = clear()
    document: str = sealed()
    version: str = sealed()
    lending: str = sealed()
    grant: str = sealed()


@_kind("lending_taken_back", Term.EXCHANGE, ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LendingTakenBack(Entry):
    """A lending ended before its date."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    lending: str = sealed()


@_kind("document_read", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRead(Entry):
    """One read: one (token id, version, rendition), committed before its first byte. `agent` is Acting-Agent."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    legal_basis: str = clear()
    rendition: str = clear()
    document: str = sealed()
    version: str = sealed()
    lending: str = sealed()
    grant: str = sealed()
    agent: str = sealed()
    token: str = sealed()


@_kind("read_failed", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailed(Entry):
    """A read that was written down gave no byte: it does not count. `read` is that entry's id."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    lending: str = sealed()
    read: str = sealed()


@_kind("read_refused", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRefused(Entry):
    """An authenticated client was refused a paper; merged by minute. `reason` is the refusal's code."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    reason: str = clear()
    lending: str = sealed()


@_kind("agreement_recorded", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRecorded(Entry):
    """The person agreed (or no longer agrees) that the house reads their papers for previews (CPCE L103 4°)."""

    agreed: str = clear()
    owner: str = sealed()


@_kind("owner_key_replaced")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerKeyReplaced(Entry):
    """A new owner key: what stayed was rewrapped, the old one destroyed."""

    reason: str = clear()


# The provider


@_kind("grant_made", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMade(Entry):
    """The citizen let a client know claims, or read papers (`document_lent` says which)."""

    client: str = clear()
    scope: str = clear()
    purpose: str = clear()
    grant: str = sealed()


@_kind("grant_refused", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRefused(Entry):
    """The citizen said no."""

    client: str = clear()
    scope: str = clear()
    purpose: str = clear()


@_kind("grant_taken_back", Term.EXCHANGE, ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTakenBack(Entry):
    """The grant, its tokens and its lendings are over."""

    client: str = clear()
    grant: str = sealed()


@_kind("claims_released", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsReleased(Entry):
    """Data about the person went to a client: names of claims, never values."""

    client: str = clear()
    claims: str = clear()
    grant: str = sealed()


@_kind("authorization_revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(Entry):
    """One code's family of tokens ended: `reason` is code_replay, refresh_reuse, revocation, sign_out."""

    client: str = clear()
    reason: str = clear()
    grant: str = sealed()


@_kind("client_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Entry):
    """A client was imported, changed or removed (`change`)."""

    client: str = clear()
    change: str = clear()


@_kind("keys_rotated")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRotated(Entry):
    """Keys of a kind (signing, root, ledger) were rotated to a version."""

    keys: str = clear()
    version: str = clear()


# Accounts


@_kind("account_created")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Entry):
    """An account began."""


@_kind("account_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Entry):
    """An address, attribute or credential changed: `what` names it, never its value."""

    what: str = clear()


@_kind("account_closed", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(Entry):
    """An account ended; its own keys are destroyed, exchanges set aside until `exchanges_until` (seconds since 1970).

    The sealed fields are what a restore needs to close it again under the same receipt; nobody else can open them.
    """

    root_version: str = clear()
    account: str = sealed()
    code_sha256: str = sealed()
    exchanges_until: str = sealed()


@_kind("signed_in")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Entry):
    """A sign-in, or an attempt that failed for a known account."""

    amr: str = clear()
    acr: str = clear()
    sign_in: str = sealed()


@_kind("signed_out")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Entry):
    """A sign-in ended: `reason` is person, password_changed, operator, closed."""

    reason: str = clear()
    sign_in: str = sealed()


@_kind("role_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Entry):
    """A role was proposed, confirmed or withdrawn (`change`). Two people are needed."""

    role: str = clear()
    change: str = clear()


@_kind("takeout_made")
@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoutMade(Entry):
    """The person took everything home."""

    documents: str = clear()


# The house


@_kind("ledger_searched")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSearched(Entry):
    """An auditor looked: names of the filters used; `pseudonym` when one person was looked at; `reason` is a code."""

    filters: str = clear()
    pseudonym: str = clear()
    reason: str = clear()


@_kind("ledger_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOpened(Entry):
    """A person looked at what the ledger says of them: their ledger keys were opened, for a minute."""


@_kind("ledger_exported")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerExported(Entry):
    """An auditor took a bundle out: indices from `first` up to, without, `end`."""

    first: str = clear()
    end: str = clear()


@_kind("readable_parts_erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadablePartsErased(Entry):
    """Readable parts are missing from here on purpose: reason (term, closing, lost) and index range [first, end).

    `origin` is the log that they are in when it is an earlier one.
    """

    reason: str = clear()
    first: str = clear()
    end: str = clear()
    origin: str = clear()


@_kind("log_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class LogOpened(Entry):
    """The first entry of a log; a successor names its predecessor's last checkpoint (origin, size, root in hex)."""

    predecessor: str = clear()
    predecessor_size: str = clear()
    predecessor_root: str = clear()


@_kind("job_run")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun(Entry):
    """A job that opened keys or erased: the cause its unwraps name."""

    job: str = clear()


@_kind("command_run")
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun(Entry):
    """An operator's command that changed or showed something; `actor` is the operating-system user, for all auditors.

    That is no account: sealed, nobody could ever read it.
    """

    actor: str = clear()
    command: str = clear()


@_kind("job_retried")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried(Entry):
    """An operator began a job again that had failed for good; `job` is its kind."""

    job: str = clear()
