"""A text in every language of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^\S(.*\S)?$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same in French and in English, both required."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    fr: Text
    en: Text

    def text(self, language: str) -> str:
        """In this language ("fr", "fr-CA", …); English for one that the house doesn't speak."""
        return self.fr if language.lower().partition("-")[0].partition("_")[0] == "fr" else self.en
