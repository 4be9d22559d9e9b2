"""The whole house, started as a new user starts it, and Debian's Chromium driven as a person would."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from reportlab.pdfgen.canvas import Canvas

from tests.installation import RunningHouse, running

PASSWORD = "four boats sleep under the bridge"
PHONE = {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running(tmp_path_factory.mktemp("town") / "data") as house:
        yield house


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "tools/machine installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=FLAGS,
        )
        yield browser
        browser.close()


class Person:
    """Someone at a browser of their own."""

    def __init__(self, town: RunningHouse, context: BrowserContext) -> None:
        self.town = town
        self.context = context
        context.set_default_timeout(10_000)
        self.page: Page = context.new_page()
        self.reports: list[str] = []
        self.page.on("console", lambda message: self._noticed(message.text))
        self.page.on("pageerror", lambda error: self.reports.append(str(error)))
        self.email = ""

    def _noticed(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.reports.append(text)

    def go(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.town.url + path)
        return self.page

    def mail(self, containing: str = "/confirm/") -> str:
        """The link of the newest mail to this person; waits for the worker by loading the page again."""
        tab = self.context.new_page()
        for _ in range(100):
            tab.goto(f"{self.town.url}/local-mailbox")
            article = tab.locator("article", has_text=self.email).first
            if article.count():
                found = re.search(r"http://\S+", article.inner_text())
                if found and containing in found[0]:
                    tab.close()
                    return found[0]
            tab.wait_for_timeout(100)
        raise AssertionError("no mail came\n" + self.town.logs())

    def sign_up(self, email: str) -> None:
        self.email = email
        page = self.go("/sign-up?lang=en")
        page.get_by_label("Your e-mail address").fill(email)
        page.get_by_label("Choose a password").fill(PASSWORD)
        page.get_by_role("button", name="Send me the mail").click()
        page.get_by_role("heading", name="Look into your mailbox").wait_for()
        self.go(self.mail())
        page.get_by_role("button", name="Yes, open my account").click()
        page.get_by_role("link", name="My papers").first.wait_for()

    def sign_in(self) -> None:
        page = self.go("/sign-in?lang=en")
        page.get_by_label("Your e-mail address").fill(self.email)
        page.get_by_label("Your password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    def check_accessibility(self) -> None:
        """axe finds nothing (WCAG 2.2 AA), and nothing scrolls sideways."""
        results = Axe().run(self.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert results.violations_count == 0, f"{self.page.url}\n{results.generate_report()}"
        wide = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{self.page.url} scrolls sideways"
        assert self.reports == [], self.page.url


@pytest.fixture
def person(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    context = chromium.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type] # a plain dict
    yield Person(town, context)
    context.close()


def new_person(town: RunningHouse, chromium: Browser, **options: Any) -> Person:
    return Person(town, chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options}))


def bill(text: str = "Electricity bill") -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.setFont("Helvetica-Bold", 24)
    canvas.drawString(72, 740, text)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 700, "Alice Martin, 12 rue des Lilas, 75020 Paris")
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def photograph(text: str = "IDENTITY CARD") -> bytes:
    image = Image.new("RGB", (1200, 800), "#dde6ee")
    ImageDraw.Draw(image).text((80, 80), text, fill="#223")
    made = io.BytesIO()
    image.save(made, "JPEG", quality=90)
    return made.getvalue()


def save(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
