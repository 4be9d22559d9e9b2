"""npm oidc-client-ts in the real browser: a public client of another origin."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.installation import RunningHouse
from tests.walks.person import Person, new_person
from tests.walks.relying_parties import INTEROP, register

LIBRARY = INTEROP / "node_modules" / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"


@contextmanager
def served(files: Mapping[str, tuple[str, bytes]]) -> Iterator[str]:
    """Their address. files: media type and content by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media_type, content = files.get(self.path.partition("?")[0], ("text/plain", b""))
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture(scope="module")
def citizen(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    person = new_person(town, chromium)
    person.sign_up("browser@people.example")
    yield person
    person.context.close()


def said(person: Person, member: str) -> dict[str, Any]:
    output = person.page.locator("output")
    expect(output).to_contain_text(f'"{member}"')
    told: dict[str, Any] = json.loads(output.inner_text())
    return told


@pytest.mark.parametrize("mode", ["bearer", "dpop"])
def test_it_signs_in_refreshes_and_signs_out(town: RunningHouse, citizen: Person, tmp_path: Path, mode: str) -> None:
    page = (INTEROP / "browser.html").read_bytes()
    settings = {"authority": town.url, "client_id": f"browser-{mode}", "dpop": mode == "dpop"}
    files = {
        "/": ("text/html", page),
        "/callback": ("text/html", page),
        "/oidc-client-ts.min.js": ("text/javascript", LIBRARY.read_bytes()),
        "/settings.json": ("application/json", json.dumps(settings).encode()),
    }
    with served(files) as address:
        metadata = {
            "client_id": settings["client_id"],
            "client_name": "Application",
            "token_endpoint_auth_method": "none",
            "redirect_uris": [f"{address}/callback"],
            "post_logout_redirect_uris": [f"{address}/"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email",
        }
        register(town, tmp_path, metadata)
        if mode == "dpop":
            citizen.sign_in()
        citizen.go(address).get_by_role("button", name="Sign in", exact=True).click()
        citizen.page.get_by_role("button", name="Continue to Application").click()
        first = said(citizen, "profile")
        assert first["profile"]["email"] == citizen.email
        assert first["token_type"].lower() == mode
        citizen.page.get_by_role("button", name="Refresh").click()
        expect(citizen.page.locator("output")).not_to_contain_text(first["token"])
        assert said(citizen, "profile")["profile"]["sub"] == first["profile"]["sub"]
        citizen.page.get_by_role("button", name="Sign out").click()
        assert said(citizen, "user") == {"user": None}
    citizen.go("/papers?lang=en").get_by_role("button", name="Sign in", exact=True).wait_for()
