"""Release: the page that says who asks for what, why, by which text, for how long, and sends nothing by itself.

The citizen chooses among their own papers, adds one on the spot, or says that they have none; then a button that names
the service. The page is its own "check your answers" (docs/decisions/0806-the-release-page-is-the-check.md). The
answers chosen so far travel in the address (`release_answers`), so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request

from citizen_account import screen
from citizen_account.pages import release_answers
from citizen_account.pages.claim_words import claim_rows
from citizen_account.pages.drafts import keeps_draft, taken
from citizen_account.pages.release_answers import NONE, Answers
from citizen_account.pages.release_questions import Question, Questions
from citizen_account.pages.release_terms import distinct, terms_of
from citizen_account.pages.visitor import signed_in
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, allow_form_action, policy, require
from oidc.consent import PendingRelease
from oidc.errors import InvalidAuthorizationDetails, UnknownInteraction
from oidc.protocols import Choice, SubjectId
from vault.errors import DocumentChanged, NotAllowedToAsk, UnfitPaper, UnknownDocument
from vault.lending import Asked

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """The release page."""
    pages = Blueprint("consent", __name__)
    release = _Release(house)

    @pages.get("/release/<handle>")
    @policy(CITIZEN)
    def show(handle: str) -> Any:
        return release.guarded(handle, release.show)

    @pages.post("/release/<handle>")
    @policy(CITIZEN, repeats=release_answers.FIELDS)
    @keeps_draft(*release_answers.FIELDS)
    def decide(handle: str) -> Any:
        return release.guarded(handle, release.decide)

    return pages


class _Release:
    def __init__(self, house: House) -> None:
        self._house = house
        self._questions = Questions(house)

    def guarded(self, handle: str, step: Any) -> Any:
        """Do one step of a request that is still open here, or say why it isn't."""
        try:
            return step(handle, self._house.consent.pending(handle, self._house.browser.value()))
        except UnknownInteraction as refusal:
            return screen.page("release_over.html", refusal.status, narrowed=False)
        except (NotAllowedToAsk, InvalidAuthorizationDetails):  # the operator changed the contract meanwhile
            return screen.page("release_over.html", HTTPStatus.FORBIDDEN, narrowed=True)

    def show(self, handle: str, pending: PendingRelease) -> Response:
        """The page, with what was chosen so far and a paper just added."""
        asked = self._asked(pending)
        draft = taken(self._house)
        if draft is not None:
            questions = self._ask(asked, release_answers.from_form(draft, len(asked)))
            kept = _("You are signed in again. What you had chosen is still here, and nothing has been sent yet.")
            return self._page(handle, pending, questions, {}, kept)
        answers = release_answers.read(request.args.get("chosen", ""), len(asked))
        paper, index = request.args.get("added", ""), request.args.get("detail", "")
        if not paper or index not in map(str, range(len(asked))):
            return self._page(handle, pending, self._ask(asked, answers), {}, "")
        question = int(index)
        answers = release_answers.added(answers, question, paper, asked[question].most)
        questions = self._ask(asked, answers)
        fits = paper in questions[question].chosen
        message = (
            _("Your paper is kept. Look at it, then send.")
            if fits
            else _("Your paper is kept, but it can't answer this service: read below why.")
        )
        return self._page(handle, pending, questions, {}, message)

    def decide(self, handle: str, pending: PendingRelease) -> Any:
        """Send, refuse, or go and add a paper."""
        if request.form.get("decision") == "refuse":
            self._house.consent.refuse(handle, self._house.browser.value(), signed_in())
            return _back_to_service(handle)
        asked = self._asked(pending)
        answers = release_answers.from_form(request.form, len(asked))
        if "add" in request.form:
            return _add(handle, asked, answers)
        questions = self._ask(asked, answers, suggest=False)
        errors = _errors(questions)
        if errors or request.form.get("decision") != "send":
            return self._page(handle, pending, questions, errors, "")
        choices = [Choice(detail=q.index, documents=tuple(q.chosen)) for q in questions if q.chosen != [NONE]]
        try:
            self._house.consent.approve(handle, self._house.browser.value(), signed_in(), choices)
        except (UnknownDocument, UnfitPaper, DocumentChanged):  # replaced or deleted in another window just now
            questions = self._ask(asked, answers, suggest=False)
            return self._page(handle, pending, questions, _errors(questions) or _changed(questions), "")
        return _back_to_service(handle)

    def _ask(self, asked: Sequence[Asked], answers: Answers, *, suggest: bool = True) -> list[Question]:
        return self._questions.of(asked, answers, distinct(asked)[1], suggest=suggest)

    def _page(
        self,
        handle: str,
        pending: PendingRelease,
        questions: Sequence[Question],
        errors: Mapping[str, str],
        message: str,
    ) -> Response:
        allow_form_action(pending.redirect_origin)
        service = pending.client.name_in(screen.current_language())
        terms = distinct(self._asked(pending))[0]
        purposes = filter(None, (self._house.purposes.get(code) for code in dict.fromkeys(a.purpose for a in terms)))
        claims = self._house.subjects.claims(SubjectId(require().account))
        retention = str(pending.client.contract.get("retention", ""))
        return screen.page(
            "release.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            handle=handle,
            service=service,
            heading=self._heading(service, len(questions)),
            terms=[terms_of(self._house, one, retention) for one in terms],
            questions=questions,
            claims=claim_rows(pending.claim_names, claims),
            closed_by=next((purpose.closed_by for purpose in purposes if purpose.closed_by), ""),
            for_device=bool(pending.request.polled),
            stays_line=_stays(pending, service),
            send_text=_send_text(service, len(questions)),
            errors=errors,
            message=message,
        )

    def _heading(self, service: str, papers: int) -> str:
        city = self._house.settings.theme.city(screen.current_language())
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


def _errors(questions: Sequence[Question]) -> dict[str, str]:
    return {f"paper-{question.index}": text for question in questions if (text := question.error())}


def _changed(questions: Sequence[Question]) -> dict[str, str]:
    changed = _("Your papers changed while this page was open. Look at them again, then send.")
    return {f"paper-{question.index}": changed for question in questions[:1]}


def _add(handle: str, asked: Sequence[Asked], answers: Answers) -> Any:
    index = request.form.get("add", "")
    if index not in map(str, range(len(asked))):
        raise InvalidAuthorizationDetails("no such question")
    types = asked[int(index)].document_types
    carried = {
        "release": handle,
        "detail": index,
        "chosen": release_answers.write(answers),
        "types": " ".join(types),
    }
    if len(types) == 1:
        carried["type"] = types[0]
    return redirect(f"/papers/add?{urlencode(carried)}", HTTPStatus.SEE_OTHER)


def _stays(pending: PendingRelease, service: str) -> str:
    if "offline_access" in pending.request.scope:
        return _("%(service)s may come back to this without you, until you take it back.", service=service)
    return ""


def _send_text(service: str, papers: int) -> str:
    if papers == 0:
        return _("Continue to %(service)s", service=service)
    if papers == 1:
        return _("Send this paper to %(service)s", service=service)
    return _("Send these papers to %(service)s", service=service)


def _back_to_service(handle: str) -> Response:
    return redirect(f"/authorize/{quote(handle)}", HTTPStatus.SEE_OTHER)  # type: ignore[return-value]
