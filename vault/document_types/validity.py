"""How long a paper of a type is good, computed at the moment of a request and never stored.

A check has three outcomes: what the dates on a paper can't tell is inconclusive, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from vault.document_types.periods import Period

PeriodText = Annotated[Period, BeforeValidator(lambda text: Period.parse(str(text)))]
_STRICT: Final = ConfigDict(extra="forbid")
_SEPTEMBER: Final = 9
NO_END: Final = date.max
"""What `good_until` answers for a paper without an end."""


class Freshness(StrEnum):
    """The outcome of a check."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDates:
    """What is known of a paper's dates; None where nobody has told."""

    issued_on: date | None = None
    expires_on: date | None = None
    """The date printed on it, the due date of a pregnancy certificate, the end of a measure or of a cover."""
    income_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """No age limit."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["always"]

    def good_until(self, dates: PaperDates) -> date | None:
        """NO_END, whatever the dates."""
        return NO_END

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Passed."""
        return Freshness.PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExpired:
    """Good until the date printed on it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["not_expired"]
    grace: PeriodText | None = None
    """How much longer it is accepted, for certain."""
    unsure_for: PeriodText | None = None
    """How much longer it may be good, which only a look at the paper tells."""

    def good_until(self, dates: PaperDates) -> date | None:
        """The last day, with the grace; None when the printed date is unknown."""
        if dates.expires_on is None:
            return None
        return self.grace.after(dates.expires_on) if self.grace else dates.expires_on

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Failed once the last day is over, inconclusive while `unsure_for` lasts."""
        until = self.good_until(dates)
        if until is None:
            return Freshness.INCONCLUSIVE
        if at <= until:
            return Freshness.PASSED
        unsure = self.unsure_for and at <= self.unsure_for.after(until)
        return Freshness.INCONCLUSIVE if unsure else Freshness.FAILED


def _up_to(last_day: date | None, at: date) -> Freshness:
    """Passed up to the last day, then failed; inconclusive when it is unknown."""
    if last_day is None:
        return Freshness.INCONCLUSIVE
    return Freshness.PASSED if at <= last_day else Freshness.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class YoungerThan:
    """Good for a time from the day of issue."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["younger_than"]
    age: PeriodText

    def good_until(self, dates: PaperDates) -> date | None:
        """The day on which it reaches the age."""
        return self.age.after(dates.issued_on) if dates.issued_on else None

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Passed up to the last day, then failed; inconclusive when it is unknown."""
        return _up_to(self.good_until(dates), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """Good for the school year it was issued in, which ends on 31 August, or until the end printed on it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["school_year"]

    def good_until(self, dates: PaperDates) -> date | None:
        """The printed end, else the 31 August after the day of issue."""
        if dates.expires_on or dates.issued_on is None:
            return dates.expires_on
        return date(dates.issued_on.year + (dates.issued_on.month >= _SEPTEMBER), 8, 31)

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Passed up to the last day, then failed; inconclusive when it is unknown."""
        return _up_to(self.good_until(dates), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeYear:
    """An income tax notice: of year N-2 before 15 September, of N-1 from then (FACTS: practice of the services)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["income_year"]

    def good_until(self, dates: PaperDates) -> date | None:
        """14 September two years after the income; a notice is issued in the year after the income."""
        year = dates.income_year or (dates.issued_on.year - 1 if dates.issued_on else None)
        return date(year + 2, _SEPTEMBER, 14) if year else None

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Passed up to the last day, then failed; inconclusive when it is unknown."""
        return _up_to(self.good_until(dates), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilSuperseded:
    """Good as long as no newer one exists, which no date on it tells."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Literal["until_superseded"]

    def good_until(self, dates: PaperDates) -> date | None:
        """None: nobody can tell."""
        return None

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Inconclusive, but failed when an end is known and over."""
        over = dates.expires_on is not None and at > dates.expires_on
        return Freshness.FAILED if over else Freshness.INCONCLUSIVE


Validity = Annotated[
    Always | NotExpired | YoungerThan | SchoolYear | IncomeYear | UntilSuperseded,
    Field(discriminator="rule"),
]
