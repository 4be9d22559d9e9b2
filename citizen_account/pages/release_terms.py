"""The terms under which a service asks: why, by which text, how long, how often; said once when they are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from citizen_account import screen
from citizen_account.language import day
from citizen_account.pages.cards import sentence
from citizen_account.pages.periods import period_words
from citizen_account.screen import gettext as _
from vault.lending import Asked

if TYPE_CHECKING:
    from citizen_account.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a service says of one purpose."""

    reason: str
    legal_basis: str
    reference: str
    duration_line: str
    reads_line: str


def distinct(asked: Sequence[Asked]) -> tuple[list[Asked], list[int]]:
    """The different terms, in order, and for each question which of them it is under."""
    keys = [replace(one, document_types=(), most=1) for one in asked]
    different = list(dict.fromkeys(keys))
    return different, [different.index(key) for key in keys]


def terms_of(house: House, asked: Asked, retention: str) -> Terms:
    """One question's terms in words. retention: how long the service keeps its copy, as its contract says it."""
    language = screen.current_language()
    purpose = house.purposes.get(asked.purpose)
    until = day(asked.until(house.clock.now()), language)
    time = period_words(retention)
    kept = _(" They keep their copy for at most %(time)s.", time=time) if time else ""
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
