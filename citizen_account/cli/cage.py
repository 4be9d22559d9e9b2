"""How strong the cage is in which papers are opened, said at every start: no weaker one is taken in silence."""

from __future__ import annotations

from typing import Final

from vault.content.previews import CageLevel, cage_available

_WORDS: Final = {
    CageLevel.BUBBLEWRAP: "in a cage of bubblewrap, Landlock and seccomp",
    CageLevel.LANDLOCK: "in a cage of Landlock and seccomp",
    CageLevel.NONE: "none, for this machine offers no cage: papers are kept and lent, but not shown",
}


def cage_in_words() -> str:
    """The strongest cage that closed when it was tried, and what a stronger one is missing."""
    report = cage_available()
    missing = f" ({'; '.join(report.missing)})" if report.missing else ""
    return f"{_WORDS[report.level]}{missing}"
