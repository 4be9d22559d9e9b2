"""Passkeys (WebAuthn Level 3): several for an account, each named by its person; one signs in without a password.

Every passkey verifies its person (a finger, a face, a code) and is found without an address, so that one is two
factors: something one has, unlocked by something one is or knows. No attestation is asked for: which make of device
somebody holds is nobody's business here (docs/decisions/0705).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from citizen_account.accounts import Accounts
from citizen_account.authentication import TRIES_NETWORK, WINDOW, Authentication, Visitor
from citizen_account.challenges import Challenges
from citizen_account.errors import PasskeyRefused, TooManyPasskeys
from citizen_account.sessions import PASSKEY, Started
from citizen_account.store import passkeys, second_factors
from citizen_account.store.accounts import AccountId
from citizen_account.store.passkeys import PasskeyRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from config.rate_limits import RateLimits

MOST_PASSKEYS = 20
"""Of one account."""
MOST_NAME_CHARACTERS = 50
MOST_CREDENTIAL_BYTES = 1023
"""WebAuthn §7.1 step 26."""
NAME_COLUMN = "account_passkeys.name_sealed"
SIGN_IN, REGISTER = "passkey sign-in", "passkey register"
"""Purposes of challenges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey as its person knows it. backed_up: whether their other devices hold it too."""

    id: str
    name: str = field(repr=False)
    backed_up: bool
    made_at: datetime
    last_used_at: datetime | None


class Passkeys:
    """Adds, lists, removes passkeys, and signs in with one."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        authentication: Authentication,
        challenges: Challenges,
        rate_limits: RateLimits,
        public_url: str,
        *,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """public_url: the only origin that passkeys are made and used at; its host is their RP ID."""
        self._database = database
        self._accounts = accounts
        self._authentication = authentication
        self._challenges = challenges
        self._rate_limits = rate_limits
        self._origin = public_url
        self._rp = urlsplit(public_url).hostname or ""
        self._clock = clock
        self._randomness = randomness

    # Having them

    def list(self, account: AccountId) -> Sequence[Passkey]:
        """The account's passkeys, the oldest first. May call the key ring."""
        with self._database.reading() as tx:
            rows = passkeys.of_account(tx, account)
        return [self._opened(row) for row in rows]

    def begin(self, account: AccountId, password: str, city: str, visitor: Visitor) -> str:
        """What the browser must know to make one (PublicKeyCredentialCreationOptionsJSON).

        The password is asked for here; the challenge is the proof, at this browser, that it was given.
        city: the name that the browser shows. Raises `WrongPassword`, `TooManyRequests`, `TooManyPasskeys`.
        """
        self._authentication.confirm(account, password, visitor)
        with self._database.reading() as tx:
            rows = passkeys.of_account(tx, account)
        if len(rows) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        options = webauthn.generate_registration_options(
            rp_id=self._rp,
            rp_name=city,
            user_id=account.encode(),
            user_name=self._accounts.email(account) or account,
            challenge=self._challenges.make(REGISTER, visitor.browser, account),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential) for row in rows],
        )
        return options_to_json(options)

    def add(self, account: AccountId, name: str, untrusted_credential: str, visitor: Visitor) -> str:
        """Keep what the browser made; the passkey's id. The person is told by mail.

        name: up to 50 characters, the person's own words. untrusted_credential: RegistrationResponseJSON.
        Raises `PasskeyRefused`, `ChallengeOver`, `TooManyPasskeys`; nothing is kept then.
        """
        sealer = self._accounts.sealer(account)
        try:
            answer = parse_registration_credential_json(_object(untrusted_credential))
            challenge = parse_client_data_json(answer.response.client_data_json).challenge
            self._challenges.check(challenge, REGISTER, visitor.browser, account)
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, RecursionError) as error:  # CBOR nests as deep as its sender likes
            raise PasskeyRefused(str(error)) from None
        passkey = new_id(self._randomness)
        row = PasskeyRow(
            passkey=passkey,
            account=account,
            credential=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            backed_up=made.credential_backed_up,
            name_sealed=sealer.seal(NAME_COLUMN, passkey, name),
            made_at=self._clock.now(),
        )
        with self._database.transaction() as tx:
            self._challenges.use(tx, challenge)
            self._keep(tx, row)
        return passkey

    def remove(self, account: AccountId, passkey: str, password: str, visitor: Visitor) -> bool:
        """Forget one of the account's passkeys; the person is told by mail. False when there is none of that id.

        Raises `WrongPassword`, `TooManyRequests`; it stays then.
        """
        self._authentication.confirm(account, password, visitor)
        with self._database.transaction() as tx:
            if not passkeys.remove(tx, account, passkey):
                return False
            self._accounts.credential_changed(tx, account, "passkey_removed")
        return True

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Forget every passkey of the account (closing)."""
        passkeys.erase(tx, account)

    # Signing in

    def options(self, browser: str) -> str:
        """What the browser must know to use one (PublicKeyCredentialRequestOptionsJSON): no account is named."""
        options = webauthn.generate_authentication_options(
            rp_id=self._rp,
            challenge=self._challenges.make(SIGN_IN, browser),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def sign_in(self, untrusted_credential: str, visitor: Visitor, *, replaces: str = "") -> Started:
        """Start a sign-in with a passkey. replaces: the id of an older one at this browser, which ends.

        untrusted_credential: AuthenticationResponseJSON. Only failures are counted, and by network: nobody can use up
        the tries of a person who holds a passkey. Raises `PasskeyRefused` (the same whatever was wrong),
        `TooManyRequests`.
        """
        try:
            return self._signed_in(untrusted_credential, visitor, replaces)
        except PasskeyRefused:
            self._rate_limits.check("passkey-network", visitor.network, TRIES_NETWORK, WINDOW)
            raise

    def _signed_in(self, untrusted_credential: str, visitor: Visitor, replaces: str) -> Started:
        try:
            answer = parse_authentication_credential_json(_object(untrusted_credential))
            challenge = parse_client_data_json(answer.response.client_data_json).challenge
            self._challenges.check(challenge, SIGN_IN, visitor.browser)
            row = self._kept(answer.raw_id, answer.response.user_handle)
            used = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise PasskeyRefused(str(error)) from None
        with self._database.transaction() as tx:
            self._challenges.use(tx, challenge)
            now = self._clock.now()
            if not passkeys.used(
                tx, row.passkey, sign_count=used.new_sign_count, backed_up=used.credential_backed_up, now=now
            ):
                # Removed meanwhile, or two devices hold the same counter.
                raise PasskeyRefused("the passkey is gone or its counter stands still")
            # Whoever is here has not lost everything, nor let a thief wait: a second step that was to go stays.
            second_factors.keep(tx, row.account)
            return self._authentication.start(tx, row.account, visitor, amr=PASSKEY, replaces=replaces)

    def _kept(self, credential: bytes, user_handle: bytes | None) -> PasskeyRow:
        """WebAuthn §7.2 step 6: without an address before it, the passkey itself must name whose it is."""
        with self._database.reading() as tx:
            row = passkeys.by_credential(tx, credential)
        if row is None or user_handle != row.account.encode():
            raise PasskeyRefused("no such passkey of that account")
        return row

    def _keep(self, tx: Transaction, row: PasskeyRow) -> None:
        if len(row.credential) > MOST_CREDENTIAL_BYTES or passkeys.by_credential(tx, row.credential):
            raise PasskeyRefused("a credential id too long, or known already")  # WebAuthn §7.1 steps 26 and 27
        if len(passkeys.of_account(tx, row.account)) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        passkeys.add(tx, row)
        self._accounts.credential_changed(tx, row.account, "passkey_added")

    def _opened(self, row: PasskeyRow) -> Passkey:
        name = self._accounts.sealer(row.account).unseal(NAME_COLUMN, row.passkey, row.name_sealed)
        return Passkey(
            id=row.passkey, name=name, backed_up=row.backed_up, made_at=row.made_at, last_used_at=row.last_used_at
        )


def _object(untrusted: str) -> dict[str, Any]:
    try:
        parsed = json.loads(untrusted)
    except (ValueError, RecursionError):
        raise PasskeyRefused("no JSON") from None
    if not isinstance(parsed, dict):
        raise PasskeyRefused("no JSON object")
    return parsed
