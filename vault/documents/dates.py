"""The dates printed on a paper, as its person told them: kept sealed beside the file's name."""

from __future__ import annotations

import json
from datetime import date

from vault.document_types import PaperDates


def written_dates(dates: PaperDates) -> str:
    """The text that is sealed; known dates only."""
    known = {"issued_on": dates.issued_on, "expires_on": dates.expires_on}
    return json.dumps({name: day.isoformat() for name, day in known.items() if day})


def read_dates(text: str) -> PaperDates:
    """The reverse; an empty text holds none."""
    known = {name: date.fromisoformat(day) for name, day in json.loads(text or "{}").items()}
    return PaperDates(issued_on=known.get("issued_on"), expires_on=known.get("expires_on"))
