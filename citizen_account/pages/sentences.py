"""Ledger entries as sentences for the person they concern: who, which paper, what for, when, and what stops it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from audit.entries import ActorKind
from audit.search import Mine
from citizen_account import screen
from citizen_account.language import day
from citizen_account.pages.cards import Cards
from citizen_account.pages.claim_words import TECHNICAL, claim_name
from citizen_account.receipts import number_of
from citizen_account.screen import gettext as _
from vault.documents import LendingState, LendingView

if TYPE_CHECKING:
    from citizen_account.house import House

BY_SERVICE = frozenset({"document_read", "read_refused", "claims_released", "access_handed_on"})
"""Kinds in which a service acted."""
BY_GRANT = frozenset({"claims_released", "access_handed_on", "grant_made"})
"""Kinds that stopping their approval would have prevented."""
RELEASES = frozenset({"grant_made", "document_lent"})
"""Kinds that a receipt is of."""
TOLD = BY_SERVICE | {
    "document_lent",
    "lending_taken_back",
    "grant_made",
    "grant_refused",
    "grant_taken_back",
    "document_deposited",
    "document_deleted",
}
"""Kinds that become a sentence; a person's own looking and signing in do not."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What a button ends: a lending or a grant, by its form field."""

    field: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One entry in words. `clock`: the time of day. `receipt`: of the approval that the sentence tells of, if any."""

    entry: str
    date: date
    clock: str
    text: str
    service: str
    client_id: str
    by_service: bool
    stop: Stop | None
    receipt: str


@dataclass(frozen=True, slots=True)
class Day:
    """The sentences of one day, newest first."""

    date: date
    sentences: Sequence[Sentence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the person's entries are told with: names of papers, lendings, and the grants that stand."""

    papers: Mapping[str, str]
    lendings: Mapping[str, LendingView]
    grants: frozenset[str]


class Sentences:
    """Tells entries."""

    def __init__(self, house: House, known: Known) -> None:
        """known: papers by id with their labels, lendings by id, ids of the standing grants."""
        self._house = house
        self._cards = Cards(house)
        self._known = known
        self._zone = ZoneInfo(house.settings.time_zone)
        self._used: Counter[str] = Counter()

    def days(self, entries: Iterable[Mine], *, from_newest: bool) -> list[Day]:
        """The sentences by day. from_newest: nothing newer was left out, so that looks can be counted."""
        told: dict[date, list[Sentence]] = {}
        failed = set()
        for entry in entries:
            if entry.values.get("kind") == "read_failed":
                failed.add(entry.values.get("read", ""))
            elif _is_told(entry.values) and entry.id not in failed:
                made = self.one(entry, count=from_newest)
                told.setdefault(made.date, []).append(made)
        return [Day(date, sentences) for date, sentences in told.items()]

    def one(self, entry: Mine, *, count: bool = False) -> Sentence:
        """The sentence of one entry of a kind in `TOLD`."""
        values = entry.values
        when: datetime = entry.time.astimezone(self._zone)
        client = values.get("client", "")
        return Sentence(
            entry=entry.id,
            date=when.date(),
            clock=f"{when:%H:%M}",
            text=self._text(values, count=count),
            service=self._cards.service(client) if client else "",
            client_id=client,
            by_service=values.get("kind", "") in BY_SERVICE,
            stop=self._stop(values),
            receipt=number_of(values["grant"]) if values.get("kind") in RELEASES and values.get("grant") else "",
        )

    def _text(self, values: Mapping[str, str], *, count: bool) -> str:
        kind = values.get("kind", "")
        named = {"service": self._cards.service(values.get("client", "")), "paper": self._paper(values)}
        if kind == "document_read":
            return _("%(service)s looked at “%(paper)s”%(reason)s.", **named, reason=self._reason(values)) + (
                self._counted(values) if count else ""
            )
        if kind == "read_refused":
            why = _refused_because(values.get("reason", ""))
            return _("%(service)s wanted to look at “%(paper)s” and was refused: %(why)s.", **named, why=why)
        if kind == "document_lent":
            until = day(datetime.fromtimestamp(int(values["until"]), self._zone), screen.current_language())
            return _("You let %(service)s look at “%(paper)s”%(reason)s, until %(until)s.", **named,
                     reason=self._reason(values), until=until)  # fmt: skip
        if kind == "claims_released":
            return _("%(service)s received: %(facts)s.", **named, facts=facts(values.get("claims", "").split()))
        if kind == "access_handed_on":
            receiver = self._cards.service(values.get("receiver", ""))
            return _("%(service)s let %(receiver)s use what you had allowed it.", **named, receiver=receiver)
        by_service = values.get("actor_kind") == ActorKind.SERVICE
        return (self._given_back(kind, named) if by_service else "") or self._own_act(kind, named)

    def _given_back(self, kind: str, named: Mapping[str, str]) -> str:
        """What ended because the service wanted no more of it."""
        return {
            "lending_taken_back": _("%(service)s gave “%(paper)s” back: it can no longer look at it.", **named),
            "grant_taken_back": _("%(service)s gave back all that you had allowed it.", **named),
        }.get(kind, "")

    def _own_act(self, kind: str, named: Mapping[str, str]) -> str:
        texts = {
            "lending_taken_back": _("%(service)s can no longer look at “%(paper)s”: this was taken back.", **named),
            "grant_made": _("You said yes to %(service)s.", **named),
            "grant_refused": _("You said no to %(service)s. Nothing was sent.", **named),
            "grant_taken_back": _("You took back what you had allowed %(service)s.", **named),
            "document_deposited": _("You added “%(paper)s”.", **named),
            "document_deleted": _("You deleted a paper: %(paper)s.", **named),
        }
        return texts[kind]

    def _paper(self, values: Mapping[str, str]) -> str:
        document = values.get("document", "")
        lending = self._known.lendings.get(values.get("lending", ""))
        if not document and lending:
            document = lending.document
        name = self._house.document_types.name(values.get("document_type", ""), screen.current_language())
        return self._known.papers.get(document) or name

    def _reason(self, values: Mapping[str, str]) -> str:
        reason = self._house.purposes.reason(values.get("purpose", ""), screen.current_language())
        return f", {reason}" if reason else ""

    def _counted(self, values: Mapping[str, str]) -> str:
        lending = self._known.lendings.get(values.get("lending", ""))
        if lending is None:
            return ""
        number = lending.reads_used - self._used[lending.lending]
        self._used[lending.lending] += 1
        if number < 1:
            return ""
        if lending.reads_allowed is None:
            return " " + _("Time %(number)s.", number=number)
        return " " + _("Time %(number)s of %(allowed)s.", number=number, allowed=lending.reads_allowed)

    def _stop(self, values: Mapping[str, str]) -> Stop | None:
        kind = values.get("kind", "")
        lending = self._known.lendings.get(values.get("lending", ""))
        if kind in {"document_read", "document_lent"} and lending and lending.state is LendingState.STANDS:
            return Stop("lending", lending.lending)
        if kind in BY_GRANT and values.get("grant", "") in self._known.grants:
            return Stop("grant", values["grant"])
        return None


def _is_told(values: Mapping[str, str]) -> bool:
    # A release of papers is told by what was lent; the approval around it would say the same again.
    return values.get("kind") in TOLD and not (values.get("kind") == "grant_made" and values.get("purpose"))


def facts(claims: Iterable[str]) -> str:
    """Names of claims as a list in a sentence; a number stands for the person where none means more to a reader."""
    listed = list(claims)
    parts = {"given_name", "family_name"} if "name" in listed else set()
    named = dict.fromkeys(claim_name(name) for name in listed if name not in TECHNICAL | parts)
    return ", ".join(name[:1].lower() + name[1:] for name in named) or _("a number that stands for you")


def _refused_because(reason: str) -> str:
    return {
        "lending_taken_back": _("you had taken it back"),
        "lending_over": _("the time was over"),
        "reads_used_up": _("it had looked as often as it may"),
        "insufficient_user_authentication": _("you had not signed in safely enough, or too long ago"),
        "document_deleted": _("you had deleted it"),
        "rendition_pending": _("it was not ready yet"),
    }.get(reason, _("it may not"))
