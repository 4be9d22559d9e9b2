"""Release: the page that says who asks for what, why, by which text, for how long, and sends nothing by itself.

The citizen chooses among their own papers, adds one on the spot, or says that they have none; then a button that names
the service. The answers chosen so far travel in the address (`chosen`), so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from itertools import permutations
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request

from citizen_account import screen
from citizen_account.language import day
from citizen_account.pages.cards import Cards, PaperCard, sentence
from citizen_account.pages.claim_words import claim_rows
from citizen_account.pages.papers import own_safe
from citizen_account.pages.periods import period_words
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, allow_form_action, policy, require
from oidc.consent import PendingRelease
from oidc.errors import InvalidAuthorizationDetails, UnknownInteraction
from oidc.protocols import Choice, SignedIn, SubjectId
from vault.document_types import NO_END, AskedPaper, Freshness, Purpose
from vault.documents import DocumentView
from vault.errors import UnknownDocument
from vault.lending import Asked

if TYPE_CHECKING:
    from citizen_account.house import House

MOST_MATCHED = 4
"""Questions whose every assignment is tried."""
NONE = "none"
"""The answer "I don't have one"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a service says of one purpose."""

    reason: str
    legal_basis: str
    reference: str
    duration_line: str
    reads_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the person's papers that may answer a question."""

    card: PaperCard
    state: str
    may_send: bool
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One paper that is asked for: `chosen` is a paper, `none`, or empty."""

    index: int
    title: str
    hint: str
    consequence: str
    options: Sequence[Option]
    chosen: str
    terms: int

    def answer_stands(self) -> bool:
        """Whether what was chosen may be sent, or is a clear no."""
        return self.chosen == NONE or any(o.may_send and o.card.document == self.chosen for o in self.options)


def blueprint(house: House) -> Blueprint:
    """The release page."""
    pages = Blueprint("consent", __name__)
    release = _Release(house)

    @pages.get("/release/<handle>")
    @policy(CITIZEN)
    def show(handle: str) -> Any:
        return release.show(handle)

    @pages.post("/release/<handle>")
    @policy(CITIZEN)
    def decide(handle: str) -> Any:
        return release.decide(handle)

    return pages


class _Release:
    def __init__(self, house: House) -> None:
        self._house = house
        self._cards = Cards(house)

    def show(self, handle: str) -> Response:
        """The page, with what was chosen so far and a paper just added."""
        try:
            pending = self._house.consent.pending(handle, self._house.browser.value())
        except UnknownInteraction as refusal:
            return screen.page("release_over.html", refusal.status)
        chosen = _read(request.args.get("chosen", ""))
        added = request.args.get("added", "")
        if added:
            chosen[request.args.get("detail", "")] = added
        message = _("Your paper is kept. Look at it, then send.") if added else ""
        return self._page(handle, pending, self._questions(pending, chosen), {}, message)

    def decide(self, handle: str) -> Any:
        """Send, refuse, or go and add a paper."""
        try:
            pending = self._house.consent.pending(handle, self._house.browser.value())
            if request.form.get("decision") == "refuse":
                self._house.consent.refuse(handle, self._house.browser.value(), _signed_in())
                return _back_to_service(handle)
            return self._answered(handle, pending)
        except UnknownInteraction as refusal:
            return screen.page("release_over.html", refusal.status)

    def _answered(self, handle: str, pending: PendingRelease) -> Any:
        given = {str(i): request.form.get(f"paper-{i}", "") for i in range(len(pending.details))}
        if "add" in request.form:
            return self._add(handle, pending, given)
        questions = self._questions(pending, given, suggest=False)
        errors = {
            f"paper-{question.index}": _("Choose a paper, add one, or say that you don't have one.")
            for question in questions
            if not question.answer_stands()
        }
        if errors or request.form.get("decision") != "send":
            return self._page(handle, pending, questions, errors, "")
        choices = [Choice(detail=q.index, documents=(q.chosen,)) for q in questions if q.chosen != NONE]
        try:
            self._house.consent.approve(handle, self._house.browser.value(), _signed_in(), choices)
        except UnknownDocument:  # deleted in another window just now
            questions = self._questions(pending, given, suggest=False)
            missing = {f"paper-{q.index}": _("This paper is gone. Choose another one.") for q in questions[:1]}
            return self._page(handle, pending, questions, missing, "")
        return _back_to_service(handle)

    def _add(self, handle: str, pending: PendingRelease, given: Mapping[str, str]) -> Any:
        index = request.form.get("add", "")
        if not index.isdigit() or int(index) >= len(pending.details):
            raise InvalidAuthorizationDetails("no such question")
        types = pending.details[int(index)]["document_types"]
        carried = {"release": handle, "detail": index, "chosen": _write(given), "types": " ".join(types)}
        if len(types) == 1:
            carried["type"] = types[0]
        return redirect(f"/papers/add?{urlencode(carried)}", HTTPStatus.SEE_OTHER)

    def _page(
        self,
        handle: str,
        pending: PendingRelease,
        questions: Sequence[Question],
        errors: Mapping[str, str],
        added: str,
    ) -> Response:
        allow_form_action(pending.redirect_origin)
        service = pending.client.name_in(screen.current_language())
        asked = self._asked(pending)
        purposes = [found for code in dict.fromkeys(a.purpose for a in asked) if (found := self._purpose(code))]
        claims = self._house.subjects.claims(SubjectId(require().account))
        return screen.page(
            "release.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            handle=handle,
            service=service,
            heading=self._heading(service, len(questions)),
            terms=self._terms(pending, asked),
            questions=questions,
            claims=claim_rows(pending.claim_names, claims),
            closed_by=next((purpose.closed_by for purpose in purposes if purpose.closed_by), ""),
            stays_line=self._stays(pending, service),
            send_text=_send_text(service, len(questions)),
            errors=errors,
            added=added,
        )

    def _heading(self, service: str, papers: int) -> str:
        theme = self._house.settings.theme
        city = theme.city_name_fr if screen.current_language() == "fr" else theme.city_name
        if not papers:
            return _("%(service)s (%(city)s) asks who you are", service=service, city=city)
        return screen.ngettext(
            "%(service)s (%(city)s) asks for %(num)s paper",
            "%(service)s (%(city)s) asks for %(num)s papers",
            papers,
            service=service,
            city=city,
        )

    def _asked(self, pending: PendingRelease) -> list[Asked]:
        return [self._house.lending.may_ask(pending.client.contract, detail) for detail in pending.details]

    def _purpose(self, code: str) -> Purpose | None:
        return self._house.purposes.get(code)

    def _terms(self, pending: PendingRelease, asked: Sequence[Asked]) -> list[Terms]:
        retention = period_words(str(pending.client.contract.get("retention", "")))
        return [self._one_terms(one, retention) for one in _distinct(asked)]

    def _one_terms(self, asked: Asked, retention: str) -> Terms:
        language = screen.current_language()
        purpose = self._purpose(asked.purpose)
        until = day(asked.until(self._house.clock.now()), language)
        kept = _(" They keep their copy for at most %(time)s.", time=retention) if retention else ""
        reads = asked.reads_allowed
        return Terms(
            reason=sentence(purpose.reason.text(language)) if purpose else asked.purpose,
            legal_basis=purpose.legal_basis.text.text(language) if purpose else "",
            reference=asked.legal_basis,
            duration_line=_("They may open them until %(day)s.", day=until) + kept,
            reads_line=screen.ngettext("%(num)s time at most.", "%(num)s times at most, each paper.", reads)
            if reads
            else _("As often as they need until then."),
        )

    def _questions(self, pending: PendingRelease, chosen: Mapping[str, str], *, suggest: bool = True) -> list[Question]:
        asked = self._asked(pending)
        distinct = _distinct(asked)
        catalogue = {code: self._purpose(code) for code in {one.purpose for one in asked}}
        matched = match_papers(asked, catalogue)
        papers = self._house.documents.list(own_safe(self._house)) if asked else []
        return [
            self._question(
                index,
                one,
                matched[index],
                papers,
                chosen.get(str(index), ""),
                terms=distinct.index(_key(one)),
                suggest=suggest,
            )
            for index, one in enumerate(asked)
        ]

    def _question(
        self,
        index: int,
        asked: Asked,
        paper: AskedPaper | None,
        papers: Sequence[DocumentView],
        chosen: str,
        *,
        terms: int,
        suggest: bool,
    ) -> Question:
        language = screen.current_language()
        options = [self._option(view, asked) for view in papers if view.document_type in asked.document_types]
        options.sort(key=lambda option: (not option.good, not option.may_send))
        known = {option.card.document for option in options if option.may_send} | {NONE}
        if chosen not in known:
            chosen = next((o.card.document for o in options if o.good), "") if suggest else ""
        types = _either([self._house.document_types.name(code, language) for code in asked.document_types])
        return Question(
            index=index,
            title=paper.title.text(language) if paper else types,
            hint=_hint(paper, types, len(asked.document_types), language),
            consequence=paper.consequence.text(language) if paper else _("The service will tell you what to do."),
            options=options,
            chosen=chosen,
            terms=terms,
        )

    def _option(self, view: DocumentView, asked: Asked) -> Option:
        outcome, until = self._cards.freshness(view, asked.purpose)
        return Option(
            card=self._cards.paper(view),
            state=_state(outcome, until),
            may_send=outcome is not Freshness.FAILED,
            good=outcome is not Freshness.FAILED,
        )

    def _stays(self, pending: PendingRelease, service: str) -> str:
        if "offline_access" in pending.request.scope:
            return _("%(service)s may come back to this without you, until you take it back.", service=service)
        return ""


def _state(outcome: Freshness, until: date | None) -> str:
    if outcome is Freshness.FAILED:
        return _("Too old for this service. Add a newer one.")
    if outcome is Freshness.INCONCLUSIVE:
        return _("Look at the date on it: we don't know whether it is still good.")
    if until is None or until == NO_END:
        return _("Good for this service.")
    return _("Good until %(day)s.", day=day(until, screen.current_language()))


def _key(asked: Asked) -> Asked:
    """What two questions must have in common to stand under the same terms."""
    return Asked(
        document_types=(),
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        duration=asked.duration,
        reads_allowed=asked.reads_allowed,
    )


def _distinct(asked: Sequence[Asked]) -> list[Asked]:
    return list(dict.fromkeys(_key(one) for one in asked))


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


def _hint(paper: AskedPaper | None, types: str, number: int, language: str) -> str:
    reason = sentence(paper.reason.text(language)) if paper else ""
    if number < 2 and not paper:  # noqa: PLR2004 -- the title says it
        return ""
    shown = _("One of these: %(papers)s.", papers=types) if number > 1 else f"{types}."
    return f"{reason} {shown}".strip()


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 -- nothing to choose between
        return "".join(names)
    return _("%(first)s or %(last)s", first=", ".join(names[:-1]), last=names[-1])


def _send_text(service: str, papers: int) -> str:
    if papers == 0:
        return _("Continue to %(service)s", service=service)
    if papers == 1:
        return _("Send this paper to %(service)s", service=service)
    return _("Send these papers to %(service)s", service=service)


def _signed_in() -> SignedIn:
    sign_in = require().sign_in
    return SignedIn(
        subject=SubjectId(sign_in.account),
        sign_in=sign_in.id,
        auth_time=sign_in.auth_time,
        amr=sign_in.amr,
        acr=sign_in.acr,
    )


def _back_to_service(handle: str) -> Response:
    return redirect(f"/authorize/{quote(handle)}", HTTPStatus.SEE_OTHER)  # type: ignore[return-value]


def _read(chosen: str) -> dict[str, str]:
    """Answers as they travel in an address: `0.<paper>~1.none`."""
    pairs = (part.partition(".") for part in chosen.split("~") if "." in part)
    return {index: answer for index, _dot, answer in pairs}


def _write(given: Mapping[str, str]) -> str:
    return "~".join(f"{index}.{answer}" for index, answer in given.items() if answer)
