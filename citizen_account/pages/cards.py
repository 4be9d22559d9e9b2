"""A paper as pages show it: its picture, its name, what it is, how long it is good, who may see it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from citizen_account import screen
from citizen_account.language import day
from citizen_account.screen import gettext as _
from citizen_account.screen import ngettext
from vault.document_types import NO_END, Freshness
from vault.documents import DocumentView, LendingView
from vault.errors import UnknownDocumentType

if TYPE_CHECKING:
    from citizen_account.house import House

KINDS_OF_FILE = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG", "image/heic": "HEIC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCard:
    """One paper on a page. `picture`: address of its first page's picture, empty when there is none."""

    document: str
    document_type: str
    type_name: str
    label: str
    file_name: str
    kind_of_file: str
    length: int
    deposited_at: datetime
    issued_on: date | None
    picture: str
    good_until_line: str
    seen_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LentCard:
    """One standing lending on a page: to whom, what for, until when, how often."""

    lending: str
    service: str
    reason: str
    until: datetime
    reads_line: str


class Cards:
    """Draws papers and lendings in the page's language."""

    def __init__(self, house: House) -> None:
        """house: where types, purposes and services are known."""
        self._house = house

    def paper(self, view: DocumentView) -> PaperCard:
        """The card of a paper."""
        type_name = self._house.document_types.name(view.document_type, screen.current_language())
        return PaperCard(
            document=view.document,
            document_type=view.document_type,
            type_name=type_name,
            label=view.label or type_name,
            file_name=view.untrusted_filename,
            kind_of_file=KINDS_OF_FILE.get(view.media_type, view.media_type),
            length=view.length,
            deposited_at=view.deposited_at,
            issued_on=view.dates.issued_on,
            picture=f"/papers/{view.document}/pages/1" if view.pictures else "",
            good_until_line=self._good_until(view),
            seen_by=tuple(dict.fromkeys(self.service(lending.client_id) for lending in view.lendings)),
        )

    def lent(self, view: LendingView) -> LentCard:
        """The card of a lending."""
        return LentCard(
            lending=view.lending,
            service=self.service(view.client_id),
            reason=sentence(self._house.purposes.reason(view.purpose, screen.current_language())),
            until=view.until,
            reads_line=reads_line(view.reads_used, view.reads_allowed),
        )

    def service(self, client_id: str) -> str:
        """A service's name in the page's language; its id when it is registered no more."""
        client = self._house.clients.get(client_id)
        return client.name_in(screen.current_language()) if client else client_id

    def freshness(self, view: DocumentView, purpose: str = "") -> tuple[Freshness, date | None]:
        """Whether a paper is good today, for a purpose or by its own type's rule, and until when (None: can't tell)."""
        today = self._house.clock.now().date()
        deposited, purposes = view.deposited_at.date(), self._house.purposes
        try:
            outcome = purposes.check_deposited(purpose, view.document_type, view.dates, deposited, today)
            return outcome, purposes.good_until(purpose, view.document_type, view.dates)
        except UnknownDocumentType:
            return Freshness.INCONCLUSIVE, None

    def _good_until(self, view: DocumentView) -> str:
        outcome, until = self.freshness(view)
        if outcome is Freshness.FAILED:
            return _("Too old for most services: replace it with a newer one")
        if until is None or until == NO_END:
            return ""
        return _("Good until %(day)s", day=day(until, screen.current_language()))


def reads_line(used: int, allowed: int | None) -> str:
    """How often a service looked."""
    if allowed is None:
        return ngettext("Looked at %(num)s time.", "Looked at %(num)s times.", used)
    return ngettext(
        "Looked at %(num)s time of %(allowed)s.", "Looked at %(num)s times of %(allowed)s.", used, allowed=allowed
    )


def sentence(text: str) -> str:
    """A phrase as a sentence of its own: "to enrol your child" becomes "To enrol your child."."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def matches(card: PaperCard, query: str) -> bool:
    """Whether a card holds every word of a search."""
    text = f"{card.label} {card.type_name} {card.file_name}".casefold()
    return all(word in text for word in query.casefold().split())
