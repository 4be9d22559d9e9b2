"""People, in two parts: keys and sign-ins, which other rooms ask for by Protocol; then accounts, which need a vault."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher

from citizen_account.accounts import Accounts
from citizen_account.adapters.browser import Browser
from citizen_account.adapters.sign_in import BrowserSignIn
from citizen_account.adapters.subjects import AccountSubjects
from citizen_account.authentication import Authentication
from citizen_account.challenges import Challenges
from citizen_account.credentials import Credentials
from citizen_account.enrolment import Enrolment, MailLimits
from citizen_account.failed_jobs import FailedJobs
from citizen_account.mailed_links import MailedLinks
from citizen_account.notifications import Notifications
from citizen_account.passkeys import Passkeys
from citizen_account.passwords import Passwords
from citizen_account.recovery import Recovery
from citizen_account.roles import Roles
from citizen_account.sealing import AccountKeys, HouseKeys
from citizen_account.second_factors import SecondFactors
from citizen_account.second_steps import SecondSteps
from citizen_account.sessions import Sessions
from citizen_account.takeout import Takeout
from citizen_account.wiring.ground import Ground
from citizen_account.wiring.ledger import LedgerRoom
from citizen_account.wiring.vault import VaultRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """The part of people that needs no vault."""

    browser: Browser
    house_keys: HouseKeys
    account_keys: AccountKeys
    sessions: Sessions
    notifications: Notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Accounts, and every way in and out of one."""

    accounts: Accounts
    credentials: Credentials
    subjects: AccountSubjects
    authentication: Authentication
    sign_in: BrowserSignIn
    challenges: Challenges
    passkeys: Passkeys
    second_factors: SecondFactors
    second_steps: SecondSteps
    links: MailedLinks
    enrolment: Enrolment
    recovery: Recovery
    roles: Roles
    takeout: Takeout
    failed_jobs: FailedJobs


def build_sign_ins(ground: Ground, ledger_room: LedgerRoom) -> SignIns:
    """Before the vault, which notifies."""
    settings, database, clock, randomness = ground.settings, ground.database, ground.clock, ground.randomness
    ring, ledger = ground.rings["provider"], ledger_room.ledger
    return SignIns(
        browser=Browser(settings, randomness),
        house_keys=HouseKeys(database, ring, ledger, clock=clock, randomness=randomness),
        account_keys=AccountKeys(database, ring, ledger, clock=clock, randomness=randomness),
        sessions=Sessions(database, ledger, settings.sign_in, clock=clock, randomness=randomness),
        notifications=Notifications(ground.jobs),
    )


def build_people(
    ground: Ground, ledger_room: LedgerRoom, sign_ins: SignIns, vault: VaultRoom, hasher: PasswordHasher | None
) -> People:
    """After the vault: an account has a safe and is a person of the ledger. hasher: None takes the house's own."""
    settings, database, clock, randomness = ground.settings, ground.database, ground.clock, ground.randomness
    jobs, rate_limits, ledger = ground.jobs, ground.rate_limits, ledger_room.ledger
    house_keys, sessions = sign_ins.house_keys, sign_ins.sessions
    accounts = Accounts(
        database,
        sign_ins.account_keys,
        house_keys,
        vault.owner_keys,
        vault.documents,
        ledger,
        ledger_room.keys,
        jobs,
        clock=clock,
        randomness=randomness,
    )
    theme = settings.theme
    credentials = Credentials(
        database,
        Passwords(randomness, hasher),
        house_keys,
        jobs,
        clock=clock,
        context_words=(theme.city_name, theme.city_name_fr),
    )
    authentication = Authentication(
        database,
        credentials,
        sessions,
        house_keys,
        rate_limits,
        ledger,
        jobs,
        clock=clock,
    )
    challenges = Challenges(database, house_keys, clock=clock, randomness=randomness)
    second_factors = SecondFactors(
        database,
        accounts,
        authentication,
        challenges,
        house_keys,
        rate_limits,
        clock=clock,
        randomness=randomness,
    )
    links = MailedLinks(database, house_keys, jobs, clock=clock, randomness=randomness)
    mail_limits = MailLimits(rate_limits)
    return People(
        accounts=accounts,
        credentials=credentials,
        subjects=AccountSubjects(database, accounts),
        authentication=authentication,
        sign_in=BrowserSignIn(sign_ins.browser, sessions, authentication),
        challenges=challenges,
        passkeys=Passkeys(
            database,
            accounts,
            authentication,
            challenges,
            rate_limits,
            settings.public_url,
            clock=clock,
            randomness=randomness,
        ),
        second_factors=second_factors,
        second_steps=SecondSteps(
            database, authentication, credentials, second_factors, sessions, challenges, house_keys
        ),
        links=links,
        enrolment=Enrolment(database, accounts, credentials, authentication, links, mail_limits),
        recovery=Recovery(database, accounts, credentials, authentication, sessions, links, mail_limits),
        roles=Roles(database, ledger, settings.public_url, clock=clock, randomness=randomness),
        takeout=Takeout(
            database=database,
            accounts=accounts,
            sessions=sessions,
            documents=vault.documents,
            lending=vault.lending,
            ledger=ledger,
            search=ledger_room.search,
            clock=clock,
        ),
        failed_jobs=FailedJobs(database, jobs, ledger),
    )
