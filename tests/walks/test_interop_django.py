"""mozilla-django-oidc with its defaults in a Django project: what `openid-basic` is for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect

from config import ports
from tests.installation import RunningHouse
from tests.walks.person import new_person
from tests.walks.relying_parties import INTEROP, SECRET, listening, register

CLIENT_ID = "django-site"


@contextmanager
def django_site(town: RunningHouse, port: int, folder: Path) -> Iterator[None]:
    program = [sys.executable, str(INTEROP / "django_site.py"), town.url, str(port), CLIENT_ID, SECRET, str(folder)]
    log = folder / "site.log"
    with log.open("w") as output:
        process = subprocess.Popen(program, stdout=output, stderr=output)
        try:
            assert listening(process, port), log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(20)


def test_it_signs_in_asks_again_silently_and_signs_out(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    (port,) = ports.free(1)
    site = f"http://127.0.0.1:{port}"
    metadata = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "client_name": "Django",
        "profile": "openid-basic",
        "require_pkce": False,
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": [f"{site}/oidc/callback/"],
        "post_logout_redirect_uris": [f"{site}/"],
        "scope": "openid email",
    }
    register(town, tmp_path, metadata)
    person = new_person(town, chromium)
    person.sign_up("django@people.example")
    with django_site(town, port, tmp_path):
        page = person.go(site)
        page.get_by_role("link", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Continue to Django").click()
        page.get_by_text("django@people.example").wait_for()
        first = page.inner_text("i")
        page.goto(f"{site}/expire")
        page.get_by_text("django@people.example").wait_for()
        expect(page.locator("i")).not_to_have_text(first)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("Nobody").wait_for()
        assert page.url == f"{site}/"
    person.go("/papers?lang=en").get_by_role("button", name="Sign in", exact=True).wait_for()
    person.context.close()
