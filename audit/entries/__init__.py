"""The closed list of entry kinds: what the ledger can say, and nothing else.

Each kind is one frozen dataclass. Its fields in their order of declaration are the catalogue order in which the leaf
commits them. A field is `clear()` (a search column, auditors read it) or `sealed()` (only the persons concerned
read it, each under their own ledger key). None holds free text: values are ids, codes, counts and hashes.
"""

from __future__ import annotations

from audit.entries.accounts import (
    AccountChanged,
    AccountClosed,
    AccountCreated,
    RoleChanged,
    SignedIn,
    SignedOut,
    TakeoutMade,
)
from audit.entries.entry import CATALOGUE, ActorKind, Entry, EntryId, Outcome, PersonId, Term
from audit.entries.house import (
    CommandRun,
    JobRetried,
    JobRun,
    LedgerExported,
    LedgerOpened,
    LedgerSearched,
    LogOpened,
    ReadablePartsErased,
)
from audit.entries.papers import (
    AgreementRecorded,
    DocumentDeleted,
    DocumentDeposited,
    DocumentLent,
    DocumentOpened,
    DocumentRead,
    LendingTakenBack,
    OwnerKeyReplaced,
    ReadFailed,
    ReadRefused,
)
from audit.entries.provider import (
    AccessHandedOn,
    AuthorizationRevoked,
    ClaimsReleased,
    ClientChanged,
    GrantMade,
    GrantRefused,
    GrantTakenBack,
    KeysRotated,
)

__all__ = [
    "CATALOGUE",
    "AccessHandedOn",
    "AccountChanged",
    "AccountClosed",
    "AccountCreated",
    "ActorKind",
    "AgreementRecorded",
    "AuthorizationRevoked",
    "ClaimsReleased",
    "ClientChanged",
    "CommandRun",
    "DocumentDeleted",
    "DocumentDeposited",
    "DocumentLent",
    "DocumentOpened",
    "DocumentRead",
    "Entry",
    "EntryId",
    "GrantMade",
    "GrantRefused",
    "GrantTakenBack",
    "JobRetried",
    "JobRun",
    "KeysRotated",
    "LedgerExported",
    "LedgerOpened",
    "LedgerSearched",
    "LendingTakenBack",
    "LogOpened",
    "Outcome",
    "OwnerKeyReplaced",
    "PersonId",
    "ReadFailed",
    "ReadRefused",
    "ReadablePartsErased",
    "RoleChanged",
    "SignedIn",
    "SignedOut",
    "TakeoutMade",
    "Term",
]
