"""How every page is drawn: its language, its city's look, and what each template may use.

Templates extend `base.html` (blocks `title`, `content`) and have: `_()` and `ngettext()`, `csrf()` (the hidden field),
`current_account`, `language`, `city`, `theme`, `asset()`, `navigation`, and the filters `day`, `weekday`, `moment`,
`size`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from citizen_account import language as languages
from citizen_account.security import PUBLIC, Person, current_account, policy
from config.errors import ConfigurationError
from config.settings import Theme

if TYPE_CHECKING:
    from citizen_account.house import House

STATIC = Path(__file__).parent / "static"


def install(app: Flask, house: House) -> None:
    """Give templates what they may use, and serve the theme."""
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([PackageLoader("citizen_account"), macros])
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.trim_blocks = environment.lstrip_blocks = True
    zone = ZoneInfo(house.settings.time_zone)
    environment.filters.update(
        day=lambda value: languages.day(_local(value, zone), current_language()),
        weekday=lambda value: languages.weekday(_local(value, zone), current_language()),
        moment=lambda value: languages.moment(value.astimezone(zone), current_language()),
        size=lambda value: languages.size(value, current_language()),
    )
    environment.globals.update(asset=asset, switch_language=switch_language)
    app.context_processor(lambda: _values(house))
    app.extensions["house"] = house
    _serve_look(app, house.settings.theme)


def current_language() -> str:
    """The language of the page being drawn."""
    if "language" not in g:
        house = current_app.extensions["house"]
        g.language = languages.choose(
            house.settings.languages,
            asked=request.args.get("lang", ""),
            kept=house.browser.language(),
            accepted=list(request.accept_languages.values()),
        )
        if request.args.get("lang") == g.language:
            _remember(house, g.language)
    chosen: str = g.language
    return chosen


def gettext(message: str, **values: object) -> str:
    """The text of an English message in the page's language."""
    return languages.translate(current_language(), message, **values)


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """The text for that many, in the page's language; `%(num)s` is the number."""
    return _ngettext(singular, plural, num) % {"num": num, **values}


def page(template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A page drawn from `template`."""
    response: Response = make_response(render_template(template, **values), status)
    response.headers["Content-Language"] = current_language()
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=_version(name))


def switch_language(to: str) -> str:
    """The address of this page in another language."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode([*query, ('lang', to)])}"


def _values(house: House) -> dict[str, Any]:
    chosen = current_language()
    theme = house.settings.theme
    return {
        "language": chosen,
        "languages": house.settings.languages,
        "theme": theme,
        "city": theme.city(chosen),
        "help_place": theme.help_place_fr if chosen == "fr" else theme.help_place,
        "has_logo": bool(theme.logo),
        "is_local": house.settings.mail.local_mailbox,
        "navigation": _navigation(),
    }


NAVIGATION = (
    ("/", "Home", frozenset[str]()),
    ("/papers", "My papers", frozenset[str]()),
    ("/accesses", "Who saw my papers", frozenset[str]()),
    ("/services", "My services", frozenset[str]()),
    ("/profile", "My details", frozenset[str]()),
    ("/auditor", "The ledger", frozenset({"auditor"})),
    ("/operator/services", "E-services", frozenset({"operator"})),
    ("/operator/jobs", "Jobs that failed", frozenset({"operator"})),
    ("/roles", "Roles", frozenset({"operator", "auditor"})),
)
"""Path, English text and the roles that see it (none: everyone who is signed in), in reading order."""


def _navigation() -> list[dict[str, Any]]:
    person = current_account()
    if person is None:
        return []
    return [
        {
            "href": path,
            "text": gettext(text),
            "here": _is_here(path),
        }
        for path, text, roles in NAVIGATION
        if not roles or person.roles & roles
    ]


def _is_here(path: str) -> bool:
    return request.path == path or (path != "/" and request.path.startswith(path))


def _remember(house: House, chosen: str) -> None:
    house.browser.set_language(chosen)
    person: Person | None = current_account()
    if person:
        house.accounts.set_language(person.account, chosen)


def _gettext(message: str) -> str:
    return languages.catalogue(current_language()).gettext(message)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return languages.catalogue(current_language()).ngettext(singular, plural, number)


def _local(value: date | datetime, zone: ZoneInfo) -> date | datetime:
    return value.astimezone(zone) if isinstance(value, datetime) else value


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _serve_look(app: Flask, theme: Theme) -> None:
    sheet = theme_sheet(theme)
    version = hashlib.sha256(sheet.encode()).hexdigest()[:12]
    app.jinja_env.globals.update(theme_version=version)

    @app.get("/theme.css", endpoint="theme")
    @policy(PUBLIC)
    def serve_theme() -> Response:
        return _kept(Response(sheet, mimetype="text/css"))

    if theme.logo:
        logo = Path(theme.logo)
        kind = "image/svg+xml" if logo.suffix == ".svg" else "image/png"
        try:
            drawn = logo.read_bytes()
        except OSError as error:
            message = f"theme.logo names {logo}, which can't be read ({error.strerror})."
            raise ConfigurationError(message) from error

        @app.get("/logo", endpoint="logo")
        @policy(PUBLIC)
        def serve_logo() -> Response:
            return _kept(Response(drawn, mimetype=kind))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def theme_sheet(theme: Theme) -> str:
    """The style sheet of the city's two colours.

    Raises `ConfigurationError` for one that is no colour, or that white text can't be read on.
    """
    for name, colour in (("primary", theme.primary_colour), ("accent", theme.accent_colour)):
        if contrast_with_white(colour) < AA_CONTRAST:
            message = (
                f"theme.{name}_colour, {colour}, is too light: white text on it has less contrast than "
                f"{AA_CONTRAST}:1 (WCAG 1.4.3). Choose a darker one."
            )
            raise ConfigurationError(message)
    return f":root{{--city-primary:{theme.primary_colour};--city-accent:{theme.accent_colour}}}\n"


AA_CONTRAST = 4.5


def contrast_with_white(colour: str) -> float:
    """The contrast ratio of `#rrggbb` with white (WCAG 2.2, relative luminance)."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        message = f"The theme's colour {colour} is none of the form #rrggbb."
        raise ConfigurationError(message)
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]  # noqa: PLR2004
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
