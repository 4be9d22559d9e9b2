"""The House: every service of one installation, typed, built once by `citizen_account.wiring`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint

from audit.archive import Archive
from audit.export import Export
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.proofs import Proofs
from audit.reconciliation import Reconciliation
from audit.search import Search
from audit.sequencer import Signers
from audit.terms import Terms
from citizen_account.accounts import Accounts
from citizen_account.adapters.browser import Browser
from citizen_account.authentication import Authentication
from citizen_account.challenges import Challenges
from citizen_account.credentials import Credentials
from citizen_account.enrolment import Enrolment
from citizen_account.erasure import Erasure
from citizen_account.failed_jobs import FailedJobs
from citizen_account.mailed_links import MailedLinks
from citizen_account.notifications import Notifications
from citizen_account.passkeys import Passkeys
from citizen_account.recovery import Recovery as PasswordRecovery
from citizen_account.restoring import Restoring
from citizen_account.roles import Roles
from citizen_account.roots import Roots
from citizen_account.sealing import AccountKeys, HouseKeys
from citizen_account.second_factors import SecondFactors
from citizen_account.second_steps import SecondSteps
from citizen_account.sessions import Sessions
from citizen_account.takeout import Takeout
from config.clock import Clock
from config.database import Database
from config.identifiers import Randomness
from config.jobs import Jobs
from config.key_ring import KeyRing
from config.mail import LocalMailbox, Mailer
from config.object_store import ObjectStore
from config.rate_limits import RateLimits
from config.settings import Settings
from oidc.back_channel import BackChannel
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.clients import Clients
from oidc.consent import Consent
from oidc.device_authorization import DeviceAuthorizations
from oidc.diagnosis import Diagnosis
from oidc.front_channel import FrontChannel
from oidc.interaction import Interactions
from oidc.issuing import Issuing
from oidc.keys import SecretKeys, SigningKeys
from oidc.protocols import Subjects
from oidc.rehearsal import Rehearsal
from vault.document_types import DocumentTypes, Purposes
from vault.documents import Documents, Pictures
from vault.encryption.keys import OwnerKeys
from vault.intake import Intake
from vault.lending import Lending
from vault.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What doors are handed. Fields by room, from the ground up."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    database: Database
    jobs: Jobs
    mailer: Mailer
    local_mailbox: LocalMailbox | None
    """Only under `run`."""
    rate_limits: RateLimits
    rings: dict[str, KeyRing]
    """By name: vault, ledger, provider."""
    stores: dict[str, ObjectStore]
    """By name: papers, ledger, archive."""

    ledger: Ledger
    ledger_keys: LedgerKeys
    signers: Signers
    proofs: Proofs
    search: Search
    export: Export
    archive: Archive
    reconciliation: Reconciliation
    terms: Terms

    document_types: DocumentTypes
    purposes: Purposes
    owner_keys: OwnerKeys
    documents: Documents
    pictures: Pictures
    intake: Intake
    lending: Lending
    retention: Retention
    restoring: Restoring

    secret_keys: SecretKeys
    signing_keys: SigningKeys
    clients: Clients
    diagnosis: Diagnosis
    rehearsal: Rehearsal
    back_channel: BackChannel
    front_channel: FrontChannel
    consent: Consent
    interactions: Interactions
    devices: DeviceAuthorizations
    backchannel: BackchannelAuthentication
    issuing: Issuing
    subjects: Subjects

    browser: Browser
    account_keys: AccountKeys
    house_keys: HouseKeys
    accounts: Accounts
    credentials: Credentials
    authentication: Authentication
    challenges: Challenges
    passkeys: Passkeys
    second_factors: SecondFactors
    second_steps: SecondSteps
    links: MailedLinks
    enrolment: Enrolment
    recovery_of_access: PasswordRecovery
    roles: Roles
    sessions: Sessions
    notifications: Notifications
    takeout: Takeout
    erasure: Erasure
    roots: Roots
    failed_jobs: FailedJobs

    endpoints: Sequence[Blueprint]
    """What machines reach, every room's, in reading order."""
