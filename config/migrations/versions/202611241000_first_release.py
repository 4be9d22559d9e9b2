"""First release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611241000_first_release"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_accounts",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False, comment="clear: language of mails and pages"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_accounts")),
    )
    op.create_table(
        "account_addresses",
        sa.Column("address_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="clear: email, phone"),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=True, comment="HMAC under the house's lookup key"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("former_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_account_addresses")),
    )
    with op.batch_alter_table("account_addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_addresses_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_addresses_kind_lookup"), ["kind", "lookup"], unique=True)

    op.create_table(
        "account_attributes",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False, comment="clear: name of the claim"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False, comment="clear: code of where the fact comes from"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_account_attributes")),
    )
    op.create_table(
        "account_code_apps",
        sa.Column("account_id", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "last_step",
            sa.BigInteger(),
            nullable=False,
            comment="RFC 6238 time step of the last code that was accepted",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "goes_at",
            sa.BigInteger(),
            nullable=True,
            comment="when it goes, asked for by who lost it; null while it stays",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_code_apps")),
    )
    with op.batch_alter_table("account_code_apps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_code_apps_goes_at"), ["goes_at"], unique=False)

    op.create_table(
        "account_devices",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("device_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "device_sha256", name=op.f("pk_account_devices")),
    )
    with op.batch_alter_table("account_devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_devices_last_used_at"), ["last_used_at"], unique=False)

    op.create_table(
        "account_first_links",
        sa.Column("role", sa.String(length=16), nullable=False, comment="clear: auditor, operator"),
        sa.Column("secret_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_account_first_links")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_account_first_links_secret_sha256")),
    )
    op.create_table(
        "account_house_keys",
        sa.Column("name", sa.String(length=16), nullable=False, comment="clear: what the key is for"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account_house_keys")),
    )
    op.create_table(
        "account_keys",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_keys")),
    )
    op.create_table(
        "account_mailed_links",
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="clear: sign_up, reset, change_email"),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("browser_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False, comment="HMAC under the house's lookup key"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the address, under the house's own key"),
        sa.Column(
            "password_hash", sa.String(length=128), nullable=True, comment="clear: argon2id in PHC form, of a sign-up"
        ),
        sa.Column("language", sa.String(length=8), nullable=False, comment="clear: language of the mail"),
        sa.Column(
            "next_path", sa.String(length=512), nullable=False, comment="clear: local path to return to, ids only"
        ),
        sa.Column("link_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flow_id", name=op.f("pk_account_mailed_links")),
        sa.UniqueConstraint("link_sha256", name=op.f("uq_account_mailed_links_link_sha256")),
    )
    with op.batch_alter_table("account_mailed_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_mailed_links_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_mailed_links_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "account_owners",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False, comment="clear: self; later parent, guardian"),
        sa.PrimaryKeyConstraint("account_id", "owner_id", name=op.f("pk_account_owners")),
    )
    with op.batch_alter_table("account_owners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_owners_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "account_passkeys",
        sa.Column("passkey_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column(
            "credential_id", sa.LargeBinary(), nullable=False, comment="chosen by the device, at most 1023 bytes"
        ),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE_Key"),
        sa.Column("sign_count", sa.BigInteger(), nullable=False, comment="0 for devices that don't count"),
        sa.Column("backed_up", sa.Boolean(), nullable=False, comment="whether its owner's other devices hold it too"),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("passkey_id", name=op.f("pk_account_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_account_passkeys_credential_id")),
    )
    with op.batch_alter_table("account_passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_passkeys_account_id"), ["account_id"], unique=False)

    op.create_table(
        "account_passwords",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=128), nullable=False, comment="clear: argon2id in PHC form"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_passwords")),
    )
    op.create_table(
        "account_printed_codes",
        sa.Column("account_id", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("code_mac", sa.LargeBinary(length=32), nullable=False, comment="HMAC under the house's lookup key"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "code_mac", name=op.f("pk_account_printed_codes")),
    )
    op.create_table(
        "account_roles",
        sa.Column("proposal_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False, comment="clear: facilitator, auditor, operator"),
        sa.Column(
            "proposed_by", sa.String(length=64), nullable=False, comment="clear: account id, or os:<user> of a command"
        ),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True, comment="clear: account id, or first-start"),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_account_roles")),
    )
    with op.batch_alter_table("account_roles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_roles_account_id_role"), ["account_id", "role"], unique=False)

    op.create_table(
        "account_sign_ins",
        sa.Column("sign_in_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.String(length=64), nullable=False, comment="clear: methods by RFC 8176, space-separated"),
        sa.Column("acr", sa.String(length=16), nullable=False, comment="clear: eidas1, eidas2, eidas3"),
        sa.Column("browser", sa.String(length=32), nullable=False, comment="clear: family of the browser, no version"),
        sa.Column("system", sa.String(length=32), nullable=False, comment="clear: family of the operating system"),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True, comment="clear: code"),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_account_sign_ins")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_account_sign_ins_secret_sha256")),
    )
    with op.batch_alter_table("account_sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_sign_ins_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_sign_ins_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "account_used_challenges",
        sa.Column("challenge_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_sha256", name=op.f("pk_account_used_challenges")),
    )
    with op.batch_alter_table("account_used_challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_used_challenges_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "audit_alarms",
        sa.Column("code", sa.String(length=64), nullable=False, comment="clear: name in the code"),
        sa.Column("reference", sa.String(length=128), nullable=False, comment="clear: opaque id"),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "reference", name=op.f("pk_audit_alarms")),
    )
    op.create_table(
        "audit_entries",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
            comment="arrival; promises no order",
        ),
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("leaf", sa.LargeBinary(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=True, comment="which log it was integrated into"),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True, comment="its place there; empty until integrated"),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.String(length=32), nullable=True, comment="clear: name of the catalogue; empty when erased"
        ),
        sa.Column("outcome", sa.String(length=16), nullable=True, comment="clear: done, refused, failed"),
        sa.Column("client", sa.String(length=128), nullable=True, comment="clear: client id, as auditors search it"),
        sa.Column("document_type", sa.String(length=64), nullable=True, comment="clear: code"),
        sa.Column("purpose", sa.String(length=64), nullable=True, comment="clear: code"),
        sa.Column("readable", sa.Text(), nullable=True, comment="clear: JSON of fields: [value, key] or [commitment]"),
        sa.Column(
            "ending",
            sa.LargeBinary(),
            nullable=True,
            comment="of an entry that ended something: sealed for the day of a restore",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("generation", "leaf_index", name=op.f("uq_audit_entries_generation_leaf_index")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_entries_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_client"), ["client"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_time"), ["time"], unique=False)

    op.create_table(
        "audit_halves",
        sa.Column("entry", sa.String(length=64), nullable=False, comment="clear: entry id"),
        sa.Column("pseudonym", sa.String(length=32), nullable=False, comment="clear: see audit_people"),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.String(length=8), nullable=False, comment="clear: exchange, account"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry", "pseudonym", name=op.f("pk_audit_halves")),
    )
    with op.batch_alter_table("audit_halves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_halves_pseudonym_time"), ["pseudonym", "time"], unique=False)

    op.create_table(
        "audit_keys",
        sa.Column("pseudonym", sa.String(length=32), nullable=False, comment="clear: see audit_people"),
        sa.Column("term", sa.String(length=8), nullable=False, comment="clear: exchange, account"),
        sa.Column("wrapped", sa.LargeBinary(length=256), nullable=False),
        sa.Column("closing_code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("destroy_at", sa.BigInteger(), nullable=True, comment="of a key set aside when the account closed"),
        sa.PrimaryKeyConstraint("pseudonym", "term", name=op.f("pk_audit_keys")),
        sa.UniqueConstraint("closing_code_hash", name=op.f("uq_audit_keys_closing_code_hash")),
    )
    op.create_table(
        "audit_logs",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False, comment="clear: the log's name"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "published_size",
            sa.BigInteger(),
            nullable=False,
            comment="what the store's checkpoint says, as far as known",
        ),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_audit_logs")),
    )
    op.create_table(
        "audit_people",
        sa.Column(
            "person", sa.String(length=64), nullable=False, comment="clear: opaque id; gone when the account closes"
        ),
        sa.Column("pseudonym", sa.String(length=32), nullable=False, comment="clear: random, used nowhere else"),
        sa.Column("exchange_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_public", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_audit_people")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_audit_people_pseudonym")),
    )
    op.create_table(
        "account_erasures",
        sa.Column(
            "ring",
            sa.String(length=16),
            nullable=False,
            comment="clear: ledger or provider; the vault keeps its own",
        ),
        sa.Column("root_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gone_by", sa.BigInteger(), nullable=False, comment="what the earliest receipt promised"),
        sa.PrimaryKeyConstraint("ring", "root_version", name=op.f("pk_account_erasures")),
    )
    op.create_table(
        "audit_restores",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("known_size", sa.BigInteger(), nullable=False, comment="what the restored database knew of the log"),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False, comment="entries whose readable part is gone"),
        sa.Column(
            "is_whole",
            sa.Boolean(),
            nullable=False,
            comment="every ending was found, or an operator opens without",
        ),
        sa.Column("ended", sa.Integer(), nullable=False, comment="how many things were ended again"),
        sa.Column("replayed_at", sa.BigInteger(), nullable=True, comment="until then the doors are closed"),
        sa.Column(
            "swept_at", sa.BigInteger(), nullable=True, comment="until then nothing from before the restore is swept"
        ),
        sa.PrimaryKeyConstraint("generation", "published_size", name=op.f("pk_audit_restores")),
    )
    op.create_table(
        "audit_signers",
        sa.Column(
            "name", sa.String(length=200), nullable=False, comment="clear: the key's name: an origin, or `endings`"
        ),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=256), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_signers")),
    )
    op.create_table(
        "audit_tiles",
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("tile_index", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "level", "tile_index", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "job_periodic",
        sa.Column("name", sa.String(length=64), nullable=False, comment="clear: name in the code"),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_periodic")),
    )
    op.create_table(
        "job_queue",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="clear: name of the payload class"),
        sa.Column("payload", sa.Text(), nullable=False, comment="clear: JSON of ids only"),
        sa.Column("state", sa.String(length=8), nullable=False, comment="clear: due, failed"),
        sa.Column("unique_key", sa.String(length=128), nullable=True, comment="clear: ids; one waiting job for each"),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True, comment="clear: class of the last exception"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_queue")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_job_queue_unique_key")),
    )
    with op.batch_alter_table("job_queue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_queue_state_run_at"), ["state", "run_at"], unique=False)

    op.create_table(
        "job_rate_limits",
        sa.Column("bucket", sa.String(length=64), nullable=False, comment="clear: what is limited"),
        sa.Column("subject_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "subject_hash", "window_start", name=op.f("pk_job_rate_limits")),
    )
    with op.batch_alter_table("job_rate_limits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_rate_limits_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "oidc_authorizations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: public name of a service"),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("sub", sa.String(length=64), nullable=False, comment="clear: pairwise, random"),
        sa.Column("grant_id", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("sign_in", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("sid", sa.String(length=64), nullable=False, comment="clear: random, one for (sign-in, client)"),
        sa.Column("scope", sa.Text(), nullable=False, comment="clear: JSON list of scope names"),
        sa.Column("audience", sa.Text(), nullable=False, comment="clear: JSON list of our own resources"),
        sa.Column("lendings", sa.Text(), nullable=False, comment="clear: JSON list of opaque ids"),
        sa.Column("userinfo_claims", sa.Text(), nullable=False, comment="clear: JSON list of claim names, no values"),
        sa.Column("id_token_claims", sa.Text(), nullable=False, comment="clear: JSON list of claim names, no values"),
        sa.Column("nonce", sa.Text(), nullable=True, comment="clear: the client's, random"),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False, comment="clear: JSON list of method names"),
        sa.Column("acr", sa.String(length=64), nullable=False, comment="clear: a level's name"),
        sa.Column("jkt", sa.String(length=64), nullable=True, comment="clear: SHA-256 of the client's DPoP key"),
        sa.Column(
            "x5t_s256", sa.String(length=64), nullable=True, comment="clear: SHA-256 of the client's certificate"
        ),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the code"),
        sa.Column("redirect_uri", sa.Text(), nullable=False, comment="clear: registered by the client"),
        sa.Column("code_challenge", sa.String(length=128), nullable=True, comment="clear: SHA-256 of the verifier"),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("refreshes_until", sa.BigInteger(), nullable=True, comment="empty: it has no refresh tokens"),
        sa.Column("tells_grant", sa.Boolean(), nullable=False),
        sa.Column("outlives_sign_in", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_reason", sa.String(length=32), nullable=True, comment="clear: a code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_authorizations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_oidc_authorizations_code_hash")),
    )
    with op.batch_alter_table("oidc_authorizations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_authorizations_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_authorizations_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_authorizations_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_authorizations_sign_in"), ["sign_in"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_authorizations_subject"), ["subject"], unique=False)

    op.create_table(
        "oidc_clients",
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: public name of a service"),
        sa.Column(
            "metadata", sa.Text(), nullable=False, comment="clear: JSON of RFC 7591 metadata and contract; no person"
        ),
        sa.Column("secret_key", sa.String(length=64), nullable=True, comment="clear: id of the MAC key"),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=True, comment="HMAC-SHA-256 of the secret"),
        sa.Column(
            "secret_sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="the secret under a ring key, for HMAC methods only",
        ),
        sa.Column(
            "registration_token_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of the token of RFC 7592; empty: not by itself",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "chain_until",
            sa.BigInteger(),
            nullable=True,
            comment="when its chain of trust ends; empty: registered here",
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oidc_clients")),
    )
    op.create_table(
        "oidc_grants",
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: client id"),
        sa.Column("scope", sa.Text(), nullable=False, comment="clear: scope names"),
        sa.Column("claims", sa.Text(), nullable=False, comment="clear: JSON of claim names for userinfo and ID token"),
        sa.Column("details", sa.Text(), nullable=False, comment="clear: JSON of authorization_details, codes only"),
        sa.Column("lendings", sa.Text(), nullable=False, comment="clear: JSON of opaque lending ids"),
        sa.Column(
            "entry", sa.String(length=64), nullable=False, comment="clear: id of the ledger entry that tells of it"
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True, comment="empty: until it is taken back"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "ended_reason", sa.String(length=32), nullable=True, comment="clear: person, returned, operator, closed"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_grants")),
    )
    with op.batch_alter_table("oidc_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_grants_subject_client_id"), ["subject", "client_id"], unique=False)

    op.create_table(
        "oidc_interactions",
        sa.Column("handle_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: client id"),
        sa.Column(
            "request", sa.Text(), nullable=False, comment="clear: JSON of the accepted request; gone within the hour"
        ),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column(
            "browser_hash",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="empty until a pushed request is first opened",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "sign_in_before",
            sa.String(length=64),
            nullable=True,
            comment="clear: who was signed in when it began (opaque id)",
        ),
        sa.Column("subject", sa.String(length=64), nullable=True, comment="clear: opaque id of who decided"),
        sa.Column("grant_id", sa.String(length=64), nullable=True, comment="clear: the grant made"),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("handle_hash", name=op.f("pk_oidc_interactions")),
    )
    with op.batch_alter_table("oidc_interactions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_interactions_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "oidc_polled_requests",
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="clear: device or ciba"),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of what the client holds"),
        sa.Column("user_code_mac", sa.LargeBinary(length=32), nullable=True, comment="MAC of what the person types"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="what a ping sends and the binding message, by a key of the provider",
        ),
        sa.Column("sealed_by", sa.String(length=64), nullable=True, comment="clear: id of that key"),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: client id"),
        sa.Column(
            "request", sa.Text(), nullable=False, comment="clear: JSON of the accepted request; gone within the day"
        ),
        sa.Column(
            "subject", sa.String(length=64), nullable=True, comment="clear: opaque id of who is asked, or who answered"
        ),
        sa.Column(
            "browser_hash",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="the browser at which the code was typed",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_polled_requests")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_oidc_polled_requests_secret_hash")),
        sa.UniqueConstraint("user_code_mac", name=op.f("uq_oidc_polled_requests_user_code_mac")),
    )
    with op.batch_alter_table("oidc_polled_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_polled_requests_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_polled_requests_subject"), ["subject"], unique=False)

    op.create_table(
        "oidc_refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the token"),
        sa.Column("authorization_id", sa.String(length=64), nullable=False),
        sa.Column(
            "secret_key",
            sa.String(length=64),
            nullable=False,
            comment="clear: id of the key that derives the successor",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_oidc_refresh_tokens")),
    )
    with op.batch_alter_table("oidc_refresh_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_refresh_tokens_authorization_id"), ["authorization_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_refresh_tokens_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "oidc_refusals",
        sa.Column(
            "client_id",
            sa.String(length=128),
            nullable=False,
            comment="clear: client id; empty: none that is registered",
        ),
        sa.Column(
            "kind_hash",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="SHA-256 of endpoint, error, cause and description",
        ),
        sa.Column("endpoint", sa.String(length=32), nullable=False, comment="clear: name of ours"),
        sa.Column("error", sa.String(length=64), nullable=False, comment="clear: error code"),
        sa.Column("cause", sa.String(length=32), nullable=False, comment="clear: word of ours"),
        sa.Column(
            "description",
            sa.String(length=300),
            nullable=False,
            comment="clear: sentence of ours, nothing of the request",
        ),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column(
            "correlation",
            sa.String(length=32),
            nullable=False,
            comment="clear: random id, in the log and the last answer",
        ),
        sa.PrimaryKeyConstraint("client_id", "kind_hash", name=op.f("pk_oidc_refusals")),
    )
    with op.batch_alter_table("oidc_refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_refusals_last_at"), ["last_at"], unique=False)

    op.create_table(
        "oidc_revoked_tokens",
        sa.Column("jti", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_oidc_revoked_tokens")),
    )
    with op.batch_alter_table("oidc_revoked_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_revoked_tokens_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "oidc_secret_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False, comment="under the ring"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_secret_keys")),
    )
    op.create_table(
        "oidc_sign_in_clients",
        sa.Column("sign_in", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: public name of a service"),
        sa.Column("sid", sa.String(length=64), nullable=False, comment="clear: random"),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sign_in", "client_id", name=op.f("pk_oidc_sign_in_clients")),
        sa.UniqueConstraint("sid", name=op.f("uq_oidc_sign_in_clients_sid")),
    )
    with op.batch_alter_table("oidc_sign_in_clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_sign_in_clients_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_oidc_sign_in_clients_subject"), ["subject"], unique=False)

    op.create_table(
        "oidc_signing_keys",
        sa.Column("kid", sa.String(length=64), nullable=False, comment="clear: published"),
        sa.Column("alg", sa.String(length=16), nullable=False, comment="clear: ES256 or RS256"),
        sa.Column("state", sa.String(length=8), nullable=False, comment="clear: next, active, retired"),
        sa.Column("public_jwk", sa.Text(), nullable=False, comment="clear: published"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True, comment="PKCS#8 under the ring; NULL once retired"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_oidc_signing_keys")),
    )
    with op.batch_alter_table("oidc_signing_keys", schema=None) as batch_op:
        batch_op.create_index(
            "uq_oidc_signing_keys_one_of_each",
            ["alg", "state"],
            unique=True,
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )

    op.create_table(
        "oidc_subjects",
        sa.Column("subject", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("sector", sa.String(length=300), nullable=False, comment="clear: a client's or a host's name"),
        sa.Column("sub", sa.String(length=64), nullable=False, comment="clear: random, what clients of the sector see"),
        sa.PrimaryKeyConstraint("subject", "sector", name=op.f("pk_oidc_subjects")),
        sa.UniqueConstraint("sub", name=op.f("uq_oidc_subjects_sub")),
    )
    op.create_table(
        "oidc_used_identifiers",
        sa.Column(
            "purpose", sa.String(length=16), nullable=False, comment="clear: assertion, dpop, release, request object"
        ),
        sa.Column("identifier_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256"),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "identifier_hash", name=op.f("pk_oidc_used_identifiers")),
    )
    with op.batch_alter_table("oidc_used_identifiers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_used_identifiers_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "vault_discarded",
        sa.Column("object_name", sa.String(length=128), nullable=False, comment="clear: random"),
        sa.Column("delete_at", sa.BigInteger(), nullable=False, comment="end of the backup window"),
        sa.PrimaryKeyConstraint("object_name", name=op.f("pk_vault_discarded")),
    )
    with op.batch_alter_table("vault_discarded", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_discarded_delete_at"), ["delete_at"], unique=False)

    op.create_table(
        "vault_documents",
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id, never leaves the house"),
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("document_type", sa.String(length=64), nullable=False, comment="clear: code of the type"),
        sa.Column("current_version", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column(
            "owner_key", sa.String(length=64), nullable=False, comment="clear: id of the key that seals this row"
        ),
        sa.Column("label", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_documents")),
    )
    with op.batch_alter_table("vault_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_documents_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_documents_owner_key"), ["owner_key"], unique=False)

    op.create_table(
        "vault_erasures",
        sa.Column("root_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gone_by", sa.BigInteger(), nullable=False, comment="what the earliest receipt promised"),
        sa.PrimaryKeyConstraint("root_version", name=op.f("pk_vault_erasures")),
    )
    op.create_table(
        "vault_intents",
        sa.Column("object_name", sa.String(length=128), nullable=False, comment="clear: random"),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("object_name", name=op.f("pk_vault_intents")),
    )
    with op.batch_alter_table("vault_intents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_intents_began_at"), ["began_at"], unique=False)

    op.create_table(
        "vault_lendings",
        sa.Column(
            "id",
            sa.String(length=64),
            nullable=False,
            comment="clear: random, the only name a client knows the paper by",
        ),
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("document", sa.String(length=64), nullable=False, comment="clear: random id, never leaves the house"),
        sa.Column("version", sa.String(length=64), nullable=False, comment="clear: random id, never leaves the house"),
        sa.Column("document_type", sa.String(length=64), nullable=False, comment="clear: code of the type"),
        sa.Column("client_id", sa.String(length=128), nullable=False, comment="clear: the e-service"),
        sa.Column("grant_id", sa.String(length=64), nullable=False, comment="clear: opaque id, empty outside sign-in"),
        sa.Column("purpose", sa.String(length=64), nullable=False, comment="clear: code of the purpose"),
        sa.Column("legal_basis", sa.String(length=200), nullable=False, comment="clear: the article"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reads_allowed", sa.Integer(), nullable=True, comment="null: any number"),
        sa.Column("reads_used", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="before its time"),
        sa.Column(
            "ended_by", sa.String(length=16), nullable=False, comment="clear: taken_back, returned, deleted, or empty"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_lendings")),
    )
    with op.batch_alter_table("vault_lendings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_lendings_document"), ["document"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_lendings_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_lendings_version"), ["version"], unique=False)

    op.create_table(
        "vault_minutes",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column(
            "entry", sa.String(length=64), nullable=False, comment="clear: id of the ledger entry that stands for all"
        ),
        sa.PrimaryKeyConstraint("key_hash", "minute", name=op.f("pk_vault_minutes")),
    )
    op.create_table(
        "vault_owner_keys",
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="the highest wraps what is new"),
        sa.Column("root_version", sa.Integer(), nullable=False, comment="of the ring, as inside `wrapped`"),
        sa.Column("wrapped", sa.LargeBinary(length=512), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_owner_keys")),
    )
    with op.batch_alter_table("vault_owner_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_owner_keys_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_owner_keys_root_version"), ["root_version"], unique=False)

    op.create_table(
        "vault_owners",
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column("person", sa.String(length=64), nullable=False, comment="clear: opaque id, whom the ledger tells"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "agreed",
            sa.Boolean(),
            nullable=True,
            comment="to page pictures and recognition (CPCE L103 4°); null: never asked",
        ),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_vault_owners")),
    )
    op.create_table(
        "vault_renditions",
        sa.Column("version", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("rendition", sa.String(length=32), nullable=False, comment="clear: original, page-1, page-2, …"),
        sa.Column("document", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column(
            "owner_key", sa.String(length=64), nullable=False, comment="clear: id of the key that wraps `data_key`"
        ),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False, comment="wrapped"),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("header", sa.LargeBinary(length=40), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False, comment="of the plaintext, in bytes"),
        sa.Column("ciphertext_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False, comment="clear: one of four"),
        sa.Column("object_name", sa.String(length=128), nullable=False, comment="clear: random"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", "rendition", name=op.f("pk_vault_renditions")),
        sa.UniqueConstraint("object_name", name=op.f("uq_vault_renditions_object_name")),
    )
    with op.batch_alter_table("vault_renditions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_renditions_document"), ["document"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_renditions_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_renditions_owner_key"), ["owner_key"], unique=False)

    op.create_table(
        "vault_versions",
        sa.Column("id", sa.String(length=64), nullable=False, comment="clear: random id, never leaves the house"),
        sa.Column("document", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("owner", sa.String(length=64), nullable=False, comment="clear: opaque id"),
        sa.Column(
            "owner_key", sa.String(length=64), nullable=False, comment="clear: id of the key that seals this row"
        ),
        sa.Column("filename", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column(
            "dates", sa.LargeBinary(), nullable=True, comment="sealed: what the person said of the dates printed on it"
        ),
        sa.Column("media_type", sa.String(length=64), nullable=False, comment="clear: one of four"),
        sa.Column("length", sa.BigInteger(), nullable=False, comment="of the original, in bytes"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True, comment="when a newer version took its place"),
        sa.Column("preview", sa.String(length=16), nullable=False, comment="clear: state of the page pictures"),
        sa.Column("preview_reason", sa.String(length=16), nullable=False, comment="clear: why pictures are missing"),
        sa.Column("pages", sa.Integer(), nullable=False, comment="how many the paper has, 0 when unknown"),
        sa.Column("pictures", sa.Integer(), nullable=False, comment="how many were made"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_versions")),
    )
    with op.batch_alter_table("vault_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_versions_document"), ["document"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_versions_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_versions_owner_key"), ["owner_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_versions_superseded_at"), ["superseded_at"], unique=False)

    op.create_table(
        "vault_reads",
        sa.Column("token_id", sa.String(length=64), nullable=False, comment="clear: jti of the access token"),
        sa.Column("version", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("rendition", sa.String(length=32), nullable=False, comment="clear: original, page-1, …"),
        sa.Column("lending", sa.String(length=64), nullable=False, comment="clear: random id"),
        sa.Column("entry", sa.String(length=64), nullable=False, comment="clear: id of the ledger entry"),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "joined",
            sa.Boolean(),
            nullable=False,
            comment="a second request came: the read counts whatever the first gave",
        ),
        sa.ForeignKeyConstraint(
            ["lending"], ["vault_lendings.id"], name=op.f("fk_vault_reads_lending"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "version", "rendition", name=op.f("pk_vault_reads")),
    )
    with op.batch_alter_table("vault_reads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_reads_lending"), ["lending"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vault_reads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_reads_lending"))

    op.drop_table("vault_reads")
    with op.batch_alter_table("vault_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_versions_superseded_at"))
        batch_op.drop_index(batch_op.f("ix_vault_versions_owner_key"))
        batch_op.drop_index(batch_op.f("ix_vault_versions_owner"))
        batch_op.drop_index(batch_op.f("ix_vault_versions_document"))

    op.drop_table("vault_versions")
    with op.batch_alter_table("vault_renditions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_renditions_owner_key"))
        batch_op.drop_index(batch_op.f("ix_vault_renditions_owner"))
        batch_op.drop_index(batch_op.f("ix_vault_renditions_document"))

    op.drop_table("vault_renditions")
    op.drop_table("vault_owners")
    with op.batch_alter_table("vault_owner_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_owner_keys_root_version"))
        batch_op.drop_index(batch_op.f("ix_vault_owner_keys_owner"))

    op.drop_table("vault_owner_keys")
    op.drop_table("vault_minutes")
    with op.batch_alter_table("vault_lendings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_lendings_version"))
        batch_op.drop_index(batch_op.f("ix_vault_lendings_owner"))
        batch_op.drop_index(batch_op.f("ix_vault_lendings_document"))

    op.drop_table("vault_lendings")
    with op.batch_alter_table("vault_intents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_intents_began_at"))

    op.drop_table("vault_intents")
    op.drop_table("vault_erasures")
    with op.batch_alter_table("vault_documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_documents_owner_key"))
        batch_op.drop_index(batch_op.f("ix_vault_documents_owner"))

    op.drop_table("vault_documents")
    with op.batch_alter_table("vault_discarded", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_discarded_delete_at"))

    op.drop_table("vault_discarded")
    with op.batch_alter_table("oidc_used_identifiers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_used_identifiers_expires_at"))

    op.drop_table("oidc_used_identifiers")
    op.drop_table("oidc_subjects")
    with op.batch_alter_table("oidc_signing_keys", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_oidc_signing_keys_one_of_each",
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )

    op.drop_table("oidc_signing_keys")
    with op.batch_alter_table("oidc_sign_in_clients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_sign_in_clients_subject"))
        batch_op.drop_index(batch_op.f("ix_oidc_sign_in_clients_made_at"))

    op.drop_table("oidc_sign_in_clients")
    op.drop_table("oidc_secret_keys")
    with op.batch_alter_table("oidc_revoked_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_revoked_tokens_expires_at"))

    op.drop_table("oidc_revoked_tokens")
    with op.batch_alter_table("oidc_refusals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_refusals_last_at"))

    op.drop_table("oidc_refusals")
    with op.batch_alter_table("oidc_refresh_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_refresh_tokens_expires_at"))
        batch_op.drop_index(batch_op.f("ix_oidc_refresh_tokens_authorization_id"))

    op.drop_table("oidc_refresh_tokens")
    with op.batch_alter_table("oidc_polled_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_polled_requests_subject"))
        batch_op.drop_index(batch_op.f("ix_oidc_polled_requests_expires_at"))

    op.drop_table("oidc_polled_requests")
    with op.batch_alter_table("oidc_interactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_interactions_expires_at"))

    op.drop_table("oidc_interactions")
    with op.batch_alter_table("oidc_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_grants_subject_client_id"))

    op.drop_table("oidc_grants")
    op.drop_table("oidc_clients")
    with op.batch_alter_table("oidc_authorizations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oidc_authorizations_subject"))
        batch_op.drop_index(batch_op.f("ix_oidc_authorizations_sign_in"))
        batch_op.drop_index(batch_op.f("ix_oidc_authorizations_grant_id"))
        batch_op.drop_index(batch_op.f("ix_oidc_authorizations_ends_at"))
        batch_op.drop_index(batch_op.f("ix_oidc_authorizations_client_id"))

    op.drop_table("oidc_authorizations")
    with op.batch_alter_table("job_rate_limits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_rate_limits_ends_at"))

    op.drop_table("job_rate_limits")
    with op.batch_alter_table("job_queue", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_queue_state_run_at"))

    op.drop_table("job_queue")
    op.drop_table("job_periodic")
    op.drop_table("audit_tiles")
    op.drop_table("audit_signers")
    op.drop_table("audit_restores")
    op.drop_table("account_erasures")
    op.drop_table("audit_people")
    op.drop_table("audit_logs")
    op.drop_table("audit_keys")
    with op.batch_alter_table("audit_halves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_halves_pseudonym_time"))

    op.drop_table("audit_halves")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_time"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_kind"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_client"))

    op.drop_table("audit_entries")
    op.drop_table("audit_alarms")
    with op.batch_alter_table("account_used_challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_used_challenges_expires_at"))

    op.drop_table("account_used_challenges")
    with op.batch_alter_table("account_sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_sign_ins_expires_at"))
        batch_op.drop_index(batch_op.f("ix_account_sign_ins_account_id"))

    op.drop_table("account_sign_ins")
    with op.batch_alter_table("account_roles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_roles_account_id_role"))

    op.drop_table("account_roles")
    op.drop_table("account_printed_codes")
    op.drop_table("account_passwords")
    with op.batch_alter_table("account_passkeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_passkeys_account_id"))

    op.drop_table("account_passkeys")
    with op.batch_alter_table("account_owners", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_owners_owner_id"))

    op.drop_table("account_owners")
    with op.batch_alter_table("account_mailed_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_mailed_links_expires_at"))
        batch_op.drop_index(batch_op.f("ix_account_mailed_links_account_id"))

    op.drop_table("account_mailed_links")
    op.drop_table("account_keys")
    op.drop_table("account_house_keys")
    op.drop_table("account_first_links")
    with op.batch_alter_table("account_devices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_devices_last_used_at"))

    op.drop_table("account_devices")
    with op.batch_alter_table("account_code_apps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_code_apps_goes_at"))

    op.drop_table("account_code_apps")
    op.drop_table("account_attributes")
    with op.batch_alter_table("account_addresses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_addresses_kind_lookup"))
        batch_op.drop_index(batch_op.f("ix_account_addresses_account_id"))

    op.drop_table("account_addresses")
    op.drop_table("account_accounts")
