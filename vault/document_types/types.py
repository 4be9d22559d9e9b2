"""The types of document that a person may deposit, from config/document_types.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from config.errors import ConfigurationError
from vault.document_types.loading import PACKAGED, read_tables, validated
from vault.document_types.validity import Freshness, PaperDates, Validity
from vault.document_types.words import Text, Words
from vault.errors import UnknownDocumentType

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,39}$")]


class Sensitivity(StrEnum):
    """What a paper tells about a person beyond who they are and where they live."""

    ORDINARY = "ordinary"
    MONEY = "money"
    FAMILY = "family"
    JUSTICE = "justice"
    HEALTH = "health"
    """Off until the operator names who hosts health data (CSP L1111-8)."""


class Group(StrEnum):
    """Where a type stands in a list to choose from."""

    IDENTITY = "identity"
    FAMILY = "family"
    HOME = "home"
    MONEY = "money"
    WORK = "work"
    SCHOOL = "school"
    HEALTH = "health"
    VEHICLE = "vehicle"
    OTHER = "other"


GROUP_NAMES: Final[dict[Group, Words]] = {
    Group.IDENTITY: Words(fr="Identité", en="Identity"),
    Group.FAMILY: Words(fr="Famille", en="Family"),
    Group.HOME: Words(fr="Domicile", en="Home"),
    Group.MONEY: Words(fr="Revenus et banque", en="Income and bank"),
    Group.WORK: Words(fr="Travail", en="Work"),
    Group.SCHOOL: Words(fr="École et loisirs", en="School and leisure"),
    Group.HEALTH: Words(fr="Santé", en="Health"),
    Group.VEHICLE: Words(fr="Véhicule", en="Vehicle"),
    Group.OTHER: Words(fr="Autres papiers", en="Other papers"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInWanted:
    """How its person must have signed in before a service may read a paper (RFC 9470)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    acr: Literal["", "eidas1", "eidas2"] = ""
    """At least this; empty for any."""
    max_age: Annotated[int, Field(ge=60)] | None = None
    """Seconds since then, at most; None for any age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """One type of document."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    code: Code
    name: Words
    description: Words
    """One line that helps to find the paper: the words printed on it."""
    group: Group
    sensitivity: Sensitivity
    sign_in: SignInWanted = SignInWanted()
    """What reading it asks of the sign-in behind the service's access token; of the usual types none asks anything."""
    sides: Literal[1, 2, "pages"]
    """How many sides to photograph; "pages" for a document of any length."""
    validity: Validity
    source: Text
    """Where the validity rule comes from, with its mark: L law, P practice, T technical rule, ? to be checked."""

    def check(self, dates: PaperDates, at: date) -> Freshness:
        """Whether a paper of this type with these dates is good on that day, by the type's own rule."""
        return self.validity.check(dates, at)

    def good_until(self, dates: PaperDates) -> date | None:
        """The last day it is good, date.max when it has no end, None when the dates don't tell."""
        return self.validity.good_until(dates)


class DocumentTypes:
    """Every type of document known here."""

    def __init__(self, types: Sequence[DocumentType], *, health_host: str = "") -> None:
        self._types = {document_type.code: document_type for document_type in types}
        self._health_host = health_host

    @classmethod
    def load(cls, paths: Sequence[Path] = (PACKAGED / "document_types.toml",), *, health_host: str = "") -> Self:
        """Read the catalogue; a table of a later file replaces an earlier one.

        health_host: the name of the certified host of health data; empty leaves the health types off.
        Raises ConfigurationError with the file, the table and the field.
        """
        tables = read_tables(paths)
        if not tables:
            raise ConfigurationError(f"{paths} name no type of document. Leave the setting out for the usual ones.")
        return cls(validated(DocumentType, tables, paths), health_host=health_host)

    def get(self, code: str) -> DocumentType:
        """A type that may be deposited. Raises UnknownDocumentType when there is none or it is off."""
        found = self._types.get(code)
        if found is None or not self.is_on(found):
            raise UnknownDocumentType
        return found

    def is_on(self, document_type: DocumentType) -> bool:
        """Whether papers of this type are taken."""
        return document_type.sensitivity is not Sensitivity.HEALTH or bool(self._health_host)

    def known(self, code: str) -> bool:
        """Whether the catalogue has this type, on or off."""
        return code in self._types

    def all(self) -> tuple[DocumentType, ...]:
        """Every type that is on, in the catalogue's order."""
        return tuple(found for found in self._types.values() if self.is_on(found))

    def by_group(self) -> dict[Group, tuple[DocumentType, ...]]:
        """Every type that is on, in groups for a list to choose from; no group is empty."""
        groups = {group: tuple(found for found in self.all() if found.group is group) for group in Group}
        return {group: members for group, members in groups.items() if members}

    def name(self, code: str, language: str) -> str:
        """What people call it; the code itself for a type that left the catalogue while papers of it remain."""
        found = self._types.get(code)
        return found.name.text(language) if found else code

    def description(self, code: str, language: str) -> str:
        """The line that helps to find the paper; empty for a type that left the catalogue."""
        found = self._types.get(code)
        return found.description.text(language) if found else ""

    def sign_in(self, code: str) -> SignInWanted:
        """What reading it asks of the sign-in; nothing for a type that left the catalogue."""
        found = self._types.get(code)
        return found.sign_in if found else SignInWanted()

    def is_fresh(self, code: str, issued_on: date | None, at: date) -> bool | None:
        """Whether a paper of that day of issue is good on day `at` by the type's own rule; None: can't tell.

        Raises UnknownDocumentType.
        """
        outcome = self.get(code).check(PaperDates(issued_on=issued_on), at)
        return None if outcome is Freshness.INCONCLUSIVE else outcome is Freshness.PASSED
