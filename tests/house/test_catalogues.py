"""Both catalogues are whole: every text of code and templates, with the same placeholders, and none left over."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from citizen_account import language, screen

ROOM = Path(language.__file__).parent
LANGUAGES = ("fr", "en")


@cache
def used() -> dict[str, str]:
    """Every message, and the file that uses it."""
    found: dict[str, str] = {}
    options = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
    methods = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract"),
               ("templates/**.txt", "jinja2.ext:babel_extract")]  # fmt: skip
    for file, _, message, _, _ in extract_from_dir(
        str(ROOM),
        method_map=methods,
        options_map={"templates/**": options},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
    ):
        found[message if isinstance(message, str) else message[0]] = file
    return found | {text: "screen.py" for _, text, _ in screen.NAVIGATION}


@pytest.mark.parametrize("chosen", LANGUAGES)
def test_every_text_has_its_translation(chosen: str) -> None:
    known = language.catalogue(chosen)._catalog
    assert len(used()) > 300
    missing = {message: file for message, file in used().items() if message not in known and (message, 0) not in known}
    assert missing == {}


@pytest.mark.parametrize("chosen", LANGUAGES)
def test_translations_keep_the_placeholders_and_are_not_empty(chosen: str) -> None:
    wrong = []
    for key, text in language.catalogue(chosen)._catalog.items():
        message = key[0] if isinstance(key, tuple) else key
        if not message or isinstance(key, tuple):
            continue
        if not text or sorted(re.findall(r"%\(\w+\)s", message)) != sorted(re.findall(r"%\(\w+\)s", text)):
            wrong.append(message)
    assert wrong == []


def test_citizens_pages_speak_no_jargon() -> None:
    jargon = re.compile(r"\b(consent|token|scope|OAuth|OpenID|consentement|jeton)\b", re.IGNORECASE)
    for chosen in LANGUAGES:
        texts = [str(text) for text in language.catalogue(chosen)._catalog.values()]
        assert [text for text in texts if jargon.search(text) and "Project-Id-Version" not in text] == []
