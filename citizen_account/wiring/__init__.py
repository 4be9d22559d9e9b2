"""The one place that calls constructors: settings become the House. Read it from the ground up.

A module a room, in the order of the lines of `build`. Nothing here decides anything; it only says who gets what.
Building calls the key rings and makes what is missing (signing keys, the house's own keys), so it happens before the
first request and after the fork.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from flask import Blueprint

from audit.endpoints import tiles
from citizen_account.adapters.access_tokens import VaultAccessTokens
from citizen_account.house import House
from citizen_account.wiring.across import build_across
from citizen_account.wiring.ground import Ground, build_ground
from citizen_account.wiring.ledger import build_ledger
from citizen_account.wiring.people import build_people, build_sign_ins
from citizen_account.wiring.provider import ProviderRoom, build_provider
from citizen_account.wiring.vault import VaultRoom, build_vault
from config.clock import Clock, SystemClock
from config.identifiers import Randomness, SystemRandomness
from config.settings import Settings
from oidc.endpoints import refusals
from oidc.tokens.binding import ALGORITHMS
from vault.endpoints import documents as document_endpoint
from vault.endpoints import metadata as vault_metadata


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    hasher: PasswordHasher | None = None,
) -> House:
    """The House of these settings. clock, randomness, hasher: the tests' own."""
    ground = build_ground(settings, clock or SystemClock(), randomness or SystemRandomness())
    ledger = build_ledger(ground)
    sign_ins = build_sign_ins(ground, ledger)
    vault = build_vault(ground, ledger, sign_ins.notifications)
    people = build_people(ground, ledger, sign_ins, vault, hasher)
    provider = build_provider(ground, ledger, sign_ins, vault, people)
    across = build_across(ground, ledger, sign_ins, vault, people, provider)
    return House(
        settings=settings,
        clock=ground.clock,
        randomness=ground.randomness,
        database=ground.database,
        jobs=ground.jobs,
        mailer=ground.mailer,
        local_mailbox=ground.local_mailbox,
        rate_limits=ground.rate_limits,
        rings=dict(ground.rings),
        stores={"papers": ground.papers, "ledger": ground.live, "archive": ground.archive},
        ledger=ledger.ledger,
        ledger_keys=ledger.keys,
        signers=ledger.signers,
        proofs=ledger.proofs,
        search=ledger.search,
        export=ledger.export,
        archive=ledger.archive,
        reconciliation=ledger.reconciliation,
        terms=ledger.terms,
        document_types=vault.document_types,
        purposes=vault.purposes,
        owner_keys=vault.owner_keys,
        documents=vault.documents,
        pictures=vault.pictures,
        intake=vault.intake,
        lending=vault.lending,
        retention=across.retention,
        restoring=across.restoring,
        secret_keys=ledger.secret_keys,
        signing_keys=provider.signing_keys,
        clients=provider.clients,
        diagnosis=provider.diagnosis,
        rehearsal=provider.rehearsal,
        back_channel=provider.back_channel,
        front_channel=provider.front_channel,
        consent=provider.consent,
        interactions=provider.interactions,
        devices=provider.devices,
        backchannel=provider.backchannel,
        issuing=provider.issuing,
        subjects=people.subjects,
        browser=sign_ins.browser,
        account_keys=sign_ins.account_keys,
        house_keys=sign_ins.house_keys,
        accounts=people.accounts,
        credentials=people.credentials,
        authentication=people.authentication,
        challenges=people.challenges,
        passkeys=people.passkeys,
        second_factors=people.second_factors,
        second_steps=people.second_steps,
        links=people.links,
        enrolment=people.enrolment,
        recovery_of_access=people.recovery,
        roles=people.roles,
        sessions=sign_ins.sessions,
        notifications=sign_ins.notifications,
        takeout=people.takeout,
        erasure=across.erasure,
        roots=across.roots,
        failed_jobs=people.failed_jobs,
        endpoints=_endpoints(ground, vault, provider),
    )


def _endpoints(ground: Ground, vault: VaultRoom, provider: ProviderRoom) -> tuple[Blueprint, ...]:
    """What machines reach, every room's, in reading order."""
    settings = ground.settings
    vault_tokens = VaultAccessTokens(
        provider.access_tokens,
        vault_url=settings.vault_url,
        resource_metadata=f"{settings.public_url}/.well-known/oauth-protected-resource/vault",
    )
    fetching = document_endpoint.blueprint(vault.lending, vault_tokens, vault.document_types, settings.public_url)
    refusals.watch(fetching, provider.diagnosis, ground.randomness)
    return (
        *provider.provider.blueprints(),
        fetching,
        vault_metadata.blueprint(
            settings.public_url,
            settings.vault_url,
            dpop_algorithms=ALGORITHMS,
            certificates=settings.takes_client_certificates,
        ),
        tiles.blueprint(ground.live),
    )
