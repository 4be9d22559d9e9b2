"""What people are told by mail about their papers: asked for in the transaction of the act, with ids only.

The handlers in `citizen_account/jobs.py` find the words, the address and the service's name when they render.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from config.database import Transaction
from config.jobs import Jobs, Payload


@dataclass(frozen=True, slots=True)
class ReleaseMade(Payload):
    """A person let a service know data or read papers: the receipt."""

    kind: ClassVar[str] = "release_made"
    account: str
    client_id: str
    grant: str


@dataclass(frozen=True, slots=True)
class FirstRead(Payload):
    """A service opened a paper of a lending for the first time. `owner` is the safe it lies in."""

    kind: ClassVar[str] = "first_read"
    owner: str
    lending: str


class Notifications:
    """Asks for mails to people."""

    def __init__(self, jobs: Jobs) -> None:
        """jobs: the outbox, so that a mail is neither lost nor sent for an act that rolled back."""
        self._jobs = jobs

    def release_made(self, tx: Transaction, account: str, client_id: str, grant: str) -> None:
        """Tell the person about a release they just made."""
        self._jobs.enqueue(tx, ReleaseMade(account, client_id, grant), unique=f"release_made:{grant}")

    def first_read(self, tx: Transaction, owner: str, lending: str) -> None:
        """Tell the person that a service opened a paper for the first time."""
        self._jobs.enqueue(tx, FirstRead(owner, lending), unique=f"first_read:{lending}")
