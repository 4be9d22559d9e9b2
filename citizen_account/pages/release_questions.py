"""The questions of a release page: which papers of the person may answer each, and in which words it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING

from citizen_account import screen
from citizen_account.language import day
from citizen_account.pages.cards import Cards, PaperCard, sentence
from citizen_account.pages.papers import own_safe
from citizen_account.pages.release_answers import NONE, Answers
from citizen_account.screen import gettext as _
from vault.document_types import NO_END, AskedPaper, DocumentType, Freshness, Purpose
from vault.documents import DocumentView
from vault.lending import Asked

if TYPE_CHECKING:
    from citizen_account.house import House

MOST_MATCHED = 4
"""Questions whose every assignment is tried."""
_ORDER = (Freshness.PASSED, Freshness.INCONCLUSIVE, Freshness.FAILED)
"""Papers that are surely good come first, those that can't be sent last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the person's papers of a type that is asked for. `state`: how good it is for this service, in words."""

    card: PaperCard
    state: str
    freshness: Freshness

    @property
    def may_send(self) -> bool:
        """Whether it may be chosen; what the dates on it can't tell, a look does."""
        return self.freshness is not Freshness.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One paper that is asked for, or several where `most` says so. `terms`: which of the page's terms it is under."""

    index: int
    title: str
    hint: str
    consequence: str
    types: Sequence[DocumentType]
    options: Sequence[Option]
    chosen: Sequence[str]
    most: int
    terms: int

    @property
    def first(self) -> str:
        """The answer that an error leads to: the first that can be chosen."""
        return next((option.card.document for option in self.options if option.may_send), NONE)

    def error(self) -> str:
        """What is wrong with the answer; empty when it may be sent, or is a clear no."""
        sendable = {option.card.document for option in self.options if option.may_send}
        if self.chosen == [NONE]:
            return ""
        if not self.chosen or not set(self.chosen) <= sendable | {NONE}:
            return _("%(paper)s: choose a paper, add one, or say that you don't have one.", paper=self.title)
        if NONE in self.chosen:
            return _("%(paper)s: choose papers, or say that you don't have one, but not both.", paper=self.title)
        if len(self.chosen) > self.most:
            return _("%(paper)s: choose %(most)s papers at most.", paper=self.title, most=self.most)
        return ""


class Questions:
    """Asks in the page's language, of the papers in the person's own safe."""

    def __init__(self, house: House) -> None:
        """house: where papers, types and purposes are known."""
        self._house = house
        self._cards = Cards(house)

    def of(self, asked: Sequence[Asked], answers: Answers, terms: Sequence[int], *, suggest: bool) -> list[Question]:
        """A question for each detail.

        terms: for each, which of the page's terms it is under. suggest: whether a question without an answer shows the
        paper that is good for longest as chosen.
        """
        catalogue = {code: self._house.purposes.get(code) for code in {one.purpose for one in asked}}
        matched = match_papers(asked, catalogue)
        papers = self._house.documents.list(own_safe(self._house)) if asked else []
        questions = []
        for index, one in enumerate(asked):
            options = self._options(one, papers)
            chosen = _standing(answers.get(index, ()), options) if suggest else list(answers.get(index, ()))
            if suggest and not chosen:
                chosen = [option.card.document for option in options[:1] if option.may_send]
            questions.append(self._question(index, one, matched[index], options, chosen, terms[index]))
        return questions

    def _options(self, asked: Asked, papers: Sequence[DocumentView]) -> list[Option]:
        options = [self._option(view, asked) for view in papers if view.document_type in asked.document_types]
        return sorted(options, key=lambda option: _ORDER.index(option.freshness))

    def _option(self, view: DocumentView, asked: Asked) -> Option:
        freshness, until = self._cards.freshness(view, asked.purpose)
        return Option(card=self._cards.paper(view), state=_state(freshness, until), freshness=freshness)

    def _question(
        self,
        index: int,
        asked: Asked,
        paper: AskedPaper | None,
        options: Sequence[Option],
        chosen: Sequence[str],
        terms: int,
    ) -> Question:
        language = screen.current_language()
        types = [self._house.document_types.get(code) for code in asked.document_types]
        names = _either([one.name.text(language) for one in types])
        return Question(
            index=index,
            title=paper.title.text(language) if paper else names,
            hint=_hint(paper, names, len(types), asked.most),
            consequence=paper.consequence.text(language) if paper else _("The service will tell you what to do."),
            types=types,
            options=options,
            chosen=chosen,
            most=asked.most,
            terms=terms,
        )


def _standing(answers: Sequence[str], options: Sequence[Option]) -> list[str]:
    known = {option.card.document for option in options if option.may_send} | {NONE}
    return [answer for answer in answers if answer in known]


def _state(outcome: Freshness, until: date | None) -> str:
    if outcome is Freshness.FAILED:
        if until is None:
            return _("Too old for this service. Add a newer one.")
        return _(
            "Too old for this service: it was good until %(day)s. Add a newer one.",
            day=day(until, screen.current_language()),
        )
    if outcome is Freshness.INCONCLUSIVE:
        return _("Look at the date on it: we don't know whether it is still good.")
    if until is None or until == NO_END:
        return _("Good for this service.")
    return _("Good until %(day)s.", day=day(until, screen.current_language()))


def match_papers(asked: Sequence[Asked], catalogue: Mapping[str, Purpose | None]) -> list[AskedPaper | None]:
    """Which paper of the catalogue each question is about, so that no two questions get the same words needlessly.

    The assignment with most types in common is taken; many questions are matched one after the other instead.
    """
    known = [paper for purpose in catalogue.values() for paper in (purpose.papers if purpose else ())]
    slots: list[AskedPaper | None] = [*known, *([None] * len(asked))]
    if len(asked) > MOST_MATCHED:
        return [max(known, key=lambda paper: _in_common(one, paper), default=None) for one in asked]
    best: tuple[AskedPaper | None, ...] = max(
        permutations(slots, len(asked)),
        key=lambda chosen: sum(_in_common(one, paper) for one, paper in zip(asked, chosen, strict=True)),
    )
    return [paper if paper and _in_common(one, paper) else None for one, paper in zip(asked, best, strict=True)]


def _in_common(asked: Asked, paper: AskedPaper | None) -> int:
    return len(set(asked.document_types) & set(paper.any_of)) if paper else 0


def _hint(paper: AskedPaper | None, types: str, number: int, most: int) -> str:
    reason = sentence(paper.reason.text(screen.current_language())) if paper else ""
    if number < 2 and not paper:  # noqa: PLR2004 -- the title says it
        return ""
    shown = _("One of these: %(papers)s.", papers=types) if number > 1 else f"{types}."
    several = _("You may choose up to %(most)s.", most=most) if most > 1 else ""
    return " ".join(filter(None, (reason, shown, several)))


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 -- nothing to choose between
        return "".join(names)
    return _("%(first)s or %(last)s", first=", ".join(names[:-1]), last=names[-1])
