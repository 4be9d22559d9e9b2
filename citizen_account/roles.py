"""Roles, by four eyes: who proposes one is never who confirms it, and neither gives it to themselves.

The right to give roles lies with operators and auditors; one of each comes from the one-time links of the first start.
No operator audits: an account that holds one of the two can't hold the other (docs/decisions/0703-roles.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.entries import ActorKind, PersonId, RoleChanged
from audit.ledger import Ledger
from citizen_account.errors import LinkOver, RoleRefused
from citizen_account.sealing import sha256
from citizen_account.store import accounts
from citizen_account.store import roles as store
from citizen_account.store.accounts import AccountId
from citizen_account.store.roles import RoleRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id, new_secret

FACILITATOR = "facilitator"
AUDITOR = "auditor"
OPERATOR = "operator"
ROLES = (FACILITATOR, AUDITOR, OPERATOR)
"""Every role that is given; being a citizen is none."""
GIVERS = frozenset({AUDITOR, OPERATOR})
"""Who may propose and confirm."""
APART = frozenset({AUDITOR, OPERATOR})
"""Roles that no account holds together."""
FIRST_START = "first-start"


class Roles:
    """Proposes, confirms and withdraws roles."""

    def __init__(
        self, database: Database, ledger: Ledger, public_url: str, *, clock: Clock, randomness: Randomness
    ) -> None:
        """public_url: what the first links begin with."""
        self._database = database
        self._ledger = ledger
        self._public_url = public_url
        self._clock = clock
        self._randomness = randomness

    def of(self, account: str) -> frozenset[str]:
        """The roles that the account holds."""
        with self._database.reading() as tx:
            return store.held(tx, account)

    def standing(self) -> Sequence[RoleRow]:
        """Every role and proposal that stands, the newest first."""
        with self._database.reading() as tx:
            return store.standing(tx)

    def propose(self, by: AccountId, account: AccountId, role: str) -> str:
        """Propose a role; the proposal's id. Raises `RoleRefused`."""
        with self._database.transaction() as tx:
            self._check_giver(tx, by, account)
            self._check_fits(tx, account, role)
            row = RoleRow(
                proposal=new_id(self._randomness),
                account=account,
                role=role,
                proposed_by=by,
                proposed_at=self._clock.now(),
            )
            store.propose(tx, row)
            self._tell(tx, by, row, "proposed")
        return row.proposal

    def confirm(self, by: AccountId, proposal: str) -> None:
        """Confirm a proposal of someone else's. Raises `RoleRefused`."""
        with self._database.transaction() as tx:
            row = store.get(tx, proposal)
            if row is None or row.confirmed_at is not None:
                raise RoleRefused("not_proposed")
            if row.proposed_by == by:
                raise RoleRefused("same_person")
            self._check_giver(tx, by, row.account)
            self._check_fits(tx, row.account, row.role, but=proposal)
            store.confirm(tx, proposal, by, self._clock.now())
            self._tell(tx, by, row, "confirmed")

    def withdraw(self, by: AccountId, proposal: str) -> None:
        """End a role or drop a proposal: one pair of eyes is enough to take power away. Raises `RoleRefused`.

        The last operator and the last auditor stay, so that roles can still be given.
        """
        with self._database.transaction() as tx:
            row = store.get(tx, proposal)
            if row is None or not store.held(tx, by) & GIVERS:
                raise RoleRefused("not_proposed")
            store.end(tx, proposal, self._clock.now())
            if row.confirmed_at is not None and row.role in APART and not store.anyone_holds(tx, row.role):
                raise RoleRefused("last_one")
            self._tell(tx, by, row, "withdrawn")

    def first_links(self) -> Mapping[str, str]:
        """A new one-time link for the first auditor and the first operator, as long as there is none; by role.

        Links printed before stop working.
        """
        links: dict[str, str] = {}
        with self._database.transaction() as tx:
            for role in sorted(APART):
                if store.anyone_holds(tx, role):
                    continue
                secret = new_secret(self._randomness)
                store.put_first_link(tx, role, sha256(secret))
                links[role] = f"{self._public_url}/first/{secret}"
        return links

    def first_role(self, secret: str) -> str:
        """The role that a first link gives. Raises `LinkOver`."""
        with self._database.reading() as tx:
            role = store.first_link(tx, sha256(secret))
        if role is None:
            raise LinkOver
        return role

    def take_first(self, account: AccountId, secret: str) -> str:
        """Spend a first link: the account holds its role now. Raises `LinkOver`, `RoleRefused`."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            role = store.first_link(tx, sha256(secret))
            if role is None or not store.spend_first_link(tx, sha256(secret)) or store.anyone_holds(tx, role):
                raise LinkOver
            self._check_fits(tx, account, role)
            row = RoleRow(
                proposal=new_id(self._randomness),
                account=account,
                role=role,
                proposed_by=FIRST_START,
                proposed_at=now,
                confirmed_at=now,
                confirmed_by=FIRST_START,
            )
            store.propose(tx, row)
            self._tell(tx, account, row, "first")
        return role

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Remove the account's roles (closing)."""
        store.erase(tx, account)

    def _check_giver(self, tx: Transaction, by: AccountId, account: AccountId) -> None:
        if by == account:
            raise RoleRefused("same_person")
        if not store.held(tx, by) & GIVERS:
            raise RoleRefused("no_right")

    def _check_fits(self, tx: Transaction, account: AccountId, role: str, but: str = "") -> None:
        if role not in ROLES or accounts.get(tx, account) is None:
            raise RoleRefused("unknown")
        others = {row.role for row in store.of_account(tx, account) if row.proposal != but}
        if role in others:
            raise RoleRefused("held")
        if role in APART and others & APART:
            raise RoleRefused("audits_and_operates")

    def _tell(self, tx: Transaction, by: AccountId, row: RoleRow, change: str) -> None:
        kind = ActorKind.AUDITOR if AUDITOR in store.held(tx, by) else ActorKind.OPERATOR
        entry = RoleChanged(actor_kind=kind, actor=by, persons=(PersonId(row.account),), role=row.role, change=change)
        self._ledger.append(tx, entry)
