"""The receipt of a release: number, date, what, to whom, why, until when, how to take it back; printed or kept.

It stands under "Who saw my papers" and is named in the mail. The way back to the service doesn't lead through it
(docs/decisions/0808-receipts-wait-in-the-account.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from citizen_account import receipts, screen
from citizen_account.language import day
from citizen_account.pages.accesses import done_message, known_of
from citizen_account.pages.cards import Cards, reads_line, sentence
from citizen_account.pages.claim_words import claim_rows
from citizen_account.pages.periods import period_words
from citizen_account.pages.sentences import Known
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy, require
from oidc.consent import GrantView
from oidc.protocols import SubjectId
from vault.documents import LendingState, LendingView

if TYPE_CHECKING:
    from citizen_account.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPaper:
    """One paper on a receipt, in words. `state`: why it can be opened no more; empty while it can."""

    name: str
    type_name: str
    reads_line: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was sent for one reason, by one text, until one day."""

    reason: str
    legal_basis: str
    until: str
    papers: Sequence[SentPaper]


def blueprint(house: House) -> Blueprint:
    """`/accesses/receipts/<number>`."""
    pages = Blueprint("receipts", __name__)

    @pages.get("/accesses/receipts/<number>")
    @policy(CITIZEN)
    def receipt(number: str) -> Any:
        person = SubjectId(require().account)
        grant = receipts.find(house.consent, person, number)
        client = house.clients.get(grant.client_id)
        contract: Mapping[str, Any] = client.contract if client else {}
        facts = house.subjects.claims(person)
        return screen.page(
            "receipt.html",
            number=receipts.number_of(grant.id),
            grant=grant,
            service=Cards(house).service(grant.client_id),
            parts=list(_parts(house, known_of(house), grant)),
            types=_types(house, grant),
            facts=[row.name for row in claim_rows(grant.claim_names, facts) if row.value],
            kept=period_words(str(contract.get("retention", ""))),
            contact=str(contract.get("contact") or (", ".join(client.contacts) if client else "")),
            message=done_message(request.args.get("done", "")),
        )

    return pages


def _parts(house: House, known: Known, grant: GrantView) -> Iterator[Part]:
    language = screen.current_language()
    lent: dict[tuple[str, str, datetime], list[LendingView]] = {}
    for view in (known.lendings[id_] for id_ in grant.lendings if id_ in known.lendings):
        lent.setdefault((view.purpose, view.legal_basis, view.until), []).append(view)
    for (code, article, until), views in lent.items():
        purpose = house.purposes.get(code)
        text = f"{purpose.legal_basis.text.text(language)} " if purpose else ""
        yield Part(
            reason=sentence(house.purposes.reason(code, language)).removesuffix(".") or code,
            legal_basis=f"{text}({article})",
            until=day(until, language),
            papers=[_paper(house, known, view) for view in views],
        )


def _paper(house: House, known: Known, view: LendingView) -> SentPaper:
    type_name = house.document_types.name(view.document_type, screen.current_language())
    return SentPaper(
        name=known.papers.get(view.document, type_name),
        type_name=type_name,
        reads_line=reads_line(view.reads_used, view.reads_allowed),
        state=_state(view),
    )


def _types(house: House, grant: GrantView) -> Sequence[str]:
    """What was asked, for an approval so old that its lendings are forgotten."""
    codes = dict.fromkeys(code for detail in grant.details for code in detail["document_types"])
    return [house.document_types.name(code, screen.current_language()) for code in codes]


def _state(view: LendingView) -> str:
    when = day(view.ended_at or view.until, screen.current_language())
    return {
        LendingState.TAKEN_BACK: _("Taken back on %(day)s.", day=when),
        LendingState.DELETED: _("You deleted this paper on %(day)s.", day=when),
        LendingState.OVER: _("Over since %(day)s.", day=when),
        LendingState.USED_UP: _("Looked at as often as they may."),
    }.get(view.state, "")
