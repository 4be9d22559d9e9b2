"""What each citizen of the town keeps in their safe: generated PDFs and photographs, each marked SPECIMEN.

The same citizen has the same papers each time; only dates count back from today.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from examples.town import photographs, printed
from examples.town.people import TownCitizen, citizens

__all__ = ["TownCitizen", "TownPaper", "citizens", "papers_of"]

PDF, JPEG, PNG, HEIC = "application/pdf", "image/jpeg", "image/png", "image/heic"


@dataclass(frozen=True, slots=True, kw_only=True)
class TownPaper:
    """One paper of theirs."""

    document_type: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    label: str
    issued_on: date | None = None
    """The date printed on it, where freshness hangs on it."""
    expires_on: date | None = None


def papers_of(number: int, today: date) -> list[TownPaper]:
    """What the citizen of that number (0 to 19) keeps; dates count back from today."""
    who = citizens()[number]
    # A paper's own dice: leaving one out changes no other.
    return [paper for make in _KEPT for paper in make(number, who, today, _dice(number, make))]


def _dice(number: int, make: Callable[..., object]) -> random.Random:
    return random.Random(f"{make.__name__} {number}")  # noqa: S311 -- invented data


def _bill(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    """Every third person's is too old for most services."""
    billed = today - timedelta(days=dice.randint(100, 160) if number % 3 == 2 else dice.randint(4, 70))  # noqa: PLR2004
    yield TownPaper(
        document_type="proof_of_address",
        file_name=f"facture-{billed:%Y-%m}.pdf",
        media_type=PDF,
        content=printed.electricity_bill(who, billed, dice),
        label="Facture d'électricité",
        issued_on=billed,
    )


def _card(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    """One card in five is expired."""
    expires = today + timedelta(days=dice.randint(-300, -20) if number % 5 == 4 else dice.randint(200, 3300))  # noqa: PLR2004
    yield TownPaper(
        document_type="identity_card",
        file_name=f"IMG_{dice.randint(1000, 9999)}.jpg",
        media_type=JPEG,
        content=photographs.identity_card(who, expires, dice),
        label="Carte d'identité",
        expires_on=expires,
    )


def _birth(number: int, who: TownCitizen, _today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 2 == 0:
        yield TownPaper(
            document_type="birth_certificate",
            file_name="acte de naissance.png",
            media_type=PNG,
            content=photographs.birth_certificate(who, dice),
            label=f"Acte de naissance de {who.child}",
        )


def _book(number: int, who: TownCitizen, _today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 4 == 1:
        yield TownPaper(
            document_type="family_record_book",
            file_name=f"IMG_{dice.randint(1000, 9999)}.HEIC",
            media_type=HEIC,
            content=photographs.family_record_book(who, dice),
            label="Livret de famille",
        )


def _tax(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 3 == 0:
        # Notices of last year's income come in August.
        year = today.year - (1 if today.month >= 9 else 2)  # noqa: PLR2004
        yield TownPaper(
            document_type="income_tax_notice",
            file_name=f"avis-impot-{year + 1}.pdf",
            media_type=PDF,
            content=printed.tax_notice(who, year, dice),
            label=f"Avis d'impôt {year + 1}",
            issued_on=date(year + 1, 8, 1),
        )


def _rent(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 3 == 1:
        paid = today.replace(day=1) - timedelta(days=dice.choice((0, 27)))
        yield TownPaper(
            document_type="rent_receipt",
            file_name=f"quittance-{paid:%Y-%m}.pdf",
            media_type=PDF,
            content=printed.rent_receipt(who, paid, dice),
            label="Quittance de loyer",
            issued_on=paid,
        )


def _insurance(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    since = date(today.year - (today.month < 9), 9, 2)  # noqa: PLR2004 -- the school year begins in September
    if number % 4 == 0:
        yield TownPaper(
            document_type="insurance",
            file_name="attestation-scolaire.pdf",
            media_type=PDF,
            content=printed.insurance(who, since, dice, school=True),
            label=f"Assurance scolaire de {who.child}",
            issued_on=since,
        )
    if number % 4 == 2:  # noqa: PLR2004
        signed = today - timedelta(days=dice.randint(5, 80))
        yield TownPaper(
            document_type="home_insurance",
            file_name="assurance-habitation.pdf",
            media_type=PDF,
            content=printed.insurance(who, signed, dice, school=False),
            label="Assurance de l'appartement",
            issued_on=signed,
        )


def _pay(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 5 in (0, 3):
        month = today.replace(day=1) - timedelta(days=2)
        yield TownPaper(
            document_type="payslip",
            file_name=f"bulletin_{month:%Y_%m}.pdf",
            media_type=PDF,
            content=printed.payslip(who, month, dice),
            label=f"Bulletin de paie, {printed.MONTHS[month.month - 1]}",
            issued_on=month,
        )


def _quotient(number: int, who: TownCitizen, today: date, dice: random.Random) -> Iterator[TownPaper]:
    if number % 5 in (1, 4):
        issued = today - timedelta(days=dice.randint(3, 60))
        yield TownPaper(
            document_type="family_quotient",
            file_name="quotient familial.pdf",
            media_type=PDF,
            content=printed.family_quotient(who, issued, dice),
            label="Quotient familial",
            issued_on=issued,
        )


_KEPT = (_bill, _card, _birth, _book, _tax, _rent, _insurance, _pay, _quotient)
