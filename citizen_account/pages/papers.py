"""My papers: the list, one paper, adding (read piece by piece), replacing, naming, deleting, the choice about pictures.

The form that adds a paper also serves the release page: it carries the waiting request and comes back to it.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request

from citizen_account import screen
from citizen_account.errors import BadForm
from citizen_account.pages.cards import Cards, matches
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy, require
from vault.content.previews import PAGE_MEDIA_TYPE
from vault.documents import DocumentView, Preview
from vault.errors import BadLabel, UnknownDocument
from vault.protocols import DocumentId, OwnerId

if TYPE_CHECKING:
    from citizen_account.house import House

PER_PAGE = 24


def blueprint(house: House) -> Blueprint:
    """The pages of a person's papers, without the one that adds (`paper_add`)."""
    pages = Blueprint("papers", __name__)
    cards = Cards(house)

    @pages.get("/papers")
    @policy(CITIZEN)
    def papers() -> Any:
        owner = own_safe(house)
        query = request.args.get("q", "").strip()[:100]
        every = house.documents.list(owner)
        found = [card for card in map(cards.paper, every) if matches(card, query)]
        last = max(1, -(-len(found) // PER_PAGE))
        number = min(max(1, request.args.get("page", 1, type=int)), last)
        return screen.page(
            "papers.html",
            cards=found[(number - 1) * PER_PAGE : number * PER_PAGE],
            total=len(every),
            query=query,
            number=number,
            pages=last,
            agreed=house.documents.agreement(owner) is not False,
            message=_done(request.args.get("done", "")),
        )

    @pages.get("/papers/<document>")
    @policy(CITIZEN)
    def paper(document: str) -> Any:
        view = house.documents.get(own_safe(house), DocumentId(document))
        return _paper_page(cards, view, view.label, {})

    @pages.get("/papers/<document>/pages/<int:number>")
    @policy(CITIZEN)
    def picture(document: str, number: int) -> Any:
        drawn = house.documents.open_page(own_safe(house), DocumentId(document), number)
        response = Response(drawn, content_type=PAGE_MEDIA_TYPE)
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response

    @pages.get("/papers/<document>/original")
    @policy(CITIZEN)
    def original(document: str) -> Any:
        opened = house.documents.open_original(own_safe(house), DocumentId(document))
        response = Response(opened.chunks, content_type=opened.media_type)
        response.headers["Content-Disposition"] = attachment(opened.filename)
        response.headers["Content-Length"] = str(opened.length)
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response

    @pages.post("/papers/<document>/label")
    @policy(CITIZEN)
    def label(document: str) -> Any:
        typed = request.form.get("label", "")
        try:
            house.documents.relabel(own_safe(house), DocumentId(document), typed)
        except BadLabel:
            view = house.documents.get(own_safe(house), DocumentId(document))
            return _paper_page(cards, view, typed, {"label": label_error()})
        return redirect(f"/papers/{quote(document)}?done=named", HTTPStatus.SEE_OTHER)

    _deleting(pages, house, cards)
    _choosing(pages, house)
    return pages


def own_safe(house: House) -> OwnerId:
    """The safe of the person signed in."""
    return house.accounts.owner_of(require().account)


def label_error() -> str:
    """What to say about a name that can't be kept."""
    return _("This name is too long or holds signs that can't be shown. Use up to 120 letters, figures and spaces.")


def attachment(filename: str) -> str:
    """`Content-Disposition` that saves a file under its own name (RFC 6266, RFC 8187) and never shows it."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _deleting(pages: Blueprint, house: House, cards: Cards) -> None:
    @pages.get("/papers/<document>/delete")
    @policy(CITIZEN)
    def ask_delete(document: str) -> Any:
        view = house.documents.get(own_safe(house), DocumentId(document))
        return screen.page(
            "paper_delete.html",
            card=cards.paper(view),
            lendings=[cards.lent(lending) for lending in view.lendings],
            gone_by=house.erasure.backups_until(),
        )

    @pages.post("/papers/<document>/delete")
    @policy(CITIZEN)
    def delete(document: str) -> Any:
        with suppress(UnknownDocument):  # sent twice: it is gone, which was asked
            house.documents.delete(own_safe(house), DocumentId(document))
        return redirect("/papers?done=deleted", HTTPStatus.SEE_OTHER)


def _choosing(pages: Blueprint, house: House) -> None:
    @pages.get("/papers/pictures")
    @policy(CITIZEN)
    def ask_pictures() -> Any:
        return screen.page("paper_pictures.html", agreed=house.documents.agreement(own_safe(house)) is not False)

    @pages.post("/papers/pictures")
    @policy(CITIZEN)
    def choose_pictures() -> Any:
        chosen = request.form.get("agreement", "")
        if chosen not in {"yes", "no"}:
            raise BadForm("agreement")
        house.documents.record_agreement(own_safe(house), chosen == "yes")
        return redirect(f"/papers?done=pictures-{chosen}", HTTPStatus.SEE_OTHER)


def _paper_page(cards: Cards, view: DocumentView, typed_label: str, errors: dict[str, str]) -> Response:
    card = cards.paper(view)
    return screen.page(
        "paper.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        card=card,
        typed_label=typed_label or card.label,
        errors=errors,
        lendings=[cards.lent(lending) for lending in view.lendings],
        page_numbers=range(1, view.pictures + 1),
        more_pages=max(0, view.page_count - view.pictures),
        no_pictures_line=_no_pictures(view),
        back_to="/papers",
        message=_done(request.args.get("done", "")),
    )


def _no_pictures(view: DocumentView) -> str:
    if view.preview is Preview.PENDING:
        return _("The pictures are being made. Load this page again in a moment.")
    if view.preview is Preview.NOT_AGREED:
        return _("You asked us to keep your papers without reading them, so there are no pictures.")
    return _("We can't draw a picture of this file. Download it to look at it.")


def _done(what: str) -> str:
    return {
        "added": _("Your paper is kept. Nobody but you can see it."),
        "replaced": _("The newer one is kept. Services that you allowed keep the one that you gave them."),
        "named": _("The new name is kept."),
        "deleted": _("The paper is gone here. It is gone from backups when the time you were told is over."),
        "stopped": _("Stopped. The service can no longer open this paper."),
        "pictures-yes": _("Pictures of your papers will be drawn. It takes a moment."),
        "pictures-no": _("From now on your papers are kept without being read. The pictures are deleted."),
    }.get(what, "")
