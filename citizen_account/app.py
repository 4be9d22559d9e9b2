"""The web application: every page and endpoint of every room, under one set of checks and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from citizen_account import doors, screen
from citizen_account.pages import (
    accesses,
    asked,
    auditor,
    client_form,
    client_trial,
    clients,
    confirm,
    consent,
    device,
    drafts,
    errors,
    failed_jobs,
    home,
    leave,
    local_mailbox,
    paper_add,
    papers,
    passkeys,
    password_reset,
    profile,
    receipts,
    roles,
    second_factor,
    second_step,
    sessions,
    sign_in,
    sign_out,
    sign_up,
    takeout,
)
from citizen_account.security import Security
from config import client_certificates
from config.bodies import Bodies
from oidc.endpoints.published import Published

if TYPE_CHECKING:
    from citizen_account.house import House

PAGES: tuple[Callable[[House], Blueprint], ...] = (
    home.blueprint,
    sign_up.blueprint,
    confirm.blueprint,
    sign_in.blueprint,
    second_step.blueprint,
    password_reset.blueprint,
    consent.blueprint,
    device.blueprint,
    asked.blueprint,
    papers.blueprint,
    paper_add.blueprint,
    accesses.blueprint,
    receipts.blueprint,
    profile.blueprint,
    passkeys.blueprint,
    second_factor.blueprint,
    sessions.blueprint,
    takeout.blueprint,
    leave.blueprint,
    sign_out.blueprint,
    auditor.blueprint,
    clients.blueprint,
    client_form.blueprint,
    client_trial.blueprint,
    failed_jobs.blueprint,
    roles.blueprint,
)
"""Every page, in the order in which a person may meet them."""


class Application(Flask):
    """Flask without coroutines: no view or check here is one, so that none need be asked at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """See `flask.Flask.ensure_sync`."""
        return func


def create_app(house: House) -> Flask:
    """The WSGI application of one node."""
    app = Application(__name__, static_folder="static", template_folder="templates")
    doors.install(app, house)
    security = Security(house.settings, house.browser, house.sessions.current, house.house_keys.forms)
    security.install(app)
    screen.install(app, house)
    errors.install(app, security)
    drafts.install(app, house)
    for endpoint in house.endpoints:
        security.machine(endpoint.name)
        app.register_blueprint(endpoint)
    for page in _pages(house):
        app.register_blueprint(page)
    app.wsgi_app = Bodies(app.wsgi_app, house.settings.bodies)  # type: ignore[method-assign]
    if house.settings.trusted_proxies:
        trusted = house.settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)  # type: ignore[method-assign]
    app.wsgi_app = client_certificates.installed(app.wsgi_app, house.settings)  # type: ignore[method-assign,assignment]
    app.wsgi_app = Published(app.wsgi_app, house.signing_keys.version)  # type: ignore[method-assign]
    return app


def _pages(house: House) -> Iterator[Blueprint]:
    for page in PAGES:
        yield page(house)
    if house.local_mailbox is not None:
        yield local_mailbox.blueprint(house)
