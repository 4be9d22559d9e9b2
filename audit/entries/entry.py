"""What every entry is made of, and the catalogue that the kinds enter themselves into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, NewType, TypeVar

EntryId = NewType("EntryId", str)
PersonId = NewType("PersonId", str)
"""Whom an entry concerns: an account id, or the owner id of a safe without an account of its own."""

_E = TypeVar("_E", bound="Entry")


class Outcome(StrEnum):
    """How the act ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class ActorKind(StrEnum):
    """In which capacity someone acted."""

    CITIZEN = "citizen"
    SERVICE = "service"
    FACILITATOR = "facilitator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    JOB = "job"


class Term(StrEnum):
    """Which of a person's two ledger keys seals the entry, hence how long they can read it."""

    EXCHANGE = "exchange"
    """36 months (CRPA R114-9-7)."""
    ACCOUNT = "account"
    """Until the account closes, and no longer than an exchange."""


def clear() -> Any:
    """A search column: time, kind, outcome and these are what auditors see."""
    return field(default="", metadata={"clear": True})


def sealed() -> Any:
    """A field for the persons concerned only."""
    return field(default="", metadata={"clear": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry says. `persons` are told and can read the sealed half.

    None for acts on the house itself: these concern whoever did them, when the ledger knows them.
    """

    kind: ClassVar[str] = ""
    term: ClassVar[Term] = Term.ACCOUNT
    ends: ClassVar[bool] = False
    """Whether it tells of something that must stay ended after a restore (`audit.endings`)."""
    actor_kind: ActorKind = field(metadata={"clear": True})
    actor: str = field(default="", metadata={"clear": False})
    outcome: Outcome = field(default=Outcome.DONE, metadata={"clear": True})
    persons: tuple[PersonId, ...] = field(default=(), metadata={"person": True})

    def values(self) -> list[tuple[str, str, bool]]:
        """(field name, canonical value, clear?) in catalogue order, `persons` left out."""
        return [
            (f.name, str(getattr(self, f.name)), bool(f.metadata["clear"]))
            for f in fields(self)
            if "person" not in f.metadata
        ]


def kind(name: str, term: Term = Term.ACCOUNT, *, ends: bool = False) -> Callable[[type[_E]], type[_E]]:
    """Enter a class into the catalogue under its name in the ledger. The rest: see `Entry`."""

    def register(cls: type[_E]) -> type[_E]:
        cls.kind = name
        cls.term = term
        cls.ends = ends
        CATALOGUE[name] = cls
        return cls

    return register


CATALOGUE: dict[str, type[Entry]] = {}
"""Every kind by its name."""
