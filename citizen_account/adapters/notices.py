"""Messages to the person, for the provider and the vault: they never mail, they ask here."""

from __future__ import annotations

from citizen_account.notifications import Notifications
from config.database import Transaction
from oidc.protocols import GrantId, SubjectId
from vault.protocols import LendingId, OwnerId


class ReleaseNotices:
    """`oidc.protocols.Notices`."""

    def __init__(self, notifications: Notifications) -> None:
        """notifications: the service that asks for mails."""
        self._notifications = notifications

    def asked(self, tx: Transaction, subject: SubjectId, client_id: str, request: str) -> None:
        """See `oidc.protocols.Notices.asked`."""
        self._notifications.asked(tx, subject, client_id, request)

    def grant_made(self, tx: Transaction, subject: SubjectId, client_id: str, grant: GrantId) -> None:
        """See `oidc.protocols.Notices.grant_made`."""
        self._notifications.release_made(tx, subject, client_id, grant)


class ReadNotices:
    """`vault.protocols.Notices`."""

    def __init__(self, notifications: Notifications) -> None:
        """notifications: the service that asks for mails."""
        self._notifications = notifications

    def document_read(self, tx: Transaction, owner: OwnerId, lending: LendingId) -> None:
        """See `vault.protocols.Notices.document_read`."""
        self._notifications.first_read(tx, owner, lending)
