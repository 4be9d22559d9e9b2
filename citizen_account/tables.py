"""Imports every store, so that the metadata is whole: for migrations, and for the tests."""

from __future__ import annotations

# ruff: noqa: F401 -- imported for their tables
import audit.store.entries
import audit.store.log
import audit.store.people
import audit.store.restores
import citizen_account.store.accounts
import citizen_account.store.addresses
import citizen_account.store.credentials
import citizen_account.store.erasures
import citizen_account.store.keys
import citizen_account.store.mailed_links
import citizen_account.store.passkeys
import citizen_account.store.roles
import citizen_account.store.second_factors
import citizen_account.store.sign_ins
import citizen_account.store.used_challenges
import config.jobs
import config.rate_limits
import oidc.store.authorizations
import oidc.store.clients
import oidc.store.grants
import oidc.store.interactions
import oidc.store.polled_requests
import oidc.store.refresh_tokens
import oidc.store.refusals
import oidc.store.revoked_tokens
import oidc.store.secret_keys
import oidc.store.sign_in_clients
import oidc.store.signing_keys
import oidc.store.subjects
import oidc.store.used_identifiers
import vault.store.documents
import vault.store.erasures
import vault.store.intents
import vault.store.lendings
import vault.store.minutes
import vault.store.owner_keys
import vault.store.owners
import vault.store.reads
import vault.store.renditions
import vault.store.versions
