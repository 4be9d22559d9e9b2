"""The Python and JavaScript of docs/integrate.md, pasted as they stand and run: each signs in and signs out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from config import ports
from tests.installation import RunningHouse
from tests.walks.person import new_person
from tests.walks.relying_parties import INTEROP, SECRET, listening, register
from tests.walks.snippets import snippet


@contextmanager
def running(language: str, text: str, port: int, folder: Path) -> Iterator[None]:
    """The service of a snippet, as a program of its own."""
    if language == "python":
        (folder / "service.py").write_text(text)
        program = [sys.executable, "-m", "flask", "--app", "service", "run", "--port", str(port)]
    else:
        (folder / "service.mjs").write_text(text)
        (folder / "node_modules").symlink_to(INTEROP / "node_modules")
        program = [str(Path(sys.executable).with_name("node")), "service.mjs"]
    process = subprocess.Popen(program, cwd=folder)
    try:
        assert listening(process, port)
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_it_signs_in_and_out_as_it_stands(town: RunningHouse, chromium: Browser, tmp_path: Path, language: str) -> None:
    (port,) = ports.free(1)
    site = f"http://127.0.0.1:{port}"
    client_id, email = f"snippet-{language}", f"{language}@people.example"
    metadata = {
        "client_id": client_id,
        "client_secret": SECRET,
        "client_name": "Snippet",
        "redirect_uris": [f"{site}/callback"],
        "post_logout_redirect_uris": [f"{site}/bye"],
        "scope": "openid profile email",
    }
    register(town, tmp_path, metadata)
    person = new_person(town, chromium)
    person.sign_up(email)
    with running(language, snippet(language, town, service=site, client_id=client_id), port, tmp_path):
        page = person.go(f"{site}/")
        page.get_by_role("button", name="Continue to Snippet").click()
        page.wait_for_url(f"{site}/")
        assert page.inner_text("body") == f"Hello {email}"
        page.goto(f"{site}/sign-out")
        page.wait_for_url(f"{site}/bye*")
        page.goto(f"{site}/")
        page.get_by_role("button", name="Sign in", exact=True).wait_for()
    person.context.close()
