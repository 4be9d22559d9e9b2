"""What services may ask papers for, from config/purposes.toml: the words, the text of law, the papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Final, Self

from pydantic import ConfigDict, Field

from config.errors import ConfigurationError
from vault.document_types.loading import PACKAGED, read_tables, validated
from vault.document_types.periods import Period
from vault.document_types.types import Code, DocumentTypes
from vault.document_types.validity import Freshness, PaperDates, PeriodText, Validity
from vault.document_types.words import Text, Words

MOST_PAPERS: Final = 12
"""Papers that answer one question: a year of payslips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """Why the service may ask."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    text: Words
    """One sentence for people."""
    reference: Text
    """The article, as a lawyer would cite it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPaper:
    """One thing to prove, by any one of several types of document."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    title: Words
    any_of: Annotated[tuple[Code, ...], Field(min_length=1)]
    reason: Words
    """Why this one is asked."""
    consequence: Words
    """What happens without it."""
    required: bool = True
    most: Annotated[int, Field(ge=1, le=MOST_PAPERS)] = 1
    """How many papers one may send for it: both parents' cards, the last three payslips."""
    validity: Mapping[Code, Validity] = field(default_factory=dict)
    """Rules that this service applies in place of a type's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One reason to ask for papers."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    code: Code
    name: Words
    reason: Words
    """The end of the sentence "… looked at your electricity bill, to enrol your child"."""
    legal_basis: LegalBasis
    duration: PeriodText
    """How long a lending for it lasts unless the request says less."""
    papers: Annotated[tuple[AskedPaper, ...], Field(min_length=1)]
    closed_by: Text | None = None
    """The text that allows these papers and no other; None when other papers may be asked."""

    @property
    def document_types(self) -> tuple[str, ...]:
        """The code of every type that may be asked for, each once, in order."""
        return tuple(dict.fromkeys(code for paper in self.papers for code in paper.any_of))

    def until(self, start: date) -> date:
        """The last day of a lending that begins on `start` and lasts as long as usual."""
        return self.duration.after(start)


class Purposes:
    """Every purpose known here."""

    def __init__(self, purposes: Sequence[Purpose], types: DocumentTypes) -> None:
        self._purposes = {purpose.code: purpose for purpose in purposes}
        self._types = types

    @classmethod
    def load(cls, types: DocumentTypes, paths: Sequence[Path] = (PACKAGED / "purposes.toml",)) -> Self:
        """Read the catalogue; a table of a later file replaces an earlier one.

        Raises ConfigurationError with the file, the table and the field, also for a type of document that
        doesn't exist and for a rule about a type that isn't asked for.
        """
        purposes = validated(Purpose, read_tables(paths), paths)
        for purpose in purposes:
            for paper in purpose.papers:
                _check_codes(purpose.code, paper, types)
        return cls(purposes, types)

    def get(self, code: str) -> Purpose | None:
        """The purpose of this code, None when there is none."""
        return self._purposes.get(code)

    def all(self) -> tuple[Purpose, ...]:
        """Every purpose, in the catalogue's order."""
        return tuple(self._purposes.values())

    def name(self, code: str, language: str) -> str:
        """What people call it; the code itself for one that left the catalogue."""
        found = self._purposes.get(code)
        return found.name.text(language) if found else code

    def reason(self, code: str, language: str) -> str:
        """The end of a sentence that says what for ("to enrol your child"); empty for one that left."""
        found = self._purposes.get(code)
        return found.reason.text(language) if found else ""

    def check(self, code: str, document_type: str, dates: PaperDates, at: date) -> Freshness:
        """Whether a paper is good for this purpose on day `at`: by the service's rule, else by the type's own.

        Raises UnknownDocumentType. An unknown purpose applies the type's own rule.
        """
        return self._rule(code, document_type).check(dates, at)

    def check_deposited(
        self, code: str, document_type: str, dates: PaperDates, deposited_on: date, at: date
    ) -> Freshness:
        """The same for a paper that was deposited on a known day.

        A paper without a known date can't be younger than its deposit: once that is too old, so is the paper.
        """
        outcome = self.check(code, document_type, dates, at)
        if outcome is not Freshness.INCONCLUSIVE or dates.issued_on is not None:
            return outcome
        latest = PaperDates(issued_on=deposited_on, expires_on=dates.expires_on)
        over = self.check(code, document_type, latest, at) is Freshness.FAILED
        return Freshness.FAILED if over else Freshness.INCONCLUSIVE

    def most(self, code: str, document_types: Sequence[str]) -> int:
        """How many papers of these types one question of this purpose takes: the most of its papers they belong to."""
        purpose = self._purposes.get(code)
        asked = set(document_types)
        return max(
            (paper.most for paper in (purpose.papers if purpose else ()) if asked & set(paper.any_of)), default=1
        )

    def good_until(self, code: str, document_type: str, dates: PaperDates) -> date | None:
        """The last day a paper is good for this purpose (date.max: no end, None: can't tell)."""
        return self._rule(code, document_type).good_until(dates)

    def _rule(self, code: str, document_type: str) -> Validity:
        purpose = self._purposes.get(code)
        for paper in purpose.papers if purpose else ():
            if document_type in paper.validity:
                return paper.validity[document_type]
        return self._types.get(document_type).validity


def _check_codes(purpose: str, paper: AskedPaper, types: DocumentTypes) -> None:
    for code in (*paper.any_of, *paper.validity):
        if not types.known(code):
            raise ConfigurationError(f"purposes.toml: {purpose} asks for {code}, which is no type of document.")
    for code in paper.validity:
        if code not in paper.any_of:
            raise ConfigurationError(f"purposes.toml: {purpose} has a rule for {code}, which it doesn't ask for.")


__all__ = ["AskedPaper", "LegalBasis", "Period", "Purpose", "Purposes"]
