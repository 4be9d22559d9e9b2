"""The provider: keys, clients, tokens, and every endpoint's service."""

from __future__ import annotations

from dataclasses import dataclass

from citizen_account.adapters.evidence import VaultEvidence
from citizen_account.adapters.notices import ReleaseNotices
from citizen_account.adapters.screens import HouseScreens
from citizen_account.wiring.ground import Ground
from citizen_account.wiring.ledger import LedgerRoom
from citizen_account.wiring.people import People, SignIns
from citizen_account.wiring.vault import VaultRoom
from config.clock import Clock
from config.outgoing import Outgoing
from config.settings import Settings
from oidc.authorization import Authorization
from oidc.back_channel import BackChannel
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.client_authentication import ClientAuthentication
from oidc.clients import ClientKeys, Clients
from oidc.consent import Consent
from oidc.device_authorization import DeviceAuthorizations
from oidc.diagnosis import Diagnosis
from oidc.federation import Configuration, Federation, anchors
from oidc.front_channel import FrontChannel
from oidc.grant_management import GrantManagement
from oidc.interaction import Interactions
from oidc.introspection import Introspection
from oidc.issuing import Authorizing, Issuing, Userinfo
from oidc.keys import SigningKeys
from oidc.logout import Logout
from oidc.pairwise import Pairwise
from oidc.polling import Polling
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
from oidc.tokens.binding import Proofs
from oidc.tokens.encryption import Encryption
from oidc.tokens.families import Families
from oidc.tokens.id_token import IdTokens
from oidc.tokens.refresh_token import RefreshTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRoom:
    """What signs in to services, and what the other doors ask of it."""

    provider: Provider
    signing_keys: SigningKeys
    clients: Clients
    access_tokens: AccessTokens
    pairwise: Pairwise
    issuing: Issuing
    consent: Consent
    interactions: Interactions
    devices: DeviceAuthorizations
    backchannel: BackchannelAuthentication
    front_channel: FrontChannel
    back_channel: BackChannel
    diagnosis: Diagnosis
    rehearsal: Rehearsal


def build_provider(
    ground: Ground, ledger_room: LedgerRoom, sign_ins: SignIns, vault: VaultRoom, people: People
) -> ProviderRoom:
    """Makes signing keys where they are missing, and hangs on the end of a sign-in what it ends."""
    settings, database, clock, randomness = ground.settings, ground.database, ground.clock, ground.randomness
    ledger, secret_keys = ledger_room.ledger, ledger_room.secret_keys
    families = Families(ledger=ledger, clock=clock)
    signing_keys = SigningKeys(
        database=database,
        key_ring=ground.rings["provider"],
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
    evidence = VaultEvidence(database, vault.lending, clients, clock)
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
        subjects=people.subjects,
        ledger=ledger,
        issuer=issuer,
        clock=clock,
        randomness=randomness,
    )
    consent = Consent(
        database=database,
        clients=clients,
        evidence=evidence,
        notices=ReleaseNotices(sign_ins.notifications),
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
        sign_in=people.sign_in, randomness=randomness, is_offered=settings.provider.session_management
    )
    front_channel = FrontChannel(database=database, clients=clients, issuer=issuer)
    devices = DeviceAuthorizations(
        database=database,
        client_authentication=client_authentication,
        checks=checks,
        interactions=interactions,
        proofs=proofs,
        secret_keys=secret_keys,
        rate_limits=ground.rate_limits,
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
        subjects=people.subjects,
        notices=ReleaseNotices(sign_ins.notifications),
        pairwise=pairwise,
        secret_keys=secret_keys,
        rate_limits=ground.rate_limits,
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
            polling=Polling(issuing=issuing, jobs=ground.jobs, clock=clock),
            pairwise=pairwise,
            session_states=session_states,
            sign_in=people.sign_in,
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
            subjects=people.subjects,
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
            sign_in=people.sign_in,
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
        jobs=ground.jobs,
        issuer=issuer,
        clock=clock,
        randomness=randomness,
    )
    sign_ins.sessions.when_one_ends(families.end_of_sign_in)
    sign_ins.sessions.when_one_ends(back_channel.ended)
    return ProviderRoom(
        provider=provider,
        signing_keys=signing_keys,
        clients=clients,
        access_tokens=access_tokens,
        pairwise=pairwise,
        issuing=issuing,
        consent=consent,
        interactions=interactions,
        devices=devices,
        backchannel=backchannel,
        front_channel=front_channel,
        back_channel=back_channel,
        diagnosis=diagnosis,
        rehearsal=Rehearsal(
            database=database,
            objects=request_objects,
            checks=checks,
            subjects=people.subjects,
            randomness=randomness,
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
