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
class Asked(Payload):
    """A service asks something of a person who isn't at its pages. `account` is empty when there is no such person."""

    kind: ClassVar[str] = "asked"
    account: str
    client_id: str
    request: str


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

    def asked(self, tx: Transaction, account: str, client_id: str, request: str) -> None:
        """Tell the person that a service asks something of them."""
        self._jobs.enqueue(tx, Asked(account, client_id, request), unique=f"asked:{request}")

    def first_read(self, tx: Transaction, owner: str, lending: str) -> None:
        """Tell the person that a service opened a paper for the first time."""
        self._jobs.enqueue(tx, FirstRead(owner, lending), unique=f"first_read:{lending}")
