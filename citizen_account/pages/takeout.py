"""Take everything home: one button, one archive, streamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from citizen_account import screen
from citizen_account.pages.auditor import download
from citizen_account.security import CITIZEN, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House

TEXTS = Path(__file__).parent.parent / "templates" / "takeout"


def blueprint(house: House) -> Blueprint:
    """The page and the download."""
    pages = Blueprint("takeout", __name__)
    readme = {path.name: path.read_text(encoding="utf-8") for path in sorted(TEXTS.glob("*.txt"))}

    @pages.get("/takeout")
    @policy(CITIZEN)
    def ask() -> Any:
        contents = house.takeout.contents(require().account)
        return screen.page("takeout.html", count=contents.documents, bytes=contents.bytes)

    @pages.post("/takeout")
    @policy(CITIZEN)
    def take() -> Any:
        archive = house.takeout.archive(require().account, readme)
        return download(archive.chunks, archive.name, "application/zip")

    return pages
