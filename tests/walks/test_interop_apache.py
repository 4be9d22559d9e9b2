"""Debian's mod_auth_openidc in a real Apache, protecting a page by the snippet of docs/integrate.md."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from config import ports
from tests.installation import RunningHouse
from tests.walks.person import new_person
from tests.walks.relying_parties import INTEROP, SECRET, listening, register
from tests.walks.snippets import snippet

PAGE = 'Hello <b><!--#echo var="REMOTE_USER" --></b>'
CLIENT_ID = "protected-site"


@contextmanager
def apache(town: RunningHouse, port: int) -> Iterator[None]:
    """Apache in the foreground, as a child, in a folder that its workers' user may read."""
    found = shutil.which("apache2", path="/usr/sbin:/usr/bin")
    assert found, "tools/machine installs Apache"
    with tempfile.TemporaryDirectory(prefix="apache-") as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "site" / "protected").mkdir(parents=True)
        (root / "site" / "protected" / "page").write_text(PAGE)
        (root / "site" / "bye").write_text("Bye")
        given = (INTEROP / "apache.conf").read_text().replace("{root}", name).replace("{port}", str(port))
        (root / "apache.conf").write_text(given)
        protection = snippet("apache", town, service=f"http://127.0.0.1:{port}", client_id=CLIENT_ID)
        (root / "protected.conf").write_text(protection)
        process = subprocess.Popen([found, "-f", str(root / "apache.conf"), "-D", "FOREGROUND"])
        try:
            assert listening(process, port), (root / "error.log").read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def token(page: Page, address: str) -> str:
    page.goto(address)
    told: dict[str, str] = json.loads(page.inner_text("body"))
    return told["access_token"]


def test_it_signs_in_refreshes_and_signs_out(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    (port,) = ports.free(1)
    site = f"http://127.0.0.1:{port}"
    metadata = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "client_name": "Site",
        "redirect_uris": [f"{site}/protected/callback"],
        "post_logout_redirect_uris": [f"{site}/bye"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email",
    }
    register(town, tmp_path, metadata)
    person = new_person(town, chromium)
    person.sign_up("apache@people.example")
    with apache(town, port):
        page = person.go(f"{site}/protected/page")
        page.get_by_role("button", name="Continue to Site").click()
        page.wait_for_url(f"{site}/protected/page")
        assert page.inner_text("b")
        hook = f"{site}/protected/callback?info=json"
        first = token(page, hook)
        assert token(page, hook) == first
        assert token(page, f"{hook}&access_token_refresh_interval=0") != first
        page.goto(f"{site}/protected/callback?logout={site}/bye")
        page.wait_for_url(f"{site}/bye*")
        page.goto(f"{site}/protected/page")
        page.get_by_role("button", name="Sign in", exact=True).wait_for()
    person.context.close()
