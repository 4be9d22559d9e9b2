"""The one place that calls constructors: settings become the House. Read it from the ground up.

Nothing here decides anything; it only says who gets what. Building calls the key rings and makes what is missing
(signing keys, the house's own keys), so it happens before the first request and after the fork.
"""

from __future__ import annotations

from datetime import timedelta

from argon2 import PasswordHasher

from audit.archive import Archive
from audit.endpoints import tiles
from audit.export import Export
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.proofs import Proofs as LedgerProofs
from audit.reconciliation import Reconciliation
from audit.recovery import Recovery
from audit.restores import Restores
from audit.search import Search
from audit.sequencer import Sequencer, Signers
from audit.terms import Terms
from citizen_account.accounts import Accounts
from citizen_account.adapters.access_tokens import VaultAccessTokens
from citizen_account.adapters.browser import Browser
from citizen_account.adapters.evidence import VaultEvidence
from citizen_account.adapters.notices import ReadNotices, ReleaseNotices
from citizen_account.adapters.screens import HouseScreens
from citizen_account.adapters.sign_in import BrowserSignIn
from citizen_account.adapters.subjects import AccountSubjects
from citizen_account.authentication import Authentication
from citizen_account.challenges import Challenges
from citizen_account.credentials import Credentials
from citizen_account.enrolment import Enrolment, MailLimits
from citizen_account.erasure import Erasure
from citizen_account.failed_jobs import FailedJobs
from citizen_account.house import House
from citizen_account.mailed_links import MailedLinks
from citizen_account.notifications import Notifications
from citizen_account.passkeys import Passkeys
from citizen_account.passwords import Passwords
from citizen_account.recovery import Recovery as PasswordRecovery
from citizen_account.restoring import Restoring
from citizen_account.roles import Roles
from citizen_account.roots import Roots
from citizen_account.sealing import AccountKeys, HouseKeys
from citizen_account.second_factors import SecondFactors
from citizen_account.second_steps import SecondSteps
from citizen_account.sessions import Sessions
from citizen_account.store.accounts import AccountId
from citizen_account.takeout import Takeout
from config.clock import Clock, SystemClock
from config.database import Database, Transaction
from config.identifiers import Randomness, SystemRandomness
from config.jobs import Jobs
from config.key_ring.kinds import open_rings
from config.mail import LocalMailbox, Mailer, NoMailer, SmtpMailer
from config.object_store import ObjectStore
from config.outgoing import Outgoing
from config.rate_limits import RateLimits
from config.settings import Catalogues, Settings
from oidc.authorization import Authorization
from oidc.back_channel import BackChannel
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.client_authentication import ClientAuthentication
from oidc.clients import ClientKeys, Clients
from oidc.consent import Consent
from oidc.device_authorization import DeviceAuthorizations
from oidc.diagnosis import Diagnosis
from oidc.endpoints import refusals
from oidc.federation import Configuration, Federation, anchors
from oidc.front_channel import FrontChannel
from oidc.grant_management import GrantManagement
from oidc.interaction import Interactions
from oidc.introspection import Introspection
from oidc.issuing import Authorizing, Issuing, Userinfo
from oidc.keys import SecretKeys, SigningKeys
from oidc.logout import Logout
from oidc.pairwise import Pairwise
from oidc.polling import Polling
from oidc.protocols import SubjectId
from oidc.provider import Provider
from oidc.pushing import Pushing
from oidc.registration import Policy, Registration
from oidc.rehearsal import Rehearsal
from oidc.request import Checks
from oidc.request.objects import RequestObjects
from oidc.responses import Responses
from oidc.revocation import Revocation
from oidc.session_state import SessionStates
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.binding import ALGORITHMS, Proofs
from oidc.tokens.encryption import Encryption
from oidc.tokens.families import Families
from oidc.tokens.id_token import IdTokens
from oidc.tokens.refresh_token import RefreshTokens
from vault.content.previews import Previews
from vault.document_types import DocumentTypes, Purposes
from vault.document_types.loading import PACKAGED
from vault.documents import Documents, Erasing, Opening, Pictures
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.endpoints import documents as document_endpoint
from vault.endpoints import metadata as vault_metadata
from vault.intake import Intake
from vault.lending import Lending
from vault.restored import Restored
from vault.retention import Retention

RINGS = ("vault", "ledger", "provider")


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    hasher: PasswordHasher | None = None,
) -> House:
    """The House of these settings. clock, randomness, hasher: the tests' own."""
    clock = clock or SystemClock()
    randomness = randomness or SystemRandomness()
    backup_window = timedelta(days=settings.backup_window_days)

    # The ground
    database = Database(settings.database)
    jobs = Jobs(database, clock, randomness)
    rings = open_rings(settings, RINGS, clock, randomness)
    papers = ObjectStore(settings.s3, settings.s3.papers_bucket)
    live = papers.beside(settings.s3.ledger_bucket)
    archive = papers.beside(settings.s3.ledger_archive_bucket)
    mailbox = LocalMailbox(settings.data_dir / "mailbox", clock, randomness) if settings.mail.local_mailbox else None
    rate_limits = RateLimits(database, clock)

    # The ledger
    ledger = Ledger(clock, randomness)
    ledger_keys = LedgerKeys(database, rings["ledger"], clock, randomness)
    signers = Signers(database, rings["ledger"], randomness)
    signers.ensure_endings()
    sequencer = Sequencer(database, live, signers, settings.ledger_origin)
    secret_keys = SecretKeys(
        database=database,
        key_ring=rings["provider"],
        ledger=ledger,
        clock=clock,
        randomness=randomness,
    )
    secret_keys.ensure()
    archive_job = Archive(database, archive, sequencer, clock, ledger, settings.s3.ledger_archive_days)
    search = Search(database, ledger, ledger_keys, clock, secret_keys.mac("ledger-cursor", b""))

    # People: keys and sign-ins, which other rooms ask for by Protocol
    browser = Browser(settings, randomness)
    house_keys = HouseKeys(database, rings["provider"], ledger, clock=clock, randomness=randomness)
    account_keys = AccountKeys(database, rings["provider"], ledger, clock=clock, randomness=randomness)
    sessions = Sessions(database, ledger, settings.sign_in, clock=clock, randomness=randomness)
    notifications = Notifications(jobs)

    # The vault
    types, purposes = _catalogues(settings.catalogues)
    owner_keys = OwnerKeys(database, rings["vault"], clock, randomness)
    objects = EncryptedObjects(papers, clock, randomness)
    opening = Opening(database, owner_keys, objects, ledger, clock)
    erasing = Erasing(owner_keys, ledger, jobs, clock, backup_window)
    documents = Documents(
        database=database,
        keys=owner_keys,
        opening=opening,
        erasing=erasing,
        ledger=ledger,
        jobs=jobs,
        clock=clock,
    )
    lending = Lending(
        database=database,
        keys=owner_keys,
        objects=objects,
        opening=opening,
        document_types=types,
        purposes=purposes,
        ledger=ledger,
        notices=ReadNotices(notifications),
        clock=clock,
        randomness=randomness,
        vault_url=settings.vault_url,
    )

    # Accounts, which make a safe and a ledger person each
    accounts = Accounts(
        database,
        account_keys,
        house_keys,
        owner_keys,
        documents,
        ledger,
        ledger_keys,
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
    subjects = AccountSubjects(database, accounts)
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
    sign_in = BrowserSignIn(browser, sessions, authentication)
    challenges = Challenges(database, house_keys, clock=clock, randomness=randomness)
    passkeys = Passkeys(
        database,
        accounts,
        authentication,
        challenges,
        rate_limits,
        settings.public_url,
        clock=clock,
        randomness=randomness,
    )
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
    second_steps = SecondSteps(database, authentication, credentials, second_factors, sessions, challenges, house_keys)
    links = MailedLinks(database, house_keys, jobs, clock=clock, randomness=randomness)
    mail_limits = MailLimits(rate_limits)
    enrolment = Enrolment(database, accounts, credentials, authentication, links, mail_limits)
    recovery = PasswordRecovery(database, accounts, credentials, authentication, sessions, links, mail_limits)
    roles = Roles(database, ledger, settings.public_url, clock=clock, randomness=randomness)

    # The provider
    families = Families(ledger=ledger, clock=clock)
    signing_keys = SigningKeys(
        database=database,
        key_ring=rings["provider"],
        ledger=ledger,
        clock=clock,
        randomness=randomness,
        jwks_max_age=settings.provider.jwks_max_age,
    )
    signing_keys.ensure()
    outgoing = Outgoing(settings.outgoing)
    clients = Clients(
        database=database,
        secret_keys=secret_keys,
        ledger=ledger,
        outgoing=outgoing,
        end_authorizations=families.end_of_client,
        clock=clock,
        randomness=randomness,
        takes_certificates=settings.takes_client_certificates,
        hybrid_and_implicit=settings.provider.hybrid_and_implicit,
        federation=_federation(settings, outgoing, clock),
    )
    evidence = VaultEvidence(database, lending, clients, clock)
    pairwise = Pairwise(randomness=randomness)
    proofs = Proofs(
        secret_keys=secret_keys,
        issuer=settings.public_url,
        mutual_tls_url=settings.provider.mutual_tls_url,
        clock=clock,
    )
    issuer = settings.public_url
    access_tokens = AccessTokens(
        signing_keys=signing_keys,
        proofs=proofs,
        issuer=issuer,
        clock=clock,
        randomness=randomness,
        lifetime=settings.provider.access_token_lifetime,
    )
    refresh_tokens = RefreshTokens(
        secret_keys=secret_keys,
        clock=clock,
        randomness=randomness,
        retry=settings.provider.refresh_retry,
    )
    client_keys = ClientKeys(outgoing, clock)
    client_authentication = ClientAuthentication(clients=clients, client_keys=client_keys, issuer=issuer, clock=clock)
    id_tokens = IdTokens(
        signing_keys=signing_keys, encryption=Encryption(client_keys), issuer=issuer, clock=clock, randomness=randomness
    )
    issuing = Issuing(
        database=database,
        client_authentication=client_authentication,
        access_tokens=access_tokens,
        id_tokens=id_tokens,
        rotation=refresh_tokens,
        proofs=proofs,
        families=families,
        pairwise=pairwise,
        evidence=evidence,
        subjects=subjects,
        ledger=ledger,
        issuer=issuer,
        clock=clock,
        randomness=randomness,
    )
    consent = Consent(
        database=database,
        clients=clients,
        evidence=evidence,
        notices=ReleaseNotices(notifications),
        ledger=ledger,
        clock=clock,
        randomness=randomness,
    )
    interactions = Interactions(
        database=database,
        lifetime=settings.provider.interaction_lifetime,
        pushed_lifetime=settings.provider.pushed_request_lifetime,
        clock=clock,
        randomness=randomness,
    )
    checks = Checks(
        evidence=evidence,
        hints=id_tokens,
        issuer=issuer,
        vault=settings.vault_url,
        hybrid_and_implicit=settings.provider.hybrid_and_implicit,
    )
    request_objects = RequestObjects(
        database=database, client_keys=client_keys, outgoing=outgoing, issuer=issuer, clock=clock
    )
    session_states = SessionStates(
        sign_in=sign_in, randomness=randomness, is_offered=settings.provider.session_management
    )
    front_channel = FrontChannel(database=database, clients=clients, issuer=issuer)
    devices = DeviceAuthorizations(
        database=database,
        client_authentication=client_authentication,
        checks=checks,
        interactions=interactions,
        proofs=proofs,
        secret_keys=secret_keys,
        rate_limits=rate_limits,
        clock=clock,
        randomness=randomness,
    )
    backchannel = BackchannelAuthentication(
        database=database,
        client_authentication=client_authentication,
        clients=clients,
        checks=checks,
        interactions=interactions,
        proofs=proofs,
        subjects=subjects,
        notices=ReleaseNotices(notifications),
        pairwise=pairwise,
        secret_keys=secret_keys,
        rate_limits=rate_limits,
        outgoing=outgoing,
        clock=clock,
        randomness=randomness,
    )
    diagnosis = Diagnosis(database=database, clients=clients, clock=clock, kept=settings.provider.refusals_kept)
    provider = Provider(
        issuer=issuer,
        clients=clients,
        authorization=Authorization(
            database=database,
            clients=clients,
            objects=request_objects,
            checks=checks,
            responses=Responses(signing_keys=signing_keys, issuer=issuer, clock=clock),
            interactions=interactions,
            consent=consent,
            authorizing=Authorizing(
                issuing=issuing,
                access_tokens=access_tokens,
                id_tokens=id_tokens,
                issuer=issuer,
                clock=clock,
                randomness=randomness,
                code_lifetime=settings.provider.code_lifetime,
            ),
            polling=Polling(issuing=issuing, jobs=jobs, clock=clock),
            pairwise=pairwise,
            session_states=session_states,
            sign_in=sign_in,
            clock=clock,
        ),
        pushing=Pushing(
            database=database,
            client_authentication=client_authentication,
            objects=request_objects,
            checks=checks,
            interactions=interactions,
            proofs=proofs,
        ),
        devices=devices,
        backchannel=backchannel,
        issuing=issuing,
        userinfo=Userinfo(
            database=database,
            access_tokens=access_tokens,
            clients=clients,
            signing_keys=signing_keys,
            encryption=Encryption(client_keys),
            subjects=subjects,
            ledger=ledger,
            issuer=issuer,
            clock=clock,
        ),
        introspection=Introspection(
            database=database,
            client_authentication=client_authentication,
            access_tokens=access_tokens,
            refresh_tokens=refresh_tokens,
            signing_keys=signing_keys,
            issuer=issuer,
            clock=clock,
        ),
        registration=Registration(
            clients=clients,
            policy=Policy(
                mode=settings.provider.registration,
                initial_access_token=settings.provider.initial_access_token.get_secret_value(),
                profile=settings.provider.registration_profile,
            ),
            issuer=issuer,
            randomness=randomness,
        ),
        revocation=Revocation(
            database=database,
            client_authentication=client_authentication,
            access_tokens=access_tokens,
            refresh_tokens=refresh_tokens,
            families=families,
        ),
        grant_management=GrantManagement(
            database=database,
            access_tokens=access_tokens,
            clients=clients,
            consent=consent,
            evidence=evidence,
            issuer=issuer,
        ),
        logout=Logout(
            database=database,
            clients=clients,
            id_tokens=id_tokens,
            families=families,
            front_channel=front_channel,
            secret_keys=secret_keys,
            sign_in=sign_in,
            clock=clock,
        ),
        signing_keys=signing_keys,
        session_states=session_states,
        diagnosis=diagnosis,
        screens=HouseScreens(),
        randomness=randomness,
        certificates=settings.takes_client_certificates,
        mutual_tls_url=settings.provider.mutual_tls_url,
        hybrid_and_implicit=settings.provider.hybrid_and_implicit,
        federation=_in_federation(settings, signing_keys, clock),
    )
    back_channel = BackChannel(
        clients=clients,
        pairwise=pairwise,
        signing_keys=signing_keys,
        outgoing=outgoing,
        jobs=jobs,
        issuer=issuer,
        clock=clock,
        randomness=randomness,
    )
    sessions.when_one_ends(families.end_of_sign_in)
    sessions.when_one_ends(back_channel.ended)
    vault_tokens = VaultAccessTokens(
        access_tokens,
        vault_url=settings.vault_url,
        resource_metadata=f"{issuer}/.well-known/oauth-protected-resource/vault",
    )

    def unlink(tx: Transaction, account: AccountId) -> None:
        """Of a closed account: what clients hold points nowhere, and what was decided names nobody."""
        pairwise.unlink(tx, SubjectId(account))
        issuing.forget_subject(tx, SubjectId(account))
        consent.forget_subject(tx, SubjectId(account))

    roots = Roots(
        database=database,
        rings={name: rings[name] for name in ("ledger", "provider")},
        rewraps={
            "ledger": (ledger_keys.rewrap_all, signers.rewrap_all),
            "provider": (
                account_keys.rewrap_all,
                lambda _cause: signing_keys.rewrap_all(),
                lambda _cause: secret_keys.rewrap_all(),
            ),
        },
        ledger=ledger,
        clock=clock,
        backup_window=backup_window,
    )
    erasure = Erasure(
        database=database,
        accounts=accounts,
        sessions=sessions,
        documents=documents,
        approvals=consent,
        ledger=ledger,
        ledger_keys=ledger_keys,
        roots=roots,
        forget=(credentials.erase, passkeys.erase, second_factors.erase, roles.erase, links.erase, unlink),
        backup_window=backup_window,
        exchange_term=settings.ledger.exchange_term,
        clock=clock,
    )

    # After a restore, every room's part of it
    restores = Restores(database, sequencer, signers, ledger, clock)
    retention = Retention(
        database=database,
        key_ring=rings["vault"],
        keys=owner_keys,
        objects=objects,
        erasing=erasing,
        ledger=ledger,
        clock=clock,
        backup_window=backup_window,
        restored_at=restores.unswept_since,
    )
    restoring = Restoring(
        database=database,
        recovery=Recovery(database, live, ledger, sequencer, clock, archive),
        restores=restores,
        restored=Restored(
            database=database, objects=objects, erasing=erasing, clock=clock, backup_window=backup_window
        ),
        retention=retention,
        documents=documents,
        lending=lending,
        consent=consent,
        erasure=erasure,
        clock=clock,
    )

    fetching = document_endpoint.blueprint(lending, vault_tokens, types, settings.public_url)
    refusals.watch(fetching, diagnosis, randomness)
    return House(
        settings=settings,
        clock=clock,
        randomness=randomness,
        database=database,
        jobs=jobs,
        mailer=_mailer(settings, mailbox, clock, randomness),
        local_mailbox=mailbox,
        rate_limits=rate_limits,
        rings=dict(rings),
        stores={"papers": papers, "ledger": live, "archive": archive},
        ledger=ledger,
        ledger_keys=ledger_keys,
        signers=signers,
        proofs=LedgerProofs(database, sequencer, clock),
        search=search,
        export=Export(database, live, ledger, sequencer, search, archive_job),
        archive=archive_job,
        reconciliation=Reconciliation(database, tuple(rings.values()), clock),
        terms=Terms(database, ledger, ledger_keys, clock, settings.ledger.exchange_term),
        document_types=types,
        purposes=purposes,
        owner_keys=owner_keys,
        documents=documents,
        pictures=Pictures(
            database=database,
            opening=opening,
            keys=owner_keys,
            objects=objects,
            previews=Previews(clock=clock),
            clock=clock,
        ),
        intake=Intake(
            database=database,
            keys=owner_keys,
            objects=objects,
            erasing=erasing,
            document_types=types,
            ledger=ledger,
            jobs=jobs,
            clock=clock,
            randomness=randomness,
            max_bytes=settings.limits.max_document_bytes,
            max_documents=settings.limits.max_documents,
        ),
        lending=lending,
        retention=retention,
        restoring=restoring,
        secret_keys=secret_keys,
        signing_keys=signing_keys,
        clients=clients,
        diagnosis=diagnosis,
        rehearsal=Rehearsal(
            database=database, objects=request_objects, checks=checks, subjects=subjects, randomness=randomness
        ),
        back_channel=back_channel,
        front_channel=front_channel,
        consent=consent,
        interactions=interactions,
        devices=devices,
        backchannel=backchannel,
        issuing=issuing,
        subjects=subjects,
        browser=browser,
        account_keys=account_keys,
        house_keys=house_keys,
        accounts=accounts,
        credentials=credentials,
        authentication=authentication,
        challenges=challenges,
        passkeys=passkeys,
        second_factors=second_factors,
        second_steps=second_steps,
        links=links,
        enrolment=enrolment,
        recovery_of_access=recovery,
        roles=roles,
        sessions=sessions,
        notifications=notifications,
        takeout=Takeout(
            database=database,
            accounts=accounts,
            sessions=sessions,
            documents=documents,
            lending=lending,
            ledger=ledger,
            search=search,
            clock=clock,
        ),
        erasure=erasure,
        roots=roots,
        failed_jobs=FailedJobs(database, jobs, ledger),
        endpoints=(
            *provider.blueprints(),
            fetching,
            vault_metadata.blueprint(
                settings.public_url,
                settings.vault_url,
                dpop_algorithms=ALGORITHMS,
                certificates=settings.takes_client_certificates,
            ),
            tiles.blueprint(live),
        ),
    )


def _federation(settings: Settings, outgoing: Outgoing, clock: Clock) -> Federation | None:
    if not settings.federation.trust_anchors:
        return None
    return Federation(
        anchors=anchors.read(settings.federation),
        profile=settings.federation.profile,
        outgoing=outgoing,
        clock=clock,
    )


def _in_federation(settings: Settings, signing_keys: SigningKeys, clock: Clock) -> Configuration | None:
    if not settings.federation.trust_anchors:
        return None
    tops = [anchor.entity_id for anchor in settings.federation.trust_anchors]
    return Configuration(
        signing_keys=signing_keys,
        issuer=settings.public_url,
        superiors=settings.federation.authority_hints or tops,
        organization=settings.theme.city_name,
        clock=clock,
    )


def _catalogues(given: Catalogues) -> tuple[DocumentTypes, Purposes]:
    """Those that come with the house and the city's own."""
    ours = [PACKAGED / "document_types.toml", *filter(None, [given.document_types])]
    types = DocumentTypes.load(ours, health_host=given.health_host)
    return types, Purposes.load(types, [PACKAGED / "purposes.toml", *filter(None, [given.purposes])])


def _mailer(settings: Settings, mailbox: LocalMailbox | None, clock: Clock, randomness: Randomness) -> Mailer:
    url = settings.mail.smtp_url.get_secret_value()
    if url:
        return SmtpMailer(url, settings.mail.sender, clock, randomness, ca_file=settings.mail.ca_file)
    return mailbox or NoMailer()
