"""Periods of time in words: "1 year", "30 jours"."""

from __future__ import annotations

from citizen_account.screen import gettext as _
from citizen_account.screen import ngettext
from vault.document_types import Period


def period_words(text: str) -> str:
    """The words of an ISO 8601 period such as P1Y or P30D; empty for what is none."""
    try:
        period = Period.parse(text)
    except ValueError:
        return ""
    parts = []
    if period.years:
        parts.append(ngettext("%(num)s year", "%(num)s years", period.years))
    if period.months:
        parts.append(ngettext("%(num)s month", "%(num)s months", period.months))
    if period.days:
        parts.append(ngettext("%(num)s day", "%(num)s days", period.days))
    return _(" and ").join(parts)
