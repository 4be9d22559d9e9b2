"""Twenty invented citizens of an invented town."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date

NAMES = (
    ("Alice", "Martin", "F"), ("Karim", "Benali", "M"), ("Rosa", "Fernandes", "F"), ("Jeanne", "Leroy", "F"),
    ("Moussa", "Traoré", "M"), ("Camille", "Petit", "F"), ("Linh", "Nguyen", "F"), ("Sofia", "Rossi", "F"),
    ("Paul", "Moreau", "M"), ("Fatou", "Diallo", "F"), ("Hugo", "Garnier", "M"), ("Inès", "Haddad", "F"),
    ("Marcel", "Dubois", "M"), ("Nour", "El Amrani", "F"), ("Olga", "Kovalenko", "F"), ("Théo", "Lambert", "M"),
    ("Amina", "Cissé", "F"), ("Louis", "Fontaine", "M"), ("Yara", "Khoury", "F"), ("Simone", "Girard", "F"),
)  # fmt: skip
CHILDREN = (
    ("Noé", "M"), ("Lina", "F"), ("Adam", "M"), ("Jade", "F"), ("Sacha", "M"), ("Mila", "F"), ("Ilyes", "M"),
    ("Zoé", "F"), ("Gabin", "M"), ("Awa", "F"),
)  # fmt: skip
"""Given name and sex, as a civil-status paper writes them."""
STREETS = ("rue des Lilas", "avenue des Peupliers", "passage du Moulin", "place de la Fontaine", "rue du Port")


@dataclass(frozen=True, slots=True, kw_only=True)
class TownCitizen:
    """An invented person."""

    given_name: str
    family_name: str
    sex: str
    """F or M, as a card writes it."""
    birthdate: str
    """As a claim writes it: 1987-03-14."""
    email: str
    street_address: str
    postal_code: str = "75020"
    locality: str = "Exemple-sur-Seine"

    @property
    def name(self) -> str:
        """As on an envelope."""
        return f"{self.given_name} {self.family_name.upper()}"

    @property
    def born(self) -> str:
        """As on a paper: 14/03/1987."""
        return f"{date.fromisoformat(self.birthdate):%d/%m/%Y}"

    @property
    def address_lines(self) -> tuple[str, str, str]:
        """As in the window of an envelope."""
        return self.name, self.street_address, f"{self.postal_code} {self.locality.upper()}"

    @property
    def child(self) -> str:
        """The given name of their child."""
        return self._child[0]

    @property
    def has_daughter(self) -> bool:
        """Whether the child is a girl, for the grammar of a paper."""
        return self._child[1] == "F"

    @property
    def _child(self) -> tuple[str, str]:
        return CHILDREN[len(self.given_name + self.family_name) % len(CHILDREN)]


def citizens() -> list[TownCitizen]:
    """The twenty, always the same."""
    dice = random.Random("town")  # noqa: S311 -- invented data
    return [
        TownCitizen(
            given_name=given,
            family_name=family,
            sex=sex,
            birthdate=date(dice.randint(1974, 1998), dice.randint(1, 12), dice.randint(1, 28)).isoformat(),
            email=f"{plain(given)}.{plain(family)}@town.example",
            street_address=f"{dice.randint(1, 98)} {dice.choice(STREETS)}",
        )
        for given, family, sex in NAMES
    ]


def plain(name: str) -> str:
    """Without accents, lower case, hyphens for spaces: for addresses, and for what machines read."""
    letters = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).lower().replace(" ", "-")
