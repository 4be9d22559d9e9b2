"""Someone at a browser of their own, doing what people do here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, Response, ViewportSize

from tests.installation import RunningHouse
from tests.walks.looking import DESKTOP, problems

PASSWORD = "four boats sleep under the bridge"
PHONE: ViewportSize = {"width": 360, "height": 740}
NOTICE_VIOLATIONS = """addEventListener('securitypolicyviolation', (event) =>
  console.error(`Content Security Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));"""


class Person:
    """A browser context, the page it shows, and what went wrong there behind the person's back (`reports`)."""

    def __init__(self, town: RunningHouse, context: BrowserContext, *, scripted: bool = True) -> None:
        """scripted: whether the browser runs scripts; where it doesn't, axe can't look either."""
        self.town = town
        self.scripted = scripted
        self.context = context
        self.email = ""
        self.reports: list[str] = []
        self._links: set[str] = set()
        context.set_default_timeout(30_000)
        context.add_init_script(NOTICE_VIOLATIONS)
        context.on("page", self._listen)
        self.page: Page = context.new_page()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._said(message.text))
        page.on("pageerror", lambda error: self.reports.append(str(error)))
        page.on("response", self._answered)
        page.on("dialog", self._asked)

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.reports.append(text)

    def _answered(self, response: Response) -> None:
        """A picture, style or script that doesn't come leaves a page broken that axe finds whole."""
        if response.status >= 400 and response.request.resource_type not in {"document", "xhr", "fetch"}:
            self.reports.append(f"{response.status} for {response.url}")

    def _asked(self, dialog: Dialog) -> None:
        self.reports.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, path: str) -> Page:
        address = path if path.startswith("http") else self.town.url + path
        try:
            self.page.goto(address)
        except Error as error:
            # Where nobody listened, as at the end of a relying party's walk, the browser's own page still comes.
            if "interrupted by another navigation" not in error.message:
                raise
            self.page.goto(address)
        return self.page

    def look(self, *, again: bool = False) -> None:
        """The page is whole (`looking.problems`), and nothing happened behind it. again: in another language."""
        assert problems(self.page, again=again) + self.reports == [], self.page.url

    def mail(self, containing: str = "/confirm/") -> str:
        """The link of the newest mail to this person that has one like it and wasn't looked at yet.

        Waits for the worker by loading the page again.
        """
        tab = self.context.new_page()
        for _ in range(100):
            tab.goto(f"{self.town.url}/local-mailbox")
            for text in tab.locator("article", has_text=self.email).all_inner_texts():
                found = re.search(r"http://\S+", text)
                if found and containing in found[0] and found[0] not in self._links:
                    self._links.add(found[0])
                    tab.close()
                    return found[0]
            tab.wait_for_timeout(100)
        raise AssertionError("no mail came\n" + self.town.logs())

    def ask_for_account(self, email: str) -> None:
        """Up to the page that waits for the mail."""
        self.email = email
        page = self.go("/sign-up?lang=en")
        page.get_by_label("Your e-mail address").fill(email)
        page.get_by_label("Choose a password").fill(PASSWORD)
        page.get_by_role("button", name="Send me the mail").click()
        page.get_by_role("heading", name="Look into your mailbox").wait_for()

    def sign_up(self, email: str) -> None:
        self.ask_for_account(email)
        page = self.go(self.mail())
        page.get_by_role("button", name="Yes, open my account").click()
        page.get_by_role("link", name="My papers").first.wait_for()

    def sign_in(self, password: str = PASSWORD) -> None:
        page = self.go("/sign-in?lang=en")
        page.get_by_label("Your e-mail address").fill(self.email)
        page.get_by_label("Your password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def choose_paper(self, kind: str, file: Path, label: str = "") -> None:
        """On the form that adds a paper, everything but the button."""
        page = self.page
        if not page.locator("#file").count():
            self.go(f"/papers/add?lang=en&type={kind}")
        if label:
            page.get_by_label("Your name for it").fill(label)
        if page.get_by_label("Day").count():
            for part, figures in (("Day", "2"), ("Month", "11"), ("Year", "2026")):
                page.get_by_label(part).first.fill(figures)
        agreement = page.get_by_label("Yes, draw pictures")
        if agreement.count():
            agreement.check()
        page.locator("input[type=file]").set_input_files(file)

    def add_paper(self, kind: str, file: Path, label: str = "") -> str:
        """From the page of papers: choose the kind, the file, send; the paper's address."""
        self.choose_paper(kind, file, label)
        self.page.get_by_role("button", name="Keep this paper").click()
        self.page.wait_for_url(re.compile(r"/papers/[a-z0-9]{20,}"))
        return self.page.url.partition("?")[0].removeprefix(self.town.url)

    def begin_at_school(self) -> Page:
        page = self.go(self.town.example_url)
        page.get_by_role("button", name="Continue with the city account").click()
        page.wait_for_url(re.compile(r"/(release|sign-in)"))
        return page

    def send_to_school(self) -> None:
        self.begin_at_school()
        self.page.get_by_role("button", name=re.compile("^Send")).click()
        self.page.wait_for_url(f"{self.town.example_url}/enrolment")

    def take_role(self, role: str) -> None:
        """By the link of the first start: "auditor" or "operator"."""
        link = next(line.split()[-1] for line in self.town.said if f"First {role}" in line)
        for language in ("fr", "en"):
            self.go(f"{link}?lang={language}")
            self.look()
        self.page.get_by_role("button", name="Take this role").click()
        self.page.wait_for_url(f"{self.town.url}/")


def new_person(town: RunningHouse, chromium: Browser, **options: Any) -> Person:
    """A browser that knows nothing yet."""
    context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
    return Person(town, context, scripted=options.get("java_script_enabled", True))
