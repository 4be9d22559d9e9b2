"""The first page: a greeting, what needs the person, three doors. Signed out: what this is, and how to come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from citizen_account import screen
from citizen_account.language import day
from citizen_account.pages.accesses import standing_of
from citizen_account.pages.cards import Cards
from citizen_account.pages.papers import own_safe
from citizen_account.screen import gettext as _
from citizen_account.screen import ngettext
from citizen_account.security import AUDITOR, OPERATOR, PUBLIC, current_account, policy
from vault.document_types import NO_END, Freshness
from vault.documents import DocumentView

if TYPE_CHECKING:
    from citizen_account.house import House

SOON = timedelta(days=30)
"""A paper that is good for less than this needs the person."""
NOON, EVENING = 12, 18


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the person, and where they do it."""

    text: str
    href: str
    action: str


def blueprint(house: House) -> Blueprint:
    """The first page."""
    pages = Blueprint("home", __name__)

    @pages.get("/")
    @policy(PUBLIC)
    def home() -> Any:
        person = current_account()
        if person is None:
            return screen.page("welcome.html")
        papers = house.documents.list(own_safe(house))
        return screen.page(
            "home.html",
            greeting=_greeting(house, person.account),
            needs=_needs(house, papers),
            papers_line=ngettext("%(num)s paper", "%(num)s papers", len(papers)) if papers else _("None yet"),
            accesses_line=_last_access(house),
            services_line=ngettext("%(num)s service", "%(num)s services", len(standing_of(house))),
            duties=_duties(person.roles),
        )

    return pages


def _greeting(house: House, account: str) -> str:
    hour = house.clock.now().astimezone(ZoneInfo(house.settings.time_zone)).hour
    name = house.accounts.attributes(account).get("given_name")
    if name is None:
        return _("Good morning") if hour < NOON else _("Good afternoon") if hour < EVENING else _("Good evening")
    first = name.value.split(" ")[0]
    if hour < NOON:
        return _("Good morning, %(name)s", name=first)
    return _("Good afternoon, %(name)s", name=first) if hour < EVENING else _("Good evening, %(name)s", name=first)


def _needs(house: House, papers: list[DocumentView]) -> list[Need]:
    if not papers:
        text = _("You have no papers here yet. Add one now, and the next service that needs it has it in one click.")
        return [Need(text, "/papers/add", _("Add a paper"))]
    cards = Cards(house)
    today = house.clock.now().date()
    return [need for view in papers if (need := _stale(cards, view, today))]


def _stale(cards: Cards, view: DocumentView, today: date) -> Need | None:
    outcome, until = cards.freshness(view)
    label = cards.paper(view).label
    replace = f"/papers/add?replaces={view.document}"
    if outcome is Freshness.FAILED:
        text = _("“%(paper)s” is too old for most services: they would ask you for it again.", paper=label)
        return Need(text, replace, _("Replace it with a newer one"))
    if until is not None and until != NO_END and until - today < SOON:
        last = day(until, screen.current_language())
        text = _("“%(paper)s” is good until %(day)s. After that services would ask you for it again.",
                 paper=label, day=last)  # fmt: skip
        return Need(text, replace, _("Replace it with a newer one"))
    return None


def _last_access(house: House) -> str:
    read = [view for view in house.lending.of_owner(own_safe(house)) if view.last_read_at]
    last = max(read, key=lambda view: view.last_read_at or view.made_at, default=None)
    if last is None or last.last_read_at is None:
        return _("Nobody has looked yet")
    when = last.last_read_at.astimezone(ZoneInfo(house.settings.time_zone))
    service = Cards(house).service(last.client_id)
    return _("Last: %(service)s, %(day)s", service=service, day=day(when, screen.current_language()))


def _duties(roles: frozenset[str]) -> list[dict[str, str]]:
    duties = []
    if AUDITOR in roles:
        duties.append({"href": "/auditor", "text": _("The access ledger")})
    if OPERATOR in roles:
        duties.append({"href": "/operator/services", "text": _("Services")})
    return duties
