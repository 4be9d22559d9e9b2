"""Spans of calendar time: "P3M", "P1Y", "P30D"."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

_FORM: Final = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})D)?")
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Years, months and days (ISO 8601 durations without weeks and times of day)."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "P1Y6M10D", each part once and in that order. Raises ValueError for anything else, "P" too."""
        found = _FORM.fullmatch(text)
        if not found or not any(found.groups()):
            raise ValueError(f"{text!r} is no period such as P3M, P1Y or P30D")
        years, months, days = (int(part or 0) for part in found.groups())
        return cls(years=years, months=months, days=days)

    def after(self, day: date) -> date:
        """The day this much later; the 31st becomes the last day of a shorter month. At most date.max."""
        year, month0 = divmod(day.year * _MONTHS + day.month - 1 + self.years * _MONTHS + self.months, _MONTHS)
        if year > date.max.year:
            return date.max
        last = calendar.monthrange(year, month0 + 1)[1]
        try:
            return date(year, month0 + 1, min(day.day, last)) + timedelta(days=self.days)
        except OverflowError:
            return date.max

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0D")
