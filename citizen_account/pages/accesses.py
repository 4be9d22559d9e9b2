"""Who saw my papers: sentences by day, each with its proof and a button that stops it; and my services.

Taking back has as many steps as giving: one button, here, beside what it ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request

from audit.entries import EntryId, PersonId
from audit.errors import UnknownEntry
from audit.search import Mine
from citizen_account import screen
from citizen_account.errors import BadForm
from citizen_account.language import day
from citizen_account.pages.auditor import download
from citizen_account.pages.cards import Cards, reads_line
from citizen_account.pages.papers import own_safe
from citizen_account.pages.sentences import TOLD, Known, Sentences, facts
from citizen_account.receipts import number_of
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy, require
from oidc import initiated_login
from oidc.consent import GrantView
from oidc.protocols import GrantId, SubjectId
from vault.documents import LendingState, LendingView
from vault.protocols import LendingId

if TYPE_CHECKING:
    from citizen_account.house import House

LIMIT = 100
MOST_PAGES = 5
"""Pages of entries that are read to find some that are told here."""
NEXT = re.compile(r"/(accesses(/receipts/[0-9A-Z]{4}-[0-9A-Z]{4})?|services|papers/[a-z0-9]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a service may see now, and what ends it. `field`: grant or lending. `receipt`: its number, if any."""

    service: str
    client_id: str
    lines: Sequence[str]
    field: str
    id: str
    stop_text: str
    receipt: str = ""
    href: str = ""
    """Where the service is opened; empty when it said nothing of that."""


def blueprint(house: House) -> Blueprint:
    """The pages of accesses and services."""
    pages = Blueprint("accesses", __name__)

    @pages.get("/accesses")
    @policy(CITIZEN)
    def accesses() -> Any:
        service = request.args.get("service", "")
        cursor = request.args.get("cursor", "")
        known = known_of(house)
        entries, older = _entries(house, cursor, service)
        days = Sentences(house, known).days(entries, from_newest=not cursor)
        standing = [one for one in standing_of(house) if service in {"", one.client_id}]
        return screen.page(
            "accesses.html",
            days=days,
            standing=standing,
            services=_services(house),
            service=service,
            older=f"/accesses?{urlencode({'service': service, 'cursor': older})}" if older else "",
            message=done_message(request.args.get("done", "")),
        )

    @pages.get("/services")
    @policy(CITIZEN)
    def services() -> Any:
        language = screen.current_language()
        offered = [
            {"name": client.name_in(language), "href": href}
            for client in house.clients.all()
            if (href := initiated_login.address(client, house.settings.public_url))
        ]
        return screen.page(
            "services.html",
            standing=standing_of(house),
            offered=offered,
            message=done_message(request.args.get("done", "")),
        )

    @pages.post("/accesses/stop")
    @policy(CITIZEN)
    def stop() -> Any:
        lending, grant = request.form.get("lending", ""), request.form.get("grant", "")
        if bool(lending) == bool(grant):
            raise BadForm("lending or grant")
        if lending:
            house.lending.stop(own_safe(house), LendingId(lending))
        else:
            house.consent.take_back(SubjectId(require().account), GrantId(grant))
        there = request.form.get("next", "")
        there = there if NEXT.fullmatch(there) else "/accesses"
        return redirect(f"{there}?done=stopped", HTTPStatus.SEE_OTHER)

    _one_entry(pages, house)
    return pages


def _one_entry(pages: Blueprint, house: House) -> None:
    @pages.get("/accesses/<entry>/proof")
    @policy(CITIZEN)
    def proof(entry: str) -> Any:
        mine = _mine(house, entry)
        return download(house.proofs.receipt(mine.id, mine.opened), f"proof-{mine.id}.txt", "text/plain; charset=utf-8")

    @pages.get("/accesses/<entry>/unknown")
    @policy(CITIZEN)
    def unknown(entry: str) -> Any:
        mine = _mine(house, entry)
        if mine.values.get("kind") not in TOLD:
            raise UnknownEntry
        sentence = Sentences(house, known_of(house)).one(mine)
        client = house.clients.get(sentence.client_id)
        contact = str(client.contract.get("contact") or ", ".join(client.contacts)) if client else ""
        return screen.page("access_unknown.html", sentence=sentence, contact=contact)


def known_of(house: House) -> Known:
    """What the person's entries are told with."""
    owner = own_safe(house)
    cards = Cards(house)
    grants = house.consent.grants_of(SubjectId(require().account))
    return Known(
        papers={view.document: cards.paper(view).label for view in house.documents.list(owner)},
        lendings={view.lending: view for view in house.lending.of_owner(owner)},
        grants=frozenset(grant.id for grant in grants if grant.stands),
    )


def standing_of(house: House) -> list[Standing]:
    """Every approval that stands, newest first, and lendings that stand outside one."""
    known = known_of(house)
    cards = Cards(house)
    grants = [g for g in house.consent.grants_of(SubjectId(require().account)) if g.stands]
    in_grants = {lending for grant in grants for lending in grant.lendings}
    alone = [
        view for view in known.lendings.values() if view.state is LendingState.STANDS and view.lending not in in_grants
    ]
    return [_of_grant(house, cards, known, grant) for grant in grants] + [
        Standing(
            service=cards.service(view.client_id),
            client_id=view.client_id,
            lines=[_lent_line(house, known, view)],
            field="lending",
            id=view.lending,
            stop_text=_("Stop this"),
        )
        for view in alone
    ]


def _of_grant(house: House, cards: Cards, known: Known, grant: GrantView) -> Standing:
    language = screen.current_language()
    lent = [known.lendings[id_] for id_ in grant.lendings if id_ in known.lendings]
    lines = [_lent_line(house, known, view) for view in lent if view.state is LendingState.STANDS]
    known_facts = house.subjects.claims(SubjectId(require().account))
    lines.append(_("Knows: %(facts)s.", facts=facts(name for name in grant.claim_names if name in known_facts)))
    since = _("Since %(day)s.", day=day(grant.made_at, language))
    if grant.until:
        since += " " + _("Until %(day)s.", day=day(grant.until, language))
    lines.append(since)
    client = house.clients.get(grant.client_id)
    return Standing(
        service=cards.service(grant.client_id),
        client_id=grant.client_id,
        href=initiated_login.address(client, house.settings.public_url) if client else "",
        lines=lines,
        field="grant",
        id=grant.id,
        receipt=number_of(grant.id),
        stop_text=_("Stop all of this") if len(lines) > 2 else _("Stop this"),  # noqa: PLR2004 -- papers and facts
    )


def _lent_line(house: House, known: Known, view: LendingView) -> str:
    language = screen.current_language()
    paper = known.papers.get(view.document) or house.document_types.name(view.document_type, language)
    return _(
        "May look at “%(paper)s”, %(reason)s, until %(day)s. %(reads)s",
        paper=paper,
        reason=house.purposes.reason(view.purpose, language) or view.purpose,
        day=day(view.until, language),
        reads=reads_line(view.reads_used, view.reads_allowed),
    )


def _entries(house: House, cursor: str, service: str) -> tuple[list[Mine], str]:
    person = PersonId(require().account)
    kept: list[Mine] = []
    for _page in range(MOST_PAGES):
        page = house.search.of_person(person, cursor=cursor, limit=LIMIT)
        wanted = (entry for entry in page.entries if service in {"", entry.values.get("client", "")})
        kept += [entry for entry in wanted if entry.values.get("kind") in TOLD | {"read_failed"}]
        cursor = page.cursor
        if not cursor or len(kept) >= LIMIT // 2:
            break
    return kept, cursor


def _services(house: House) -> dict[str, str]:
    cards = Cards(house)
    grants = house.consent.grants_of(SubjectId(require().account))
    return {client_id: cards.service(client_id) for client_id in dict.fromkeys(grant.client_id for grant in grants)}


def _mine(house: House, entry: str) -> Mine:
    found = house.search.mine(PersonId(require().account), EntryId(entry))
    if found is None:
        raise UnknownEntry
    return found


def done_message(what: str) -> str:
    """What a page says after something was done there; empty for nothing."""
    return _("Stopped. From now on the service is refused.") if what == "stopped" else ""
