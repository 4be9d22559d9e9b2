"""Making an account: address and password first, then the mailed link; only then there is an account.

Until the mailbox is proven nothing of it exists but a flow that ends after an hour, so nobody can occupy an address
that isn't theirs, and the answer is the same whether an account has the address or not: the mail tells.
"""

from __future__ import annotations

from datetime import timedelta

from citizen_account.accounts import Accounts
from citizen_account.addresses import EmailAddress
from citizen_account.authentication import Authentication, Visitor
from citizen_account.credentials import Credentials
from citizen_account.mailed_links import Flow, Kind, MailedLinks
from citizen_account.sessions import Started
from config.database import Database
from config.rate_limits import RateLimits

WINDOW = timedelta(hours=1)
MAILS_ADDRESS = 5
"""Mails to one address in an hour, whoever asks."""
MAILS_NETWORK = 60
"""Mails asked for from one network address in an hour."""


class MailLimits:
    """How many mails strangers can make us send."""

    def __init__(self, rate_limits: RateLimits) -> None:
        """rate_limits: shared by every node."""
        self._rate_limits = rate_limits

    def check(self, email: EmailAddress, visitor: Visitor) -> None:
        """Count one mail. Raises `TooManyRequests`."""
        self._rate_limits.check("mail-network", visitor.network, MAILS_NETWORK, WINDOW)
        self._rate_limits.check("mail-address", email.key, MAILS_ADDRESS, WINDOW)


class Enrolment:
    """Makes accounts with a mailbox and a password."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        credentials: Credentials,
        authentication: Authentication,
        links: MailedLinks,
        limits: MailLimits,
    ) -> None:
        """links: the mechanism of mailed links."""
        self._database = database
        self._accounts = accounts
        self._credentials = credentials
        self._authentication = authentication
        self._links = links
        self._limits = limits

    def ask(self, email: EmailAddress, password: str, visitor: Visitor, *, next_path: str = "") -> str:
        """Begin; the flow's id. One argon2id computation whether the address is known or not.

        Raises `WeakPassword`, `TooManyRequests`; nothing is kept then.
        """
        self._limits.check(email, visitor)
        hashed = self._credentials.hash_new(password, (email.text,))
        return self._links.begin(
            Kind.SIGN_UP,
            email,
            browser=visitor.browser,
            language=visitor.language,
            next_path=next_path,
            password_hash=hashed,
        )

    def again(self, flow: Flow, visitor: Visitor) -> None:
        """Send the mail of a flow of this browser once more, of whatever kind. Raises `TooManyRequests`."""
        self._limits.check(EmailAddress.parse(flow.email), visitor)
        self._links.send_again(flow.id)

    def finish(self, flow: Flow, visitor: Visitor) -> Started:
        """Make the account of a proven flow and sign the person in at the browser that chose the password.

        Raises `LinkOver`, and `AddressTaken` when another flow for the address was faster.
        """
        new = self._accounts.prepare()
        with self._database.transaction() as tx:
            self._links.finish(tx, flow.id)
            self._accounts.add(tx, new, language=flow.language)
            self._accounts.add_email(tx, new.id, new.key.sealer, EmailAddress.parse(flow.email))
            self._credentials.put(tx, new.id, flow.password_hash or "")
            return self._authentication.start(tx, new.id, visitor)
