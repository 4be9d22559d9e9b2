"""A new password for a lost one, and another mailbox for an account. Both need the mailbox proven by its link."""

from __future__ import annotations

from citizen_account.accounts import Accounts
from citizen_account.addresses import EmailAddress
from citizen_account.authentication import Authentication, Visitor
from citizen_account.credentials import Credentials
from citizen_account.enrolment import MailLimits
from citizen_account.errors import LinkOver
from citizen_account.mailed_links import Flow, Kind, MailedLinks
from citizen_account.sessions import Sessions
from citizen_account.store.accounts import AccountId
from config.database import Database


class Recovery:
    """Resets passwords and changes mailboxes."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        credentials: Credentials,
        authentication: Authentication,
        sessions: Sessions,
        links: MailedLinks,
        limits: MailLimits,
    ) -> None:
        """links: the mechanism of mailed links."""
        self._database = database
        self._accounts = accounts
        self._credentials = credentials
        self._authentication = authentication
        self._sessions = sessions
        self._links = links
        self._limits = limits

    def ask_reset(self, email: EmailAddress, visitor: Visitor, *, next_path: str = "") -> str:
        """Begin a reset; the flow's id. The same calls whether the address is known or not; the mail tells.

        Raises `TooManyRequests`.
        """
        self._limits.check(email, visitor)
        return self._links.begin(
            Kind.RESET, email, browser=visitor.browser, language=visitor.language, next_path=next_path
        )

    def reset(self, flow: Flow, new_password: str) -> None:
        """Set the new password of a proven flow; every sign-in ends and the person signs in with it.

        Raises `WeakPassword` (the flow goes on), `LinkOver`.
        """
        email = EmailAddress.parse(flow.email)
        account = self._accounts.find_by_email(email)
        hashed = self._credentials.hash_new(new_password, (email.text,))
        if account is None:  # the account closed or moved to another mailbox meanwhile
            raise LinkOver
        with self._database.transaction() as tx:
            self._links.finish(tx, flow.id)
            self._credentials.change(tx, account, hashed)
            self._accounts.changed(tx, account, "password")
            self._sessions.end_all(tx, account, reason="password_changed")

    def ask_new_email(self, account: AccountId, email: EmailAddress, password: str, visitor: Visitor) -> str:
        """Begin a change of mailbox; the flow's id. Raises `WrongPassword`, `TooManyRequests`."""
        self._limits.check(email, visitor)
        self._authentication.confirm(account, password, visitor)
        return self._links.begin(
            Kind.CHANGE_EMAIL,
            email,
            browser=visitor.browser,
            language=visitor.language,
            next_path="/profile?done=email",
            account=account,
        )

    def change_email(self, flow: Flow, account: AccountId) -> None:
        """Put the proven mailbox in the place of the old one, which is told. Raises `LinkOver`, `AddressTaken`."""
        if flow.account != account:
            raise LinkOver
        sealer = self._accounts.sealer(account)
        with self._database.transaction() as tx:
            self._links.finish(tx, flow.id)
            self._accounts.replace_email(tx, account, sealer, EmailAddress.parse(flow.email))
