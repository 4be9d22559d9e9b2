"""The rooms around the provider, simulated: who is at the browser, what is known of them, which papers they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from audit.entries import ActorKind
from config.database import Transaction
from oidc.errors import InvalidAuthorizationDetails, JwtRefused
from oidc.protocols import Choice, ErrorScreen, FoundClaims, GrantId, SignedIn, SubjectId
from tests.clocks import START

TYPES = {"proof_of_address", "identity_card"}


@dataclass
class SimulatedSignIn:
    """One browser; set `there` to sign somebody in."""

    there: SignedIn | None = None
    value: str = "browser-1"
    ended: list[str] = field(default_factory=list)
    reachable: str = "eidas1"

    def current(self) -> SignedIn | None:
        return self.there

    def browser(self) -> str:
        return self.value

    def browser_state(self) -> str:
        return "state of the browser" if self.there else ""

    def sign_in_url(self, handle: str) -> str:
        return f"/sign-in?continue={handle}"

    def release_url(self, handle: str) -> str:
        return f"/release/{handle}"

    def sign_up_url(self, handle: str) -> str:
        return f"/sign-up?continue={handle}"

    def reachable_acr(self, subject: SubjectId) -> str:
        return self.reachable

    def answered_url(self, *, approved: bool) -> str:
        return "/answered/yes" if approved else "/answered/no"

    def stands(self, sign_in: str) -> bool:
        return sign_in not in self.ended

    def end(self, sign_in: str) -> None:
        self.ended.append(sign_in)


@dataclass
class SimulatedSubjects:
    """People and their claims."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def claims(self, subject: SubjectId) -> Mapping[str, Any]:
        return self.people.get(subject, {})

    def find(self, login_hint: str) -> SubjectId | None:
        return next((SubjectId(one) for one, known in self.people.items() if known.get("email") == login_hint), None)

    def read(self, tx: Transaction, subject: SubjectId, names: Collection[str]) -> FoundClaims:
        return FoundClaims(frozenset(self.claims(subject)), lambda: self.claims(subject))


@dataclass
class SimulatedPapers:
    """What was chosen, lent as soon as there is a grant."""

    evidence: SimulatedEvidence
    documents: list[str]

    def lend(self, tx: Transaction, grant: GrantId) -> tuple[str, ...]:
        made = tuple(f"{grant}-{document}" for document in self.documents)
        self.evidence.lent |= dict.fromkeys(made, True)
        return made


@dataclass
class SimulatedEvidence:
    """A vault that knows two types and one contract shape."""

    lent: dict[str, bool] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    """Of lendings that aren't a proof of address."""

    def check(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        purpose = contract.get("purposes", {}).get(detail["purpose"])
        if purpose is None or not set(detail["document_types"]) <= set(purpose["document_types"]) & TYPES:
            raise InvalidAuthorizationDetails("not in the contract")

    def expand_scope(self, contract: Mapping[str, Any], document_type: str) -> Mapping[str, Any] | None:
        purposes = contract.get("purposes", {})
        if len(purposes) != 1 or document_type not in TYPES:
            return None
        return {
            "type": "document",
            "document_types": [document_type],
            "actions": ["read"],
            "purpose": next(iter(purposes)),
        }

    def until(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> datetime:
        return START + timedelta(days=int(str(detail.get("duration", "P30D"))[1:-1]))

    def ready(
        self,
        *,
        subject: SubjectId,
        client_id: str,
        details: Sequence[Mapping[str, Any]],
        choices: Sequence[Choice],
    ) -> SimulatedPapers:
        return SimulatedPapers(self, [document for choice in choices for document in choice.documents])

    def take_back(self, tx: Transaction, lendings: Sequence[str], *, actor: str, actor_kind: ActorKind) -> None:
        self.lent |= dict.fromkeys(lendings, False)

    def standing(self, lendings: Sequence[str]) -> bool:
        return all(self.lent[lending] for lending in lendings)

    def described(self, lendings: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "document_type": self.types.get(lending, "proof_of_address"),
                "lending": lending,
                "state": self._state(lending),
            }
            for lending in lendings
        ]

    def _state(self, lending: str) -> str:
        return "stands" if self.lent.get(lending, True) else "taken_back"


class SimulatedHints:
    """Knows no ID token."""

    def verify_hint(self, unverified_hint: str, *, client_id: str | None = None) -> Mapping[str, Any]:
        raise JwtRefused("unknown")


class SimulatedScreens:
    """Pages as plain text."""

    def error(self, error: ErrorScreen) -> tuple[str, int]:
        return f"error page: {error.code}", 400

    def form_post(self, redirect_uri: str, parameters: Mapping[str, str]) -> str:
        return f"form to {redirect_uri}: {dict(parameters)}"

    def confirm_sign_out(self, handle: str, client_name: str, url: str) -> str:
        return f"sign out? {handle}"

    def check_session(self) -> str:
        return "check session"

    def signed_out(self, frames: Sequence[str], url: str) -> str:
        return " ".join(["signed out", *frames, *(["then", url] if url else [])])


@dataclass
class SimulatedNotices:
    """Counts what would be told."""

    told: list[str] = field(default_factory=list)

    def asked(self, tx: Transaction, subject: SubjectId, client_id: str, request: str) -> None:
        self.told.append(f"{subject} {request}")

    def grant_made(self, tx: Transaction, subject: SubjectId, client_id: str, grant: GrantId) -> None:
        self.told.append(grant)
