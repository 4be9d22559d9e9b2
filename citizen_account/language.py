"""Languages of the pages and mails: gettext catalogues read as they are, so that nothing has to be compiled.

Every `translations/<language>/*.po` is merged into one catalogue; msgids are plain English. Doors translate, services
don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

FOLDER = Path(__file__).parent / "translations"
THOUSAND = 1_000
MILLION = 1_000_000


@cache
def catalogue(language: str) -> Translations:
    """The merged catalogue of one language; empty, hence English, for a language that has none."""
    merged = Translations()
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            read = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, read)
        compiled.seek(0)
        one = Translations(compiled)
        merged.merge(one)
        merged.plural = one.plural  # merge leaves English's: in French nought is singular
    return merged


def translate(language: str, message: str, **values: object) -> str:
    """The text of `message` in that language, `%(name)s` filled in."""
    text: str = catalogue(language).gettext(message)
    return text % values if values else text.replace("%%", "%")


def choose(offered: Sequence[str], *, asked: str, kept: str, accepted: Sequence[str]) -> str:
    """The language of a page: what the link asks, what was kept, what the browser accepts, the first one offered.

    accepted: the values of Accept-Language, best first.
    """
    wanted = [asked, kept, *(value.split("-")[0].lower() for value in accepted)]
    return next((language for language in wanted if language in offered), offered[0])


def day(value: date | datetime, language: str) -> str:
    """A date as people say it: "3 March 2027", "3 mars 2027"."""
    return str(format_date(value, "d MMMM y", locale=language))


def weekday(value: date | datetime, language: str) -> str:
    """With the day of the week: "Tuesday 3 March 2027"."""
    return str(format_date(value, "EEEE d MMMM y", locale=language))


def moment(value: datetime, language: str) -> str:
    """A date with the time: "3 March 2027, 14:05"."""
    return f"{day(value, language)}, {format_time(value, 'HH:mm', locale=language)}"


def size(length: int, language: str) -> str:
    """A file's size as people say it: "340 KB", "2.4 MB"; "340 Ko", "2,4 Mo"."""
    unit = "o" if language == "fr" else "B"
    if length < MILLION:
        return f"{max(1, round(length / THOUSAND))} K{unit}"
    return f"{format_decimal(length / MILLION, '0.#', locale=language)} M{unit}"
