"""Flows that wait for a mailed link. It proves the mailbox, the browser's cookie who began; both are needed.

A link opens a page whose button spends it, because mail scanners open links. In another browser the page shows a code
to type into the first one. The link is minted when the mail is rendered; a retried mail replaces it. Alone it signs
nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from citizen_account.addresses import EmailAddress
from citizen_account.errors import LinkOver, WrongCode
from citizen_account.sealing import HouseKeys, sha256
from citizen_account.store import mailed_links as store
from citizen_account.store.accounts import AccountId
from citizen_account.store.addresses import EMAIL
from citizen_account.store.mailed_links import FlowRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id, new_secret
from config.jobs import Jobs, Payload

LIFETIME = timedelta(hours=1)
"""From asking for the mail to the last step of the flow."""
CODE_DIGITS = 8
MOST_FAILURES = 5
"""Wrong codes before the flow is over: 5 in 10^8."""
COLUMN = "account_mailed_links.sealed"


class Kind(StrEnum):
    """What a flow is for."""

    SIGN_UP = "sign_up"
    RESET = "reset"
    CHANGE_EMAIL = "change_email"


@dataclass(frozen=True, slots=True)
class SendLink(Payload):
    """Send the mail of a flow."""

    kind: ClassVar[str] = "send_link"
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow, opened for the door that works on it."""

    id: str
    kind: Kind
    account: AccountId | None
    email: str = field(repr=False)
    password_hash: str | None = field(repr=False)
    language: str
    next_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the page of a link shows. here: whether the flow began in this browser; code: to type there if not."""

    kind: Kind
    here: bool
    code: str = field(repr=False)


class MailedLinks:
    """Begins flows, mints their links, and lets each be proven once."""

    def __init__(
        self, database: Database, house_keys: HouseKeys, jobs: Jobs, *, clock: Clock, randomness: Randomness
    ) -> None:
        """jobs: sends the mails."""
        self._database = database
        self._house_keys = house_keys
        self._jobs = jobs
        self._clock = clock
        self._randomness = randomness

    def begin(
        self,
        kind: Kind,
        email: EmailAddress,
        *,
        browser: str,
        language: str,
        next_path: str = "",
        account: AccountId | None = None,
        password_hash: str | None = None,
    ) -> str:
        """Begin a flow and ask for its mail; its id. Does the same whether the mailbox is known or not."""
        flow = new_id(self._randomness)
        row = FlowRow(
            flow=flow,
            kind=kind,
            account=account,
            browser_sha256=sha256(browser),
            lookup=self._house_keys.lookup(EMAIL, email.key),
            sealed=self._house_keys.pending.seal(COLUMN, flow, email.text),
            password_hash=password_hash,
            language=language,
            next_path=next_path,
            expires_at=self._clock.now() + LIFETIME,
        )
        with self._database.transaction() as tx:
            store.add(tx, row)
            self._jobs.enqueue(tx, SendLink(flow), unique=f"send_link:{flow}")
        return flow

    def send_again(self, flow: str) -> None:
        """Ask for the mail of a flow once more; its new link replaces the one before."""
        with self._database.transaction() as tx:
            self._jobs.enqueue(tx, SendLink(flow), unique=f"send_link:{flow}")

    def mint(self, flow: str) -> tuple[Flow, str] | None:
        """A new link secret for the flow's mail; an older one opens nothing. None when the flow is over."""
        secret = new_secret(self._randomness)
        with self._database.transaction() as tx:
            row = store.get(tx, flow)
            if row is None or row.expires_at <= self._clock.now():
                return None
            if not store.set_link(tx, flow, sha256(secret), self._code_mac(flow, code_of(secret))):
                return None
        return self._opened(row), secret

    def look(self, secret: str, browser: str) -> Opened:
        """What the page of a link shows; nothing is spent. Raises `LinkOver`."""
        with self._database.reading() as tx:
            row = store.by_link(tx, sha256(secret))
        row = self._standing(row)
        return Opened(kind=Kind(row.kind), here=_is(row, browser), code=code_of(secret))

    def prove(self, secret: str, browser: str) -> Flow:
        """Spend a link in the browser where the flow began. Raises `LinkOver`, also in any other browser."""
        with self._database.transaction() as tx:
            row = self._standing(store.by_link(tx, sha256(secret)))
            if not _is(row, browser) or not store.prove(tx, row.flow, self._clock.now()):
                raise LinkOver
        return self._opened(row)

    def prove_by_code(self, flow: str, browser: str, code: str) -> Flow:
        """The same by the code that the link shows elsewhere. Raises `WrongCode` (counted), `LinkOver`."""
        typed = "".join(character for character in code if character.isdigit())
        with self._database.transaction() as tx:
            row = self._standing(store.get(tx, flow))
            if not _is(row, browser) or row.code_mac is None or row.failures >= MOST_FAILURES:
                raise LinkOver
            right = hmac.compare_digest(row.code_mac, self._code_mac(flow, typed))
            if not right:
                store.count_failure(tx, flow)
            elif not store.prove(tx, flow, self._clock.now()):
                raise LinkOver
        if not right:
            raise WrongCode
        return self._opened(row)

    def waiting(self, flow: str, browser: str) -> Flow:
        """A flow of this browser whose mail is on its way. Raises `LinkOver`."""
        return self._of_browser(flow, browser, proven=False)

    def proven(self, flow: str, browser: str) -> Flow:
        """A flow of this browser whose link was spent. Raises `LinkOver`."""
        return self._of_browser(flow, browser, proven=True)

    def finish(self, tx: Transaction, flow: str) -> None:
        """End a proven flow with what it was for. Raises `LinkOver` when another request was faster."""
        if not store.remove(tx, flow):
            raise LinkOver

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """End every flow of an account (closing)."""
        store.erase(tx, account)

    def sweep(self) -> None:
        """Forget flows that are over."""
        with self._database.transaction() as tx:
            store.sweep(tx, self._clock.now())

    def _of_browser(self, flow: str, browser: str, *, proven: bool) -> Flow:
        with self._database.reading() as tx:
            row = store.get(tx, flow)
        now = self._clock.now()
        if row is None or row.expires_at <= now or not _is(row, browser) or (row.proven_at is not None) is not proven:
            raise LinkOver
        return self._opened(row)

    def _standing(self, row: FlowRow | None) -> FlowRow:
        if row is None or row.expires_at <= self._clock.now() or row.proven_at is not None:
            raise LinkOver
        return row

    def _code_mac(self, flow: str, code: str) -> bytes:
        return self._house_keys.lookup("code", f"{flow}:{code}")

    def _opened(self, row: FlowRow) -> Flow:
        return Flow(
            id=row.flow,
            kind=Kind(row.kind),
            account=None if row.account is None else AccountId(row.account),
            email=self._house_keys.pending.unseal(COLUMN, row.flow, row.sealed),
            password_hash=row.password_hash,
            language=row.language,
            next_path=row.next_path,
        )


def code_of(secret: str) -> str:
    """The code that belongs to a link: 8 digits."""
    number = int.from_bytes(hashlib.sha256(f"code {secret}".encode()).digest()[:8], "big")
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def _is(row: FlowRow, browser: str) -> bool:
    return hmac.compare_digest(row.browser_sha256, sha256(browser))
