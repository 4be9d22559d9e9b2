"""Does a paper answer what was asked? Its type, its age today for this purpose, how many are wanted; pure.

The page shows the same and is not believed: what it lets through is held against the question once more, in the
transaction that lends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vault.document_types import Freshness, PaperDates, Purposes
from vault.errors import PaperNotAsked, PaperTooMany, PaperTooOld
from vault.lending.asking import Asked
from vault.protocols import DocumentId, OwnerId


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPaper:
    """A paper of its owner, held from being changed until the transaction ends."""

    owner: OwnerId
    document: DocumentId
    version: str
    document_type: str
    dates: PaperDates
    deposited_on: date


def fitting(asked: Asked, papers: Sequence[HeldPaper], purposes: Purposes, today: date) -> None:
    """Raise an `UnfitPaper` for the first paper that may not answer; inconclusive dates are the citizen's to judge."""
    for number, paper in enumerate(papers):
        if number >= asked.most or paper.document in {earlier.document for earlier in papers[:number]}:
            raise PaperTooMany(paper.document)
        if paper.document_type not in asked.document_types:
            raise PaperNotAsked(paper.document)
        outcome = purposes.check_deposited(asked.purpose, paper.document_type, paper.dates, paper.deposited_on, today)
        if outcome is Freshness.FAILED:
            raise PaperTooOld(paper.document)
