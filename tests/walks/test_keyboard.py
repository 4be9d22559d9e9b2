"""The keyboard alone: an account, a paper, a release, taking it back, going. Every stop shows where one is."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.installation import RunningHouse
from tests.walks.papers import bill, photograph, save
from tests.walks.person import PASSWORD, Person, new_person

MOST_STOPS = 80
NAME = """() => { const e = document.activeElement;
  return e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText || e.value || e.tagName }"""
LOOK = """(e) => { const own = getComputedStyle(e);
  const button = e.labels && e.labels[0] && e.matches('[type=radio], [type=checkbox]');  // drawn by its label
  const drawn = (s) => [s.outlineStyle, s.outlineColor, s.outlineWidth, s.boxShadow, s.backgroundColor, s.borderColor,
    s.borderWidth];
  return JSON.stringify([drawn(own), button ? drawn(getComputedStyle(e.labels[0], '::before')) : []]) }"""
ON_SCREEN = """(e) => { const box = e.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0 }"""


class Keyboard:
    """Tab, Enter, Space, arrows and letters, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def step(self) -> str:
        """To the next stop, which must be on the screen and look other than it does without focus; its name."""
        page = self.page
        page.keyboard.press("Tab")
        here = page.evaluate_handle("document.activeElement").as_element()
        assert here
        name = " ".join(str(page.evaluate(NAME)).split())
        if name == "BODY" or here.evaluate("(e) => e === document.body"):
            return ""
        assert here.evaluate(ON_SCREEN), f"{name} has the focus and is not on the screen"
        with_focus = here.evaluate(LOOK)
        here.evaluate("(e) => e.blur()")
        without = here.evaluate(LOOK)
        here.evaluate("(e) => e.focus({focusVisible: true})")
        assert with_focus != without, f"{name} looks the same with the focus as without, on {page.url}"
        return name

    def to(self, name: str) -> None:
        """Tab until a stop has this in its name."""
        stops = []
        for _ in range(MOST_STOPS):
            stops.append(self.step())
            if name in stops[-1]:
                return
        raise AssertionError(f"{name} can't be reached on {self.page.url}: {stops}")

    def press(self, name: str) -> None:
        self.to(name)
        self.page.keyboard.press("Enter")

    def press_heading(self, name: str) -> None:
        """Open a heading of this very name: the navigation may hold it, too."""
        self.to(name)
        while self.page.evaluate("document.activeElement.tagName") != "SUMMARY":
            self.to(name)
        self.page.keyboard.press("Enter")

    def type(self, name: str, text: str) -> None:
        self.to(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


def test_a_whole_life_of_an_account(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    person = new_person(town, chromium)
    person.email = "noura@people.example"
    page, keys = person.go("/?lang=en"), Keyboard(person.page)
    # Playwright takes choosers over once somebody listens, a moment later: at the press itself it would be too late.
    page.on("filechooser", lambda _: None)
    keys.press("Open an account")
    page.wait_for_url("**/sign-up*")
    keys.type("Your e-mail address", person.email)
    keys.type("Choose a password", PASSWORD)
    keys.press("Show")
    assert page.locator("#password").get_attribute("type") == "text"
    keys.press("Send me the mail")
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    person.go(person.mail())
    keys.press("Yes, open my account")
    page.wait_for_url(f"{town.url}/")
    _deposits(person, keys, save(tmp_path, "bill.pdf", bill()))
    _releases(person, keys, save(tmp_path, "card.jpg", photograph()))
    person.go("/accesses")
    keys.press("Stop")
    page.get_by_text("Stopped. From now on the service is refused.").wait_for()
    keys.press("Sign out")
    page.get_by_role("heading", name="You are signed out").wait_for()
    assert person.reports == []
    person.context.close()


def _deposits(person: Person, keys: Keyboard, file: Path) -> None:
    page = person.page
    keys.press("My papers")
    page.wait_for_url("**/papers")
    keys.press("Add a paper")
    page.wait_for_url("**/papers/add")
    _choose(keys, "proof_of_address", page)
    keys.type("Your name for it", "Electricity, November")
    for part, figures in (("Day", "2"), ("Month", "11"), ("Year", "2026")):
        keys.type(part, figures)
    keys.to("Yes, draw pictures")
    page.keyboard.press("Space")
    _attach(keys, page, file)
    page.get_by_text("Your paper is kept.").wait_for()


def _choose(keys: Keyboard, kind: str, page: Page) -> None:
    """The kinds stand under headings that open and close: open each until the one that is looked for is a stop."""
    link = page.locator(f"a[href*='type={kind}']").first
    name = str(link.evaluate("(e) => e.textContent"))
    if not link.is_visible():
        keys.press_heading(str(link.evaluate("(e) => e.closest('details').querySelector('summary').innerText")))
    keys.press(name)
    page.wait_for_url(f"**type={kind}*")


def _attach(keys: Keyboard, page: Page, file: Path) -> None:
    keys.to("Your file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    keys.press("Keep this paper")


def _releases(person: Person, keys: Keyboard, card: Path) -> None:
    page = person.page
    person.go(person.town.example_url)
    page.keyboard.press("Tab")
    while "Continue" not in str(page.evaluate(NAME)):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/release/"))
    keys.press("Add this paper now Your identity")
    page.wait_for_url(re.compile("/papers/add"))
    keys.press(str(page.locator("a[href*='type=identity_card']").inner_text()))
    page.wait_for_url(re.compile("type=identity_card"))
    _attach(keys, page, card)
    page.wait_for_url(re.compile("/release/"))
    keys.press("Send these papers")
    page.get_by_role("heading", name="There is a problem").wait_for()
    page.locator(".govuk-error-summary a").focus()  # where the summary leads by itself, with JavaScript
    page.keyboard.press("Enter")
    page.locator("input[value=none]:focus").wait_for()
    page.keyboard.press("Space")  # the answer that there is none, since nothing was chosen
    assert page.locator("input[value=none]:checked").count() == 1
    keys.press("Send these papers")
    page.wait_for_url(f"{person.town.example_url}/enrolment")


def test_the_first_stop_leads_past_the_header(person: Person) -> None:
    page = person.go("/sign-in?lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to the content"
    assert page.locator(":focus").evaluate(ON_SCREEN)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("id") == "email"
